// A load of more files than RocksDB lets overlap before it stops who writes.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "cauce/file_system.h"
#include "cauce/state_store.h"
#include "engine/base/mutex.h"
#include "engine/store/rocksdb_loader.h"
#include "engine/store/rocksdb_memory.h"
#include "engine/store/rocksdb_table.h"
#include "engine/store/rocksdb_threads.h"
#include "fmt/format.h"
#include "tests/engine/store/table_words.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

// Holds the one thread that may merge, for as long as it lives.
class NoMerges {
 public:
  explicit NoMerges(RocksDbThreads& threads) {
    threads.Merge({.run = [this] {
      MutexLock lock(mutex_);
      while (!over_) changed_.Wait(mutex_);
      done_ = true;
      changed_.NotifyAll();
    }});
  }
  ~NoMerges() {
    MutexLock lock(mutex_);
    over_ = true;
    changed_.NotifyAll();
    while (!done_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

class ManyRuns : public ::testing::Test {
 protected:
  std::shared_ptr<RocksDbTable> Open() {
    return RocksDbTable::Open({.spec = {.directory = scratch_ / "table"},
                               .files = *PosixFileSystem(),
                               .options = options_,
                               .memory = memory_,
                               .threads = threads_,
                               .closed = {}})
        .value();
  }

  // Runs of a file each, all over the same keys.
  static void Load(const std::shared_ptr<RocksDbTable>& table, int runs) {
    ASSERT_THAT(table->BeginLoading(), IsOk());
    RocksDbLoader loader(table);
    const std::string value(1000, 'x');
    for (int i = 0; i < runs * 64; ++i) {
      const std::string key = fmt::format("{:03}", i * 7 % 64);
      ASSERT_THAT(loader.Add(Put(key, value)), IsOk());
    }
    ASSERT_THAT(loader.Finish("loaded"), IsOk());
  }

  static int Property(const RocksDbTable& table, const std::string& name) {
    uint64_t value = 99;
    EXPECT_TRUE(table.db().GetIntProperty(table.data(), name, &value));
    return static_cast<int>(value);
  }
  static void ExpectWritersDoNotWait(const RocksDbTable& table) {
    using Properties = rocksdb::DB::Properties;
    EXPECT_EQ(Property(table, Properties::kIsWriteStopped), 0);
    EXPECT_EQ(Property(table, Properties::kActualDelayedWriteRate), 0);
  }

  const TempDir scratch_;
  const RocksDbOptions options_ = {
      .memory_max = 1 << 20, .load_bytes_max = 1 << 16, .threads = 2};
  const std::shared_ptr<RocksDbMemory> memory_ =
      std::make_shared<RocksDbMemory>(options_);
  const std::shared_ptr<RocksDbThreads> threads_ =
      std::make_shared<RocksDbThreads>(2);
};

TEST_F(ManyRuns, MakeNobodyWaitWhoWrites) {
  const NoMerges held(*threads_);
  {
    const auto table = Open();
    Load(table, 60);
    std::string files;
    ASSERT_TRUE(table->db().GetProperty(
        table->data(), "rocksdb.num-files-at-level0", &files));
    ASSERT_GT(std::stoi(files), 36);

    ExpectWritersDoNotWait(*table);
    ASSERT_FALSE(HasFailure()) << "the write would wait for ever";
    const std::vector<StateChange> changes = {Put("a", "1")};
    EXPECT_THAT(table->Write({.changes = changes, .mark = "1"}), IsOk());
    EXPECT_THAT(table->Close(), IsOk());
  }

  // Nor when it is opened again before they are merged.
  const auto table = Open();

  ExpectWritersDoNotWait(*table);
  EXPECT_EQ(table->mark(), "1");
}

}  // namespace
}  // namespace cauce::test
