// A data directory that a broker of Apache Kafka has written, which was stopped
// in order or killed, is read here as Kafka's own consumer read it, to the
// byte, and nothing of it goes before its configs are given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "tests/interop/broker.h"
#include "tests/interop/kafka_test.h"
#include "tests/interop/partition_files.h"
#include "tests/interop/retried_batches.h"
#include "tests/interop/same_reading.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::FileBytes;
using test::FilesBelow;
using test::IsOk;
using ::testing::ElementsAreArray;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class End { kStopped, kKilled };

std::string_view NameOf(End end) {
  return end == End::kStopped ? "Stopped" : "Killed";
}

// What a broker left behind, and what its clients saw before that.
struct Left {
  test::TempDir scratch;
  std::string directory = scratch / "kafka";
  std::vector<std::string> topics;
  std::string printed;    // by ReadTopics
  std::string committed;  // by a consumer of what is committed
};

class BrokerDirectory : public test::KafkaTest,
                        public ::testing::WithParamInterface<End> {
 protected:
  void SetUp() override {
    KafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // One for each way to end, for all tests.
    static auto& all = *new std::map<End, std::unique_ptr<Left>>();
    auto& left = all[GetParam()];
    if (left == nullptr) Write(left);
    left_ = left.get();
    ASSERT_NE(left_, nullptr);
    std::filesystem::copy(left_->directory, directory_,
                          std::filesystem::copy_options::recursive);
  }

  const Left& left() const { return *left_; }
  const std::string& directory() const { return directory_; }

  // Warnings and errors are failures.
  Engine Open(Access access) {
    auto engine = Engine::Open(
        directory_, {.access = access,
                     .clock = &clock_,
                     .events = [](Severity severity, std::string_view line) {
                       if (severity != Severity::kInfo) {
                         ADD_FAILURE() << "told: " << line;
                       }
                     }});
    EXPECT_THAT(engine, IsOk());
    return *std::move(engine);
  }

  void ExpectVerified(test::Left left) {
    test::ExpectVerified(*PosixFileSystem(), directory_, left);
  }

  // What Kafka's consumer gets.
  std::string Read(const test::Broker& broker,
                   const std::vector<std::string>& topics,
                   Isolation isolation) {
    std::vector<std::string> arguments = {broker.address(),
                                          test::IsolationName(isolation)};
    arguments.insert(arguments.end(), topics.begin(), topics.end());
    auto read = programs().Run("ReadTopics", arguments);
    EXPECT_EQ(read.exit, 0) << read.err;
    return std::move(read.out);
  }

  test::SimClock clock_;

 private:
  void Write(std::unique_ptr<Left>& left) {
    auto made = std::make_unique<Left>();
    auto broker =
        test::Broker::Start(programs(), made->directory, made->scratch / "log");
    ASSERT_THAT(broker, IsOk());
    const auto written =
        programs().Run("WriteTopics", {(*broker)->address(), made->directory});
    ASSERT_EQ(written.exit, 0) << written.err;
    std::istringstream names(written.out);
    for (std::string name; names >> name;) made->topics.push_back(name);
    made->printed = Read(**broker, made->topics, Isolation::kReadUncommitted);
    made->committed = Read(**broker, made->topics, Isolation::kReadCommitted);
    if (GetParam() == End::kStopped) {
      ASSERT_THAT((*broker)->Stop(), IsOk());
    } else {
      (*broker)->Kill();
    }
    left = std::move(made);
  }

  const Left* left_ = nullptr;
  const std::string directory_ = scratch_ / "kafka";
};

// Those files whose names end so.
FileBytes Only(const FileBytes& files, std::string_view end) {
  FileBytes kept;
  for (const auto& [path, bytes] : files) {
    if (path.ends_with(end)) kept[path] = bytes;
  }
  return kept;
}

// What `files` hold of each partition, but what upkeep saves for itself.
FileBytes PartitionFiles(FileBytes files) {
  std::erase_if(files, [](const auto& file) {
    return file.first.find('/') == std::string::npos;
  });
  return files;
}

