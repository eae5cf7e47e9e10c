#include "engine/base/fan_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;

// Runs tasks when it is told to.
class HeldBack final : public Executor {
 public:
  void Schedule(Task task) override { tasks_.push_back(std::move(task)); }
  void ScheduleAfter(absl::Duration, Task task) override {
    Schedule(std::move(task));
  }
  size_t waiting() const { return tasks_.size(); }
  void RunOne() {
    Task task = std::move(tasks_.front());
    tasks_.erase(tasks_.begin());
    std::move(task)();
  }

 private:
  std::vector<Task> tasks_;
};

std::vector<size_t> UpTo(size_t count) {
  std::vector<size_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST(FanOut, WithoutAnExecutorThePiecesFollowEachOther) {
  std::vector<size_t> done;
  EXPECT_THAT(FanOut(nullptr, 5, 3,
                     [&](size_t at) {
                       done.push_back(at);
                       return absl::OkStatus();
                     }),
              IsOk());
  EXPECT_EQ(done, UpTo(5));
}

TEST(FanOut, WaitsForNoHelperThatHasNotBegun) {
  HeldBack executor;
  std::vector<size_t> done;
  EXPECT_THAT(FanOut(&executor, 5, 3,
                     [&](size_t at) {
                       done.push_back(at);
                       return absl::OkStatus();
                     }),
              IsOk());
  EXPECT_EQ(done, UpTo(5));
  // They come late and find nothing to do.
  ASSERT_EQ(executor.waiting(), 2u);
  executor.RunOne();
  executor.RunOne();
  EXPECT_EQ(done, UpTo(5));
}

TEST(FanOut, AsksForNoMoreHelpersThanThereArePieces) {
  HeldBack executor;
  const auto nothing = [](size_t) { return absl::OkStatus(); };
  EXPECT_THAT(FanOut(&executor, 0, 8, nothing), IsOk());
  EXPECT_THAT(FanOut(&executor, 1, 8, nothing), IsOk());
  EXPECT_EQ(executor.waiting(), 0u);
  EXPECT_THAT(FanOut(&executor, 2, 8, nothing), IsOk());
  EXPECT_EQ(executor.waiting(), 1u);
}

TEST(FanOut, AHelperTakesWhatIsLeftWhileTheCallerIsBusy) {
  HeldBack executor;
  std::vector<size_t> begun;
  EXPECT_THAT(FanOut(&executor, 4, 2,
                     [&](size_t at) {
                       begun.push_back(at);
                       // As another thread would, in the middle of the first.
                       if (at == 0) executor.RunOne();
                       return absl::OkStatus();
                     }),
              IsOk());
  EXPECT_EQ(begun, UpTo(4));
}

TEST(FanOut, BeginsNothingBehindAFailure) {
  std::vector<size_t> begun;
  EXPECT_EQ(FanOut(nullptr, 5, 3,
                   [&](size_t at) {
                     begun.push_back(at);
                     return at == 2 ? absl::AbortedError("2")
                                    : absl::OkStatus();
                   }),
            absl::AbortedError("2"));
  EXPECT_THAT(begun, ElementsAre(0, 1, 2));
}

TEST(FanOut, ReturnsTheFailureOfTheLowestNumberWhicheverComesFirst) {
  HeldBack executor;
  std::vector<size_t> failed;
  EXPECT_EQ(FanOut(&executor, 4, 2,
                   [&](size_t at) -> absl::Status {
                     // The second fails while the first is under way.
                     if (at == 0) executor.RunOne();
                     failed.push_back(at);
                     return absl::AbortedError(at == 0 ? "first" : "second");
                   }),
            absl::AbortedError("first"));
  EXPECT_THAT(failed, ElementsAre(1, 0));
}

TEST(FanOut, ManyThreadsDoEachPieceOnce) {
  const auto pool = NewThreadPool(4);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::atomic<int>> done(200);
    EXPECT_THAT(FanOut(pool.get(), done.size(), 5,
                       [&](size_t at) {
                         ++done[at];
                         return absl::OkStatus();
                       }),
                IsOk());
    for (const auto& times : done) ASSERT_EQ(times, 1);
  }
}

TEST(FanOut, RunsSoManyAtOnceAndNoMore) {
  const auto pool = NewThreadPool(4);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::latch together(3);
  EXPECT_THAT(
      FanOut(pool.get(), 30, 3,
             [&](size_t at) {
               int now = ++running;
               int seen = most;
               while (now > seen && !most.compare_exchange_weak(seen, now)) {
               }
               // The first three cannot end but together.
               if (at < 3) together.arrive_and_wait();
               --running;
               return absl::OkStatus();
             }),
      IsOk());
  EXPECT_EQ(most, 3);
}

}  // namespace
}  // namespace cauce
