// Compaction, retention by size and by age, writers and readers of both kinds,
// all of one engine at once, until it is closed under all of them.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/test_producer.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr int kRounds = 4;
constexpr int kWritesBeforeTheEnd = 150;
constexpr int kKeys = 4;
constexpr std::string_view kAborted = "aborted";

Timestamp Now() { return Timestamp::From(SystemClock()->Now()); }

class EngineCompactionThreads : public ::testing::Test {
 protected:
  ~EngineCompactionThreads() override {
    table_.reset();
    quiet_.reset();
    engine_.reset();
    test::ExpectVerified(*memory_, "/data", test::Left::kWhole);
  }

  void Open() {
    auto opened = Engine::Open(
        "/data", {.file_system = memory_.get(),
                  .events = [this](Severity severity, std::string_view line) {
                    if (severity != Severity::kError) return;
                    ADD_FAILURE() << line;
                  }});
    ASSERT_THAT(opened, IsOk());
    engine_.emplace(*std::move(opened));
  }
  void CreateTopics() {
    // Many segments, of which passes and retention both take some.
    ASSERT_THAT(
        engine_->CreateTopic("table",
                             {.partitions = 1,
                              .configs = {{"cleanup.policy", "compact,delete"},
                                          {"internal.segment.bytes", "600"},
                                          {"min.cleanable.dirty.ratio", "0"},
                                          {"delete.retention.ms", "0"},
                                          {"retention.bytes", "1000"},
                                          {"retention.ms", "200"},
                                          {"file.delete.delay.ms", "0"}}}),
        IsOk());
    ASSERT_THAT(engine_->CreateTopic("quiet", {.partitions = 1}), IsOk());
  }
  void OpenPartitions() {
    auto table = engine_->OpenPartition("table", PartitionId{0});
    ASSERT_THAT(table, IsOk());
    table_.emplace(*std::move(table));
    // Dormant until a callback appends to it.
    auto quiet = engine_->OpenPartition("quiet", PartitionId{0});
    ASSERT_THAT(quiet, IsOk());
    quiet_.emplace(*std::move(quiet));
  }

  // Goes on until the engine is closed, and then calls `at_end`, where it is
  // given. What `act` fails with must be that, or what a deletion leads to.
  void Repeat(std::function<absl::Status()> act,
              std::function<void()> at_end = nullptr) {
    threads_.emplace_back([act = std::move(act), at_end = std::move(at_end)] {
      const absl::Cleanup ended = [&] {
        if (at_end) at_end();
      };
      for (;;) {
        const absl::Status done = act();
        const Reason reason = ReasonOf(done);
        if (reason == Reason::kClosed) return;
        const bool meant = done.ok() || reason == Reason::kOffsetOutOfRange;
        EXPECT_TRUE(meant) << done.ToString();
        if (!meant) return;
        std::this_thread::yield();
      }
    });
  }

  // The next value of one of this writer's keys: each counts on.
  absl::Status Write(int writer, int64_t count, std::mt19937& random) {
    const std::string key =
        fmt::format("{}-{}", writer, random() % uint32_t{kKeys});
    const std::string value = fmt::format("{}", count);
    const auto batch =
        test::BatchOf({{.key = key, .value = value, .timestamp = Now()}});
    if (random() % 2 == 0) return table_->Append(batch.view()).status();
    table_->AppendAsync(
        batch.view(), {},
        [this](const absl::StatusOr<AppendResult>& appended) {
          if (!appended.ok()) return;
          const Record record{.value = "told", .timestamp = Now()};
          const auto told = quiet_->Append({&record, 1}).status();
          EXPECT_TRUE(told.ok() || ReasonOf(told) == Reason::kClosed)
              << told.ToString();
        });
    // What it was called with is told to nobody: a later append tells.
    return absl::OkStatus();
  }

  // A transaction, of which every third is aborted.
  absl::Status WriteTransaction(int64_t count) {
    const bool commits = count % 3 != 0;
    const std::string value =
        commits ? fmt::format("{}", count) : std::string(kAborted);
    for (const std::string_view key : {"t-0", "t-1"}) {
      const auto batch = producer_->KeyInTransaction(key, value, Now());
      CAUCE_RETURN_IF_ERROR(table_->Append(batch.view()).status());
    }
    return table_
        ->EndTransaction(commits ? producer_->Commit() : producer_->Abort())
        .status();
  }