constexpr std::string_view kStatePartition = "__transaction_state-0";
// Where the transaction that was left open is ended once its time is up, so
// that readers of what is committed get past it: by a marker, and by what its
// coordinator notes.
constexpr std::string_view kAbortedBehindItsTime[] = {kStatePartition,
                                                      "transactions-0"};

FileBytes Without(FileBytes files,
                  std::span<const std::string_view> partitions) {
  std::erase_if(files, [&](const auto& file) {
    return std::ranges::any_of(partitions, [&](std::string_view partition) {
      return file.first.starts_with(std::string(partition) + "/");
    });
  });
  return files;
}

// Whatever stood in each of `before` still does.
void ExpectOnlyAppended(const FileBytes& before, const FileBytes& after) {
  for (const auto& [path, bytes] : before) {
    const auto found = after.find(path);
    ASSERT_NE(found, after.end()) << path;
    EXPECT_TRUE(found->second.starts_with(bytes)) << path;
  }
}

// So that the others mean something.
TEST_P(BrokerDirectory, HoldsBatchesOfAllKinds) {
  const FileBytes files = FilesBelow(left().directory);
  std::set<Codec> codecs;
  std::map<std::string, int> seen;
  for (const std::string& topic : left().topics) {
    const auto batches = test::RawBatches(files, topic + "-0");
    Offset next{0};
    for (const std::string& bytes : batches) {
      const auto batch = RecordBatch::Parse(bytes);
      ASSERT_THAT(batch, IsOk());
      codecs.insert(batch->codec());
      seen["gap in " + topic] += batch->base_offset() > next;
      seen["none in " + topic] += batch->record_count() == 0;
      seen["marker in " + topic] += batch->is_control();
      seen["horizon in " + topic] += batch->has_delete_horizon();
      const auto records = test::ReadAll(*batch);
      ASSERT_THAT(records, IsOk());
      for (const test::OwnedRecord& record : *records) {
        seen["tombstone in " + topic] += !record.value && !batch->is_control();
      }
      seen["transactional"] += batch->is_transactional();
      seen["no producer"] += batch->producer_id() == ProducerId{-1};
      seen["append time"] +=
          batch->timestamp_type() == TimestampType::kLogAppendTime;
      next = batch->next_offset();
    }
  }

  EXPECT_THAT(codecs, SizeIs(kCodecs));
  for (const char* const kind :
       {"gap in compacted", "none in compacted", "marker in transactions",
        "horizon in compacted", "tombstone in compacted", "transactional",
        "no producer", "append time"}) {
    EXPECT_THAT(seen[kind], Gt(0)) << kind;
  }
  for (const char* const end : {".txnindex", ".snapshot", ".log.deleted"}) {
    EXPECT_THAT(Only(files, end), Not(IsEmpty())) << end;
  }
  EXPECT_THAT(left().topics, SizeIs(8));
}

TEST_P(BrokerDirectory, HasNothingToVerify) {
  ExpectVerified(GetParam() == End::kStopped ? test::Left::kWhole
                                             : test::Left::kKilled);
}

TEST_P(BrokerDirectory, ReadsAsKafkasConsumerReadsIt) {
  Engine engine = Open(Access::kReadWrite);

  EXPECT_THAT(test::ExpectSameReading(engine, left().printed),
              ElementsAreArray(left().topics));

  EXPECT_THAT(engine.Close(), IsOk());
  ExpectVerified(test::Left::kWhole);
}

TEST_P(BrokerDirectory, ReadsWhatIsCommittedAsKafkasConsumerDoes) {
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    Engine engine = Open(access);

    EXPECT_THAT(test::ExpectSameReading(engine, left().committed,
                                        Isolation::kReadCommitted),
                ElementsAreArray(left().topics));

    EXPECT_THAT(engine.Close(), IsOk());
  }
  EXPECT_LT(left().committed.size(), left().printed.size());
}

