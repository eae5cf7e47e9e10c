#include "engine/log/log_waiters.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using test::StatusIs;

class LogWaitersTest : public ::testing::Test {
 protected:
  absl::StatusOr<bool> WaitFor(int wanted, absl::Duration until) {
    return waiters_.Wait(
        clock_, until,
        [&]() -> absl::StatusOr<bool> { return moved_ >= wanted; },
        [&] { return moved_ >= wanted; });
  }
  void Move() {
    ++moved_;
    waiters_.Wake();
  }

  test::SimClock clock_;
  LogWaiters waiters_;
  std::atomic<int> moved_ = 0;
};

TEST_F(LogWaitersTest, LooksBeforeTheyWait) {
  Move();
  EXPECT_THAT(WaitFor(1, absl::ZeroDuration()), IsOkAndHolds(true));
  EXPECT_THAT(WaitFor(2, absl::ZeroDuration()), IsOkAndHolds(false));
}

TEST_F(LogWaitersTest, ReturnWhatALookFailsWith) {
  const auto waited = waiters_.Wait(
      clock_, absl::InfiniteDuration(),
      []() -> absl::StatusOr<bool> { return absl::AbortedError("closed"); },
      [] { return false; });
  EXPECT_THAT(waited, StatusIs(absl::StatusCode::kAborted));
}

// Counts what it is told.
class Counter final : public PartitionWatcher {
 public:
  void Moved() override { ++moves; }
  std::atomic<int> moves = 0;
};

TEST_F(LogWaitersTest, MayWatchInPlaceOfWaiting) {
  const auto counter = std::make_shared<Counter>();
  Move();
  waiters_.Watch(counter);
  EXPECT_EQ(counter->moves, 0);

  Move();
  Move();
  EXPECT_EQ(counter->moves, 2);

  waiters_.Unwatch(*counter);
  waiters_.Unwatch(*counter);
  Move();
  EXPECT_EQ(counter->moves, 2);
}

TEST_F(LogWaitersTest, MissNoMoveHoweverItMeetsThem) {
  constexpr int kMoves = 2000;
  constexpr int kThreads = 3;
  std::latch begun(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      begun.count_down();
      for (int i = 1; i <= kMoves; ++i) {
        EXPECT_THAT(WaitFor(i, absl::InfiniteDuration()), IsOkAndHolds(true));
      }
    });
  }
  begun.wait();
  for (int i = 0; i < kMoves; ++i) Move();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cauce
