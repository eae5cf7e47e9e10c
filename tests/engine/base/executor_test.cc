#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <limits>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "tests/testing/few_threads.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;

TEST(ThreadPool, RunsEveryTaskOnce) {
  constexpr int kTasks = 10'000;
  std::vector<std::atomic<int>> runs(kTasks);
  std::latch done(kTasks);
  const auto pool = NewThreadPool(4);
  for (int i = 0; i < kTasks; ++i) {
    pool->Schedule([&runs, &done, i] {
      ++runs[i];
      done.count_down();
    });
  }
  done.wait();
  for (const std::atomic<int>& count : runs) ASSERT_EQ(count, 1);
}

TEST(ThreadPool, RunsTasksOnAnotherThread) {
  std::latch done(2);
  std::thread::id soon;
  std::thread::id later;
  const auto pool = NewThreadPool(1);
  pool->Schedule([&] {
    soon = std::this_thread::get_id();
    done.count_down();
  });
  pool->ScheduleAfter(absl::ZeroDuration(), [&] {
    later = std::this_thread::get_id();
    done.count_down();
  });
  done.wait();
  EXPECT_NE(soon, std::this_thread::get_id());
  EXPECT_EQ(soon, later);
}

TEST(ThreadPool, HasOneThreadAtLeast) {
  std::latch done(1);
  const auto pool = NewThreadPool(0);
  pool->Schedule([&done] { done.count_down(); });
  done.wait();
}

// So many could not be made.
TEST(ThreadPool, HasNoMoreThreadsThanItMay) {
  std::latch done(1);
  const auto pool = NewThreadPool(std::numeric_limits<int>::max());
  pool->Schedule([&done] { done.count_down(); });
  done.wait();
}

TEST(ThreadPool, IsNoneWhereTheSystemHasNoThreadLeft) {
  {
    // More than there are addresses.
    const test::LargeStacks stacks(size_t{1} << 50);
    EXPECT_EQ(NewThreadPool(4), nullptr);
  }
  EXPECT_NE(NewThreadPool(4), nullptr);
}

TEST(ThreadPool, IsOfFewerThreadsWhereTheSystemHasNoMore) {
  constexpr size_t kStack = size_t{256} << 20;
  const test::LargeStacks stacks(kStack);
  // Between three and four of them.
  const test::FewAddresses addresses(3 * kStack + kStack * 3 / 4);
  const auto pool = NewThreadPool(8);
  ASSERT_NE(pool, nullptr);
  EXPECT_EQ(NewThreadPool(1), nullptr);
  std::latch done(1);
  pool->Schedule([&done] { done.count_down(); });
  done.wait();
}

TEST(ThreadPool, PassesOverAnEmptyTask) {
  std::latch done(1);
  const auto pool = NewThreadPool(1);
  pool->Schedule(nullptr);
  pool->ScheduleAfter(absl::ZeroDuration(), nullptr);
  pool->ScheduleAfter(-absl::InfiniteDuration(), nullptr);
  pool->ScheduleAfter(absl::InfiniteDuration(), [] { FAIL(); });
  pool->Schedule([&done] { done.count_down(); });
  done.wait();
}

TEST(ThreadPool, RunsAsManyTasksAtATimeAsItHasThreads) {
  std::latch together(3);
  std::latch done(3);
  const auto pool = NewThreadPool(3);
  for (int i = 0; i < 3; ++i) {
    pool->Schedule([&] {
      together.arrive_and_wait();  // no one leaves before all are there
      done.count_down();
    });
  }
  done.wait();
}