TEST_P(BrokerDirectory, KnowsTheProducersOfTheBroker) {
  Engine engine = Open(Access::kReadWrite);
  std::map<std::string, size_t> producers;
  for (const std::string& topic : left().topics) {
    SCOPED_TRACE(topic);
    auto partition = engine.OpenPartition(topic, PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    producers[topic] = test::ExpectRetriesAnswered(*partition);
  }

  EXPECT_EQ(producers["codecs"], kCodecs);
  EXPECT_EQ(producers["transactions"], 3u);
  EXPECT_THAT(engine.Close(), IsOk());
}

TEST_P(BrokerDirectory, IsReadWithoutAByteBeingWritten) {
  const FileBytes before = FilesBelow(directory());
  Engine engine = Open(Access::kReadOnly);

  EXPECT_THAT(test::ExpectSameReading(engine, left().printed),
              ElementsAreArray(left().topics));

  EXPECT_THAT(engine.Close(), IsOk());
  EXPECT_EQ(FilesBelow(directory()), before);
}

TEST_P(BrokerDirectory, KeepsEveryBatchAsItIs) {
  const FileBytes before = FilesBelow(directory());
  Engine engine = Open(Access::kReadWrite);

  for (const std::string& topic : left().topics) {
    SCOPED_TRACE(topic);
    const auto partition = engine.OpenPartition(topic, PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    Cursor cursor = partition->Read(partition->log_start());
    for (const std::string& bytes : test::RawBatches(before, topic + "-0")) {
      const auto shall = RecordBatch::Parse(bytes);
      ASSERT_THAT(shall, IsOk());
      if (shall->next_offset() <= partition->log_start()) continue;
      RecordBatch batch;
      ASSERT_THAT(cursor.NextBatch(&batch), test::IsOkAndHolds(true));
      ASSERT_EQ(batch.bytes(), bytes);
    }
    RecordBatch none;
    EXPECT_THAT(cursor.NextBatch(&none), test::IsOkAndHolds(false));
  }
  EXPECT_THAT(engine.Close(), IsOk());

  EXPECT_EQ(Only(FilesBelow(directory()), ".log"), Only(before, ".log"));
}

TEST_P(BrokerDirectory, LosesNothingBeforeItsConfigsAreGiven) {
  const FileBytes left_there = FilesBelow(directory());
  Engine engine = Open(Access::kReadWrite);
  for (const std::string& topic : left().topics) {
    ASSERT_THAT(engine.OpenPartition(topic, PartitionId{0}), IsOk());
  }
  ASSERT_THAT(engine.RunUpkeep(), IsOk());
  const FileBytes before = PartitionFiles(FilesBelow(directory()));
  // What the first round saves for itself is no record.
  ExpectOnlyAppended(Only(left_there, ".log"), Only(before, ".log"));

  clock_.Advance(absl::Hours(24 * 365 * 50));
  ASSERT_THAT(engine.RunUpkeep(), IsOk());
  ASSERT_THAT(engine.RunUpkeep(), IsOk());

  const FileBytes after = PartitionFiles(FilesBelow(directory()));
  EXPECT_EQ(Without(after, kAbortedBehindItsTime),
            Without(before, kAbortedBehindItsTime));
  ExpectOnlyAppended(Only(before, ".log"), Only(after, ".log"));
  // No transactional id went: that would be a tombstone.
  for (const std::string& bytes :
       test::RawBatches(after, std::string(kStatePartition))) {
    const auto batch = RecordBatch::Parse(bytes);
    ASSERT_THAT(batch, IsOk());
    const auto records = test::ReadAll(*batch);
    ASSERT_THAT(records, IsOk());
    for (const test::OwnedRecord& record : *records) {
      EXPECT_TRUE(record.value) << "at offset " << record.offset;
    }
  }

  // With them it goes as they say, and the others stay.
  ASSERT_THAT(engine.AlterTopic("codecs", {{"retention.ms", "1000"}}), IsOk());
  clock_.Advance(absl::Hours(1));
  ASSERT_THAT(engine.RunUpkeep(), IsOk());
  const auto partition = engine.OpenPartition("codecs", PartitionId{0});
  ASSERT_THAT(partition, IsOk());
  EXPECT_THAT(partition->log_start(), Gt(Offset{0}));
  EXPECT_THAT(engine.Close(), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Ends, BrokerDirectory,
                         ::testing::Values(End::kStopped, End::kKilled),
                         [](const auto& info) {
                           return std::string(NameOf(info.param));
                         });

}  // namespace
}  // namespace cauce
