#include "tools/cli/opening_threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <latch>
#include <semaphore>
#include <thread>

#include "absl/time/time.h"
#include "engine/facade/open_logs.h"
#include "tests/testing/few_threads.h"

namespace cauce::cli {
namespace {

// For ever, but for a thread that is missing.
constexpr std::chrono::minutes kForEver{1};

TEST(OpeningThreads, AllWorkAtOnceWhileADirectoryIsOpened) {
  const int helpers =
      OpeningThreads::CountFor(std::thread::hardware_concurrency()) - 1;
  std::counting_semaphore<> met(0);
  std::counting_semaphore<> go(0);
  OpeningThreads threads;
  for (int i = 0; i < helpers; ++i) {
    threads.Schedule([&] {
      met.release();
      go.acquire();
    });
  }
  for (int i = 0; i < helpers; ++i) {
    EXPECT_TRUE(met.try_acquire_for(kForEver)) << i << " of " << helpers;
  }
  go.release(helpers);
}

TEST(OpeningThreads, AreNoMoreThanAnEngineHasWorkFor) {
  EXPECT_EQ(OpeningThreads::CountFor(0), 2);
  EXPECT_EQ(OpeningThreads::CountFor(1), 2);
  EXPECT_EQ(OpeningThreads::CountFor(5), 5);
  EXPECT_EQ(OpeningThreads::CountFor(128), OpenLogs::kRecoveriesMax);
}

TEST(OpeningThreads, AreNoneWhereTheSystemHasNoneLeft) {
  const test::LargeStacks stacks(size_t{1} << 50);
  OpeningThreads threads;
  EXPECT_EQ(threads.executor(), nullptr);
  threads.Opened();
}

TEST(OpeningThreads, AreOneOnceItIsOpen) {
  std::thread::id ids[3];
  std::latch done(3);
  OpeningThreads threads;
  threads.Opened();
  for (int i = 0; i < 2; ++i) {
    threads.Schedule([&, i] {
      ids[i] = std::this_thread::get_id();
      done.count_down();
    });
  }
  threads.ScheduleAfter(absl::ZeroDuration(), [&] {
    ids[2] = std::this_thread::get_id();
    done.count_down();
  });
  done.wait();
  EXPECT_NE(ids[0], std::this_thread::get_id());
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(ids[0], ids[2]);
}

}  // namespace
}  // namespace cauce::cli
