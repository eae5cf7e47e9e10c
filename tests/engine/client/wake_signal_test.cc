#include "engine/client/wake_signal.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "cauce/env.h"
#include "engine/base/event_descriptor.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

TEST(WakeSignal, EndsAWaitThatComesBehindIt) {
  WakeSignal signal(nullptr);
  signal.Raise();
  signal.Wait(*SystemClock(), absl::InfiniteDuration());
  signal.Clear();
  signal.Wait(*SystemClock(), absl::ZeroDuration());
}

TEST(WakeSignal, MissesNoMoveHoweverItMeetsAWait) {
  constexpr int kMoves = 20'000;
  const auto signal = std::make_shared<WakeSignal>(nullptr);
  MoveNote note(signal);
  std::atomic<int> moved = 0;
  std::thread mover([&] {
    for (int i = 0; i < kMoves; ++i) {
      ++moved;
      note.Moved();
    }
  });
  int seen = 0;
  while (seen < kMoves) {
    signal->Clear();
    if (note.Take()) {
      seen = moved;
      continue;
    }
    signal->Wait(*SystemClock(), absl::InfiniteDuration());
  }
  mover.join();
  EXPECT_EQ(seen, kMoves);
}

TEST(WakeSignal, LeavesNoDescriptorReadableThatIsClearedHoweverItWasRaised) {
  constexpr int kRounds = 500;
  auto event = EventDescriptor::Make();
  ASSERT_THAT(event, test::IsOk());
  WakeSignal signal(*std::move(event));
  pollfd readable{.fd = signal.descriptor(), .events = POLLIN, .revents = 0};
  std::atomic<int> begun = 0;
  std::atomic<int> raised = 0;
  int lit = 0;  // rounds behind which it is readable
  std::thread raiser([&] {
    for (int i = 1; i <= kRounds; ++i) {
      while (begun < i) std::this_thread::yield();
      signal.Raise();
      raised = i;
    }
  });
  for (int i = 1; i <= kRounds; ++i) {
    begun = i;
    while (raised < i) {
      signal.Clear();
      std::this_thread::yield();
    }
    signal.Clear();
    lit += poll(&readable, 1, /*timeout=*/0);
  }
  raiser.join();
  EXPECT_EQ(lit, 0);
}

// Stands still, and counts who looks at it.
class CountingClock final : public Clock {
 public:
  absl::Time Now() override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() override {
    ++looks_;
    return absl::ZeroDuration();
  }
  int looks() const { return looks_; }

 private:
  int looks_ = 0;
};

TEST(WakeSignal, LooksForNothingWithoutTimeToWait) {
  CountingClock clock;
  WakeSignal signal(nullptr);
  // A short wait, behind which it would look for a while.
  signal.Raise();
  signal.Wait(clock, absl::InfiniteDuration());
  signal.Clear();
  const int before = clock.looks();

  signal.Wait(clock, absl::ZeroDuration());

  EXPECT_EQ(clock.looks(), before);
}

TEST(MoveNote, IsTakenOnce) {
  MoveNote note(std::make_shared<WakeSignal>(nullptr));
  EXPECT_TRUE(note.Take());  // nobody has looked yet
  EXPECT_FALSE(note.Take());
  note.Moved();
  EXPECT_TRUE(note.Take());
  EXPECT_FALSE(note.Take());
}

}  // namespace
}  // namespace cauce
