#include "engine/log/log_waiters.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "cauce/read.h"
#include "cauce/types.h"
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
        {[&]() -> absl::StatusOr<bool> { return moved_ >= wanted; },
         [&] { return moved_ >= wanted; }});
  }
  // The same for who reads what is decided.
  absl::StatusOr<bool> WaitForDecided(int64_t wanted, absl::Duration until) {
    return waiters_.Wait(
        clock_, until,
        {[&]() -> absl::StatusOr<bool> { return decided_ >= wanted; },
         [&] { return decided_ >= wanted; }, Isolation::kReadCommitted});
  }
  void Move() {
    ++moved_;
    Wake();
  }
  void Decide() {
    ++decided_;
    Wake();
  }
  void Wake() {
    waiters_.Wake([&]() -> std::optional<LogWaiters::Decided> {
      ++looks_;
      if (!is_known_) return std::nullopt;
      return LogWaiters::Decided{Offset{decided_}, Offset{decided_}, cuts_};
    });
  }

  test::SimClock clock_;
  LogWaiters waiters_;
  std::atomic<int> moved_ = 0;
  std::atomic<int64_t> decided_ = 0;
  std::atomic<int64_t> cuts_ = 0;
  bool is_known_ = true;
  int looks_ = 0;  // at what is decided
};

TEST_F(LogWaitersTest, LooksBeforeTheyWait) {
  Move();
  EXPECT_THAT(WaitFor(1, absl::ZeroDuration()), IsOkAndHolds(true));
  EXPECT_THAT(WaitFor(2, absl::ZeroDuration()), IsOkAndHolds(false));
}

TEST_F(LogWaitersTest, ReturnWhatALookFailsWith) {
  const auto waited = waiters_.Wait(
      clock_, absl::InfiniteDuration(),
      {[]() -> absl::StatusOr<bool> { return absl::AbortedError("closed"); },
       [] { return false; }});
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
  waiters_.Watch(counter, Isolation::kReadUncommitted);
  EXPECT_EQ(counter->moves, 0);

  Move();
  Move();
  EXPECT_EQ(counter->moves, 2);

  waiters_.Unwatch(*counter);
  waiters_.Unwatch(*counter);
  Move();
  EXPECT_EQ(counter->moves, 2);
}

TEST_F(LogWaitersTest, AreToldOfADecisionOnceItIsMade) {
  const auto all = std::make_shared<Counter>();
  const auto decided = std::make_shared<Counter>();
  waiters_.Watch(all, Isolation::kReadUncommitted);
  Move();
  EXPECT_EQ(looks_, 0);  // nobody waits for any
  waiters_.Watch(decided, Isolation::kReadCommitted);
  Decide();
  EXPECT_EQ(decided->moves, 1);

  for (int i = 0; i < 10; ++i) Move();
  EXPECT_EQ(all->moves, 12);
  EXPECT_EQ(decided->moves, 1);
  Decide();
  EXPECT_EQ(decided->moves, 2);

  // The same offset, of another record.
  ++cuts_;
  Move();
  EXPECT_EQ(decided->moves, 3);
  // Nobody can say.
  is_known_ = false;
  Move();
  Move();
  EXPECT_EQ(decided->moves, 5);

  waiters_.Unwatch(*decided);
  Decide();
  EXPECT_EQ(decided->moves, 5);
  EXPECT_EQ(all->moves, 17);
}

TEST_F(LogWaitersTest, MissNoDecisionHoweverItMeetsThem) {
  constexpr int64_t kDecisions = 2000;
  std::latch begun(2);
  std::thread waiter([&] {
    begun.count_down();
    for (int64_t i = 1; i <= kDecisions; ++i) {
      EXPECT_THAT(WaitForDecided(i, absl::InfiniteDuration()),
                  IsOkAndHolds(true));
    }
  });
  std::thread other([&] {
    begun.count_down();
    EXPECT_THAT(WaitFor(kDecisions, absl::InfiniteDuration()),
                IsOkAndHolds(true));
  });
  begun.wait();
  for (int64_t i = 0; i < kDecisions; ++i) {
    Move();
    Decide();
  }
  waiter.join();
  other.join();
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