TEST(ThreadPool, RunsTasksInOrderOnOneThread) {
  std::vector<int> order;
  std::latch done(1);
  const auto pool = NewThreadPool(1);
  for (int i = 0; i < 3; ++i)
    pool->Schedule([&order, i] { order.push_back(i); });
  pool->Schedule([&done] { done.count_down(); });
  done.wait();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST(ThreadPool, WaitsForTheDelayAtLeast) {
  std::latch done(1);
  absl::Duration ran;
  const absl::Duration asked = SystemClock()->Monotonic();
  const auto pool = NewThreadPool(2);
  pool->ScheduleAfter(absl::Milliseconds(3), [&] {
    ran = SystemClock()->Monotonic();
    done.count_down();
  });
  done.wait();
  EXPECT_GE(ran - asked, absl::Milliseconds(3));
}

TEST(ThreadPool, RunsWhatIsDueFirstWhateverTheOrderOfAsking) {
  std::latch done(1);
  std::atomic<bool> late_ran = false;
  const auto pool = NewThreadPool(1);
  pool->ScheduleAfter(absl::Hours(1), [&late_ran] { late_ran = true; });
  pool->ScheduleAfter(absl::Milliseconds(1), [&done] { done.count_down(); });
  done.wait();
  EXPECT_FALSE(late_ran);
}

TEST(ThreadPool, TakesAnyDelay) {
  std::latch done(2);
  const auto pool = NewThreadPool(2);
  pool->ScheduleAfter(absl::InfiniteDuration(), [] { FAIL() << "too early"; });
  pool->ScheduleAfter(-absl::InfiniteDuration(),
                      [&done] { done.count_down(); });
  pool->ScheduleAfter(-absl::Seconds(1), [&done] { done.count_down(); });
  done.wait();
}

TEST(ThreadPool, FindsAThreadThoughTheOthersAreBusyOrWaitForALaterTask) {
  std::latch opened(1);
  std::latch done(2);
  const auto pool = NewThreadPool(2);
  pool->ScheduleAfter(absl::Hours(1), [] {});
  pool->Schedule([&] {
    opened.wait();
    done.count_down();
  });
  pool->ScheduleAfter(absl::Microseconds(10), [&] {
    opened.count_down();
    done.count_down();
  });
  done.wait();
}

TEST(ThreadPool, LetsATaskScheduleTheNext) {
  std::latch done(1);
  int left = 1000;
  const auto pool = NewThreadPool(2);
  std::function<void()> step = [&] {
    if (--left == 0) {
      done.count_down();
    } else if (left % 2 == 0) {
      pool->Schedule(step);
    } else {
      pool->ScheduleAfter(absl::ZeroDuration(), step);
    }
  };
  pool->Schedule(step);
  done.wait();
  EXPECT_EQ(left, 0);
}

TEST(ThreadPool, DropsWhatHasNotBegunBeforeItJoins) {
  std::latch dropped(2);
  bool ran = false;
  {
    const auto pool = NewThreadPool(1);
    std::latch begun(1);
    pool->Schedule([&] {
      begun.count_down();
      dropped.wait();  // ends only once the two below are gone
    });
    begun.wait();
    const auto drop = [&dropped] { dropped.count_down(); };
    pool->Schedule([&ran, kept = absl::MakeCleanup(drop)] { ran = true; });
    pool->ScheduleAfter(absl::ZeroDuration(),
                        [&ran, kept = absl::MakeCleanup(drop)] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

TEST(ThreadPool, DropsWhatIsScheduledWhileItStops) {
  bool ran = false;
  {
    std::unique_ptr<Executor> pool = NewThreadPool(1);
    Executor* const borrowed = pool.get();
    std::latch begun(1);
    auto stopping = std::make_shared<std::latch>(1);
    pool->Schedule([&, stopping] {
      begun.count_down();
      stopping->wait();
      borrowed->Schedule([&ran] { ran = true; });
      borrowed->ScheduleAfter(absl::ZeroDuration(), [&ran] { ran = true; });
    });
    begun.wait();
    // Dropped by the destructor: which is when the first task goes on.
    pool->ScheduleAfter(
        absl::Hours(1),
        [kept = absl::MakeCleanup([stopping] { stopping->count_down(); })] {});
  }
  EXPECT_FALSE(ran);
}

// Every task is run, or destroyed by the pool's end, whatever the mixture.
TEST(ThreadPool, LosesNoTask) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < 50; ++round) {
    const auto token = std::make_shared<int>(0);
    const int tasks = static_cast<int>(random() % 200);
    std::atomic<int> ran = 0;
    std::latch due(tasks);
    {
      const auto pool = NewThreadPool(1 + static_cast<int>(random() % 3));
      for (int i = 0; i < tasks; ++i) {
        const auto task = [token, &ran, &due] {
          ++ran;
          due.count_down();
        };
        switch (random() % 3) {
          case 0:
            pool->Schedule(task);
            break;
          case 1:
            pool->ScheduleAfter(absl::Microseconds(random() % 200), task);
            break;
          default:
            pool->ScheduleAfter(absl::Hours(1), [token] {});
            due.count_down();
            ++ran;
        }
      }
      due.wait();
    }
    ASSERT_EQ(ran, tasks);
    ASSERT_EQ(token.use_count(), 1);
  }
}

}  // namespace
}  // namespace cauce
