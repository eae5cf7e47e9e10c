#include "tools/cli/opening_threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "absl/time/time.h"

namespace cauce::cli {
namespace {

TEST(OpeningThreads, AllWorkAtOnceWhileADirectoryIsOpened) {
  const int helpers = OpeningThreads::Count() - 1;
  std::latch meeting(helpers);
  std::latch done(helpers);
  OpeningThreads threads;
  for (int i = 0; i < helpers; ++i) {
    threads.Schedule([&] {
      meeting.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
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
