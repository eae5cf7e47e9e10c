#include "engine/store/rocksdb_threads.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "fmt/format.h"
#include "tests/engine/store/opened_table.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

TEST(RocksDbThreads, BeginWithTheFirstTableAndEndWithTheLast) {
  const TempDir scratch;
  const int before = Threads();
  const auto backend = Backend({.memory_max = 1 << 20, .threads = 3});
  EXPECT_EQ(Threads(), before);

  for (int round = 0; round < 2; ++round) {
    auto first = Open(*backend, scratch / "first");
    const auto second = Open(*backend, scratch / "second");
    EXPECT_EQ(Threads(), before + 3 + 1) << "and one for RocksDB's timers";
    const std::string value(100'000, 'x');
    for (int i = 0; i < 50; ++i) {
      const std::string key = fmt::format("{}", i);
      const std::vector<StateChange> changes = {Put(key, value)};
      ASSERT_THAT(first->Write({.changes = changes}), IsOk());
    }
    first.reset();
    EXPECT_GT(Threads(), before);
    EXPECT_THAT(second->Close(), IsOk());
    EXPECT_EQ(Threads(), before);
  }
}

// Jobs that wait until they are told to go on.
class Gate {
 public:
  void Pass() {
    MutexLock lock(mutex_);
    ++arrived_;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(mutex_);
  }
  void AwaitArrivals(int arrivals) {
    MutexLock lock(mutex_);
    while (arrived_ < arrivals) changed_.Wait(mutex_);
  }
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST(RocksDbThreads, LeaveOneToFlushesWhileTheyMerge) {
  Gate merges;
  Gate flush;
  RocksDbThreads threads(3);
  ASSERT_EQ(threads.merges_max(), 2);

  for (int i = 0; i < 4; ++i) threads.Merge({.run = [&] { merges.Pass(); }});
  merges.AwaitArrivals(2);
  flush.Open();
  threads.Flush({.run = [&] { flush.Pass(); }});
  flush.AwaitArrivals(1);

  // And those that waited run as well.
  merges.Open();
  merges.AwaitArrivals(4);
}

TEST(RocksDbThreads, DropWhatWaitsWithATag) {
  Gate gate;
  int dropped = 0;
  const char tag = 't';
  RocksDbThreads threads(1);
  threads.Merge({.run = [&] { gate.Pass(); }});
  gate.AwaitArrivals(1);
  bool ran = false;
  for (int i = 0; i < 2; ++i) {
    threads.Merge({.run = [&] { ran = true; },
                   .drop = [&] { ++dropped; },
                   .tag = &tag});
  }

  EXPECT_EQ(threads.DropFlushes(&tag), 0);
  EXPECT_EQ(threads.DropMerges(&tag), 2);

  gate.Open();
  EXPECT_EQ(dropped, 2);
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace cauce::test