  // All of it: offsets grow, and so does what is written of each key.
  absl::Status Read(Isolation isolation) {
    Cursor cursor =
        table_->Read(table_->log_start(), {.isolation = isolation});
    std::map<std::string, int64_t, std::less<>> counts;
    Offset last{-1};
    RecordView record;
    for (;;) {
      CAUCE_ASSIGN_OR_RETURN(const bool is_there, cursor.Next(&record));
      if (!is_there) return absl::OkStatus();
      EXPECT_GT(record.offset, last);
      last = record.offset;
      if (record.value == kAborted) {
        EXPECT_EQ(isolation, Isolation::kReadUncommitted);
        continue;
      }
      const int64_t count = std::stoll(std::string(*record.value));
      int64_t& known = counts[std::string(*record.key)];
      EXPECT_GT(count, known) << *record.key;
      known = count;
    }
  }

  // Starts everybody, and returns when much has been written.
  void Begin(uint32_t seed, int round) {
    // What a close has left open holds readers and passes back.
    if (producer_) {
      ASSERT_THAT(table_->EndTransaction(producer_->Abort()), IsOk());
    }
    producer_.emplace(7 + round);
    auto many = std::make_shared<std::latch>(3 * kWritesBeforeTheEnd);
    for (int writer = 0; writer < 3; ++writer) {
      const auto left = std::make_shared<int>(kWritesBeforeTheEnd);
      const auto random =
          std::make_shared<std::mt19937>(seed + static_cast<uint32_t>(writer));
      Repeat(
          [this, many, left, random, writer] {
            const int64_t count = ++counts_[writer];
            const absl::Status done = writer == 2
                                          ? WriteTransaction(count)
                                          : Write(writer, count, *random);
            if (*left > 0) {
              --*left;
              many->count_down();
            }
            return done.ok() ? table_->Flush() : done;
          },
          // One that ends too early has failed the test; nobody waits for it.
          [many, left] { many->count_down(*left); });
    }
    for (int i = 0; i < 2; ++i) {
      Repeat([this] { return engine_->RunUpkeep(absl::InfiniteDuration()); });
    }
    Repeat([this] { return table_->Compact().status(); });
    Repeat([this] { return Read(Isolation::kReadUncommitted); });
    Repeat([this] { return Read(Isolation::kReadCommitted); });
    many->wait();
  }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  std::optional<Engine> engine_;
  std::optional<Partition> table_;
  std::optional<Partition> quiet_;
  std::optional<test::TestProducer> producer_;
  int64_t counts_[3] = {};  // each is one thread's
  std::vector<std::thread> threads_;
};

TEST_F(EngineCompactionThreads, ShowNothingWrongUntilTheEngineIsClosed) {
  const test::Seed seed;
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(CreateTopics());
  CompactionTotals totals;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(OpenPartitions());
    const Offset start_before = table_->log_start();
    ASSERT_NO_FATAL_FAILURE(
        Begin(seed.value() + static_cast<uint32_t>(100 * round), round));
    // Until then everybody goes on.
    while (table_->log_start() == start_before) std::this_thread::yield();
    totals += engine_->compaction().totals;
    EXPECT_THAT(engine_->Close(), IsOk());
    Join();
    const Offset start = table_->log_start(), end = table_->log_end();
    engine_.reset();

    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_NO_FATAL_FAILURE(OpenPartitions());
    EXPECT_EQ(table_->log_start(), start);
    EXPECT_EQ(table_->log_end(), end);
    EXPECT_THAT(Read(Isolation::kReadUncommitted), IsOk());
    EXPECT_THAT(Read(Isolation::kReadCommitted), IsOk());
  }
  EXPECT_GT(totals.records_removed, 0);
  EXPECT_THAT(engine_->Close(), IsOk());
}

}  // namespace
}  // namespace cauce
