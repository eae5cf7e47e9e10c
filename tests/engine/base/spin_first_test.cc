#include "engine/base/spin_first.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

// How often a wait that begins now looks before it sleeps, if nothing comes.
int LooksOf(SpinFirst& spin, Clock& clock) {
  int looks = 0;
  EXPECT_FALSE(spin.Spin(clock, clock.Monotonic(), [&looks] {
    ++looks;
    return false;
  }));
  return looks;
}

TEST(SpinFirst, SleepsAtOnceUntilAWaitWasShort) {
  test::SimClock clock;
  SpinFirst spin;
  EXPECT_EQ(LooksOf(spin, clock), 0);

  spin.Took(SpinFirst::kSpinMax);
  // With one processor nothing comes while it is spun on.
  const bool looks = std::thread::hardware_concurrency() > 1;
  EXPECT_EQ(LooksOf(spin, clock) > 0, looks);

  spin.Took(SpinFirst::kSpinMax + absl::Nanoseconds(1));
  EXPECT_EQ(LooksOf(spin, clock), 0);
}

TEST(SpinFirst, EndsWhereTimePassesAndWhereItStandsStill) {
  test::SimClock clock;
  SpinFirst spin;
  spin.Took(absl::ZeroDuration());
  const int at_most = LooksOf(spin, clock);

  int looks = 0;
  const absl::Duration begun = clock.Monotonic();
  EXPECT_FALSE(spin.Spin(clock, begun, [&] {
    ++looks;
    clock.Advance(SpinFirst::kSpinMax);
    return false;
  }));
  EXPECT_LE(looks, at_most);
}

TEST(SpinFirst, SeesWhatComesMeanwhile) {
  test::SimClock clock;
  SpinFirst spin;
  spin.Took(absl::ZeroDuration());
  if (LooksOf(spin, clock) == 0) GTEST_SKIP() << "one processor";

  int looks = 0;
  EXPECT_TRUE(
      spin.Spin(clock, clock.Monotonic(), [&looks] { return ++looks == 3; }));
  EXPECT_EQ(looks, 3);
}

}  // namespace
}  // namespace cauce
