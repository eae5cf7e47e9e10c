#include "engine/facade/clock_jump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace cauce {
namespace {

constexpr absl::Time kWall = absl::FromUnixSeconds(1'700'000'000);
constexpr ClockReading kThen{kWall, absl::Seconds(5)};

ClockReading After(absl::Duration wall, absl::Duration monotonic) {
  return {kWall + wall, absl::Seconds(5) + monotonic};
}

TEST(ClockJump, IsNoneWhileBothClocksGoOnTogether) {
  for (const absl::Duration run :
       {absl::ZeroDuration(), absl::Hours(1), absl::Hours(24 * 3650)}) {
    EXPECT_EQ(FindClockJump(kThen, After(run, run)), std::nullopt);
    // As corrections of a clock are.
    EXPECT_EQ(FindClockJump(kThen, After(run + kClockJumpMin, run)),
              std::nullopt);
    EXPECT_EQ(FindClockJump(kThen, After(run - kClockJumpMin, run)),
              std::nullopt);
  }
}

TEST(ClockJump, TellsByHowMuchWallTimeRanAway) {
  const absl::Duration year = absl::Hours(24 * 365);
  EXPECT_EQ(FindClockJump(kThen, After(year + absl::Hours(2), absl::Hours(2))),
            year);
  EXPECT_EQ(FindClockJump(kThen, After(-year, absl::Hours(2))),
            -year - absl::Hours(2));
  EXPECT_EQ(
      FindClockJump(kThen, After(kClockJumpMin + absl::Milliseconds(1), {})),
      kClockJumpMin + absl::Milliseconds(1));
}

TEST(ClockJump, AClockThatStandsStillRunsBehind) {
  EXPECT_EQ(FindClockJump(kThen, After({}, absl::Hours(24))), std::nullopt);
  EXPECT_EQ(FindClockJump(kThen, After({}, absl::Hours(25))), -absl::Hours(25));
}

TEST(ClockJump, IsOverWhenTheClockIsSetRight) {
  ASSERT_NE(FindClockJump(kThen, After(absl::Hours(100), absl::Hours(1))),
            std::nullopt);
  EXPECT_EQ(FindClockJump(kThen, After(absl::Hours(2), absl::Hours(2))),
            std::nullopt);
}

TEST(ClockJump, WithoutItTheTimeThatPassedCounts) {
  EXPECT_EQ(WithoutClockJump(kThen, After(absl::Hours(2), absl::Hours(2))),
            absl::InfiniteFuture());
  for (const absl::Duration jump : {absl::Hours(100), -absl::Hours(100)}) {
    EXPECT_EQ(
        WithoutClockJump(kThen, After(absl::Hours(2) + jump, absl::Hours(2))),
        kThen.wall + absl::Hours(2));
  }
}

}  // namespace
}  // namespace cauce
