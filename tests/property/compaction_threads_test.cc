// A log that is written, read, compacted and freed of old files at once, by
// threads that know nothing of each other: no reader meets a record that is
// older than one it has seen of its key, or an error, and the last of each is
// there in the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cauce/read.h"
#include "engine/log/compaction.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/log_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;

constexpr int kKeys = 20;
constexpr int kBatches = 3000;

class CompactionThreads : public ::testing::TestWithParam<DiskKind> {
 protected:
  CompactionThreads() {
    TopicConfig& config = rig_.config();
    config.cleanup = {.remove = false, .compact = true};
    config.flush = FlushPolicy::kOs;
    config.min_cleanable_dirty_ratio = 0;
    config.segment_bytes = 2000;
    config.index_interval_bytes = 200;
    config.file_delete_delay = absl::ZeroDuration();
  }
  Log& log() { return rig_.log(); }

  // The value of a record is how many its key has had before.
  void Write(uint32_t seed, int batches) {
    std::mt19937 random(seed);
    for (int i = 0; i < batches; ++i) {
      std::vector<std::string> keys;
      std::vector<std::string> values;
      for (int r = 0; r < 3; ++r) {
        const int key = static_cast<int>(random() % kKeys);
        keys.push_back(fmt::format("{}", key));
        values.push_back(fmt::format("{}", ++counts_[key]));
      }
      std::vector<Record> records;
      for (size_t r = 0; r < keys.size(); ++r) {
        records.push_back(
            {.key = keys[r], .value = values[r], .timestamp = rig_.now()});
      }
      ASSERT_THAT(log().Append(test::BatchOf(records).view(), {}), IsOk());
    }
  }

  // The same in transactions, of which every third is aborted, and counts for
  // nothing.
  void WriteTransactions(uint32_t seed, int transactions) {
    std::mt19937 random(seed);
    test::TestProducer producer(7);
    for (int i = 0; i < transactions; ++i) {
      const bool commits = i % 3 != 0;
      for (int r = 0; r < 3; ++r) {
        const int key = static_cast<int>(random() % kKeys);
        const std::string name = fmt::format("{}", key);
        const std::string value =
            commits ? fmt::format("{}", ++counts_[key]) : "0";
        const auto batch = producer.KeyInTransaction(name, value, rig_.now());
        ASSERT_THAT(log().Append(batch.view(), {}), IsOk());
      }
      ASSERT_THAT(log().EndTransaction(
                      commits ? producer.Commit() : producer.Abort(), {}),
                  IsOk());
    }
  }

  void Compact() {
    // Once more behind the last record: by then there is something to do.
    for (bool is_last = false; !is_last;) {
      is_last = done_.load();
      ASSERT_THAT(log().Flush(), IsOk());
      auto pass = log().BeginCompaction(
          {.now = rig_.clock().Now(), .memory_bytes_max = 1 << 20});
      ASSERT_THAT(pass, IsOk());
      if (*pass == nullptr) {
        std::this_thread::yield();
        continue;
      }
      for (;;) {
        const auto over = (*pass)->Work(1000);
        ASSERT_THAT(over, IsOk());
        if (*over) break;
      }
      ASSERT_THAT((*pass)->damage(), IsOk());
      removed_ += (*pass)->totals().records_removed;
      ASSERT_THAT(log().EndCompaction(**pass), IsOk());
    }
  }

  void Unlink() {
    while (!done_.load()) {
      ASSERT_THAT(log().ApplyRetention(), IsOk());
      log().DropIdle();
      std::this_thread::yield();
    }
  }

  std::map<std::string, int> ReadOnce() {
    std::map<std::string, int> table;
    LogCursor cursor(rig_.shared_log(), Offset{0},
                     {.isolation = isolation_, .read_bytes = 1000});
    int64_t last = -1;
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return table;
      EXPECT_GT(record.offset.value, last);
      last = record.offset.value;
      const int count = std::stoi(std::string(*record.value));
      int& known = table[std::string(*record.key)];
      EXPECT_GT(count, known);
      known = count;
    }
  }

  void Read() {
    while (!done_.load()) {
      ReadOnce();
      const auto found = log().FindByTime(rig_.now());
      EXPECT_THAT(found, IsOk());
    }
  }

  // `write` beside all the others.
  void RunBeside(const std::function<void()>& write) {
    std::vector<std::thread> others;
    others.emplace_back([this] { Compact(); });
    others.emplace_back([this] { Unlink(); });
    others.emplace_back([this] { Read(); });
    others.emplace_back([this] { Read(); });
    write();
    done_ = true;
    for (std::thread& other : others) other.join();

    std::map<std::string, int> expected;
    for (const auto& [key, count] : counts_) {
      expected[fmt::format("{}", key)] = count;
    }
    EXPECT_EQ(ReadOnce(), expected);
    EXPECT_GT(removed_.load(), 0);
    ASSERT_THAT(rig_.KillAndReopen(), IsOk());
    EXPECT_EQ(ReadOnce(), expected);
  }
  int BatchesHere(int batches) const {
    return GetParam() == DiskKind::kMemory ? batches : batches / 10;
  }

  const test::Seed seed_;
  Isolation isolation_ = Isolation::kReadUncommitted;
  test::LogRig rig_{GetParam()};
  std::map<int, int> counts_;
  std::atomic<bool> done_ = false;
  std::atomic<int64_t> removed_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Disks, CompactionThreads,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(CompactionThreads, NoReaderSeesAnOlderRecordThanItHasSeen) {
  ASSERT_THAT(rig_.Open(), IsOk());
  RunBeside([this] { Write(seed_.value(), BatchesHere(kBatches)); });
}

TEST_P(CompactionThreads, NoReaderSeesWhatWasAborted) {
  isolation_ = Isolation::kReadCommitted;
  rig_.config().delete_retention = absl::ZeroDuration();
  ASSERT_THAT(rig_.Open(), IsOk());
  RunBeside([this] { WriteTransactions(seed_.value(), BatchesHere(600)); });
}

}  // namespace
}  // namespace cauce
