#include "cauce/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> ReadValues(const Partition& partition) {
  std::vector<std::string> values;
  Cursor cursor = partition.Read(partition.log_start());
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    EXPECT_THAT(more, test::IsOk());
    if (!more.ok() || !*more) return values;
    values.emplace_back(record.value.value_or("(null)"));
  }
}

absl::StatusOr<AppendResult> AppendValue(Partition& partition,
                                         std::string_view value) {
  const Record record{.key = "k", .value = value};
  return partition.Append({&record, 1});
}

std::vector<std::string> NamesOf(const std::vector<TopicDescription>& topics) {
  std::vector<std::string> names;
  for (const TopicDescription& topic : topics) names.push_back(topic.name);
  return names;
}

enum class Place { kDisk, kMemory };

// The same facts for a directory on the disk and one that a file system in
// memory holds. The file system outlives its engines, so that they reopen it.
class EngineOn : public ::testing::TestWithParam<Place> {
 protected:
  void TearDown() override { ExpectVerified(files(), Root(), leaves_); }

  absl::StatusOr<Engine> Open(EngineOptions options = {}) {
    if (GetParam() == Place::kMemory) {
      options.file_system = memory_.get();
      return Engine::Open("/data", options);
    }
    options.events = [](Severity, std::string_view) {};
    return Engine::Open(disk_ / "data", options);
  }

  std::string Root() const {
    return GetParam() == Place::kMemory ? "/data" : disk_ / "data";
  }
  std::string PathOf(std::string_view name) const {
    return Root() + "/" + std::string(name);
  }
  FileSystem& files() {
    return GetParam() == Place::kMemory ? *memory_ : *PosixFileSystem();
  }

  test::TempDir disk_;
  std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::Left leaves_ = test::Left::kWhole;
};

INSTANTIATE_TEST_SUITE_P(Places, EngineOn,
                         ::testing::Values(Place::kDisk, Place::kMemory),
                         [](const auto& place) {
                           return place.param == Place::kDisk ? "PosixDisk"
                                                              : "Memory";
                         });

TEST_P(EngineOn, FindsItsTopicsAndRecordsAgain) {
  {
    auto engine = Open();
    ASSERT_THAT(engine, test::IsOk());
    ASSERT_THAT(engine->CreateTopic("orders", {.partitions = 2}), test::IsOk());
    auto orders = engine->OpenPartition("orders", PartitionId{1});
    ASSERT_THAT(orders, test::IsOk());
    ASSERT_THAT(AppendValue(*orders, "first"), test::IsOk());
    ASSERT_THAT(AppendValue(*orders, "second"), test::IsOk());
    ASSERT_THAT(engine->Close(), test::IsOk());
  }

  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  const auto topic = engine->DescribeTopic("orders");
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_EQ(topic->partitions, 2);
  EXPECT_FALSE(topic->id.is_zero());
  auto orders = engine->OpenPartition("orders", PartitionId{1});
  ASSERT_THAT(orders, test::IsOk());
  EXPECT_THAT(ReadValues(*orders), ElementsAre("first", "second"));
  const auto appended = AppendValue(*orders, "third");
  ASSERT_THAT(appended, test::IsOk());
  EXPECT_EQ(appended->base, Offset{2});
}

TEST_P(EngineOn, ASecondWriterIsRefusedAndTheFirstOneNamed) {
  auto first = Open();
  ASSERT_THAT(first, test::IsOk());

  const auto second = Open();
  EXPECT_THAT(second, test::HasReason(Reason::kLocked));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("pid "));

  ASSERT_THAT(first->Close(), test::IsOk());
  EXPECT_THAT(Open(), test::IsOk());
}

TEST_P(EngineOn, AReaderFollowsWhatAWriterAppends) {
  auto writer = Open();
  ASSERT_THAT(writer, test::IsOk());
  ASSERT_THAT(writer->CreateTopic("orders"), test::IsOk());
  auto written = writer->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(written, test::IsOk());
  ASSERT_THAT(AppendValue(*written, "first"), test::IsOk());

  auto reader = Open({.access = Access::kReadOnly});
  ASSERT_THAT(reader, test::IsOk());
  auto seen = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(seen, test::IsOk());
  EXPECT_EQ(seen->leader_epoch(), LeaderEpoch{0});
  Cursor cursor = seen->Read(Offset{0});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_EQ(record.value, "first");
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(false));

  ASSERT_THAT(AppendValue(*written, "second"), test::IsOk());
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_EQ(record.value, "second");

  EXPECT_THAT(seen->WaitFor(Offset{2}, absl::ZeroDuration()),
              test::IsOkAndHolds(false));
  ASSERT_THAT(AppendValue(*written, "third"), test::IsOk());
  EXPECT_THAT(seen->WaitFor(Offset{2}, absl::InfiniteDuration()),
              test::IsOkAndHolds(true));

  // And topics that are new since it was opened.
  ASSERT_THAT(writer->CreateTopic("returns"), test::IsOk());
  EXPECT_THAT(reader->OpenPartition("returns", PartitionId{0}), test::IsOk());
}

TEST_P(EngineOn, AReaderIsToldOfDamageAndDoesNotTakeItForTheEnd) {
  leaves_ = test::Left::kDamaged;
  int64_t damaged = 0;  // the last byte of the second batch
  {
    auto writer = Open();
    ASSERT_THAT(writer, test::IsOk());
    ASSERT_THAT(writer->CreateTopic("orders"), test::IsOk());
    auto orders = writer->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, test::IsOk());
    ASSERT_THAT(AppendValue(*orders, "first"), test::IsOk());
    ASSERT_THAT(AppendValue(*orders, "second"), test::IsOk());
    damaged = orders->bytes() - 1;
    ASSERT_THAT(AppendValue(*orders, "third"), test::IsOk());
  }
  auto file = files().Open(PathOf("orders-0/00000000000000000000.log"),
                           OpenMode::kReadWrite);
  ASSERT_THAT(file, test::IsOk());
  char last;
  ASSERT_THAT((*file)->Read(damaged, {&last, 1}), test::IsOkAndHolds(1u));
  last ^= 1;
  ASSERT_THAT((*file)->Write(damaged, {&last, 1}), test::IsOk());

  auto reader = Open({.access = Access::kReadOnly});
  ASSERT_THAT(reader, test::IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  EXPECT_EQ(orders->log_end(), Offset{3});
  Cursor cursor = orders->Read(Offset{0});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_THAT(cursor.Next(&record), test::HasReason(Reason::kCorruptBatch));
  ASSERT_THAT(cursor.SkipDamage(), test::IsOkAndHolds(Offset{2}));
  ASSERT_THAT(cursor.Next(&record), test::IsOkAndHolds(true));
  EXPECT_EQ(record.value, "third");
}

TEST_P(EngineOn, AReaderChangesNothing) {
  {
    auto writer = Open();
    ASSERT_THAT(writer, test::IsOk());
    ASSERT_THAT(writer->CreateTopic("orders"), test::IsOk());
  }
  auto reader = Open({.access = Access::kReadOnly});
  ASSERT_THAT(reader, test::IsOk());
  auto orders = reader->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());

  EXPECT_THAT(AppendValue(*orders, "x"), test::HasReason(Reason::kReadOnly));
  EXPECT_THAT(orders->TruncateTo(Offset{0}),
              test::HasReason(Reason::kReadOnly));
  EXPECT_THAT(orders->DeleteRecordsBefore(Offset{0}),
              test::HasReason(Reason::kReadOnly));
  EXPECT_THAT(reader->CreateTopic("returns"),
              test::HasReason(Reason::kReadOnly));
  EXPECT_THAT(reader->DeleteTopic("orders"),
              test::HasReason(Reason::kReadOnly));
  EXPECT_THAT(reader->RunUpkeep(), test::HasReason(Reason::kReadOnly));
}

TEST_P(EngineOn, AnOpeningThatIsRefusedLeavesTheMarkOfACleanStop) {
  leaves_ = test::Left::kDamaged;
  {
    auto engine = Open();
    ASSERT_THAT(engine, test::IsOk());
    ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
    ASSERT_THAT(engine->Close(), test::IsOk());
  }
  for (const std::string_view name : {"cauce.topics", "cauce.topics.copy"}) {
    const auto file = files().Open(PathOf(name), OpenMode::kReadWrite);
    ASSERT_THAT(file, test::IsOk());
    ASSERT_THAT((*file)->Write(0, "nonsense"), test::IsOk());
  }

  EXPECT_THAT(Open(), test::HasReason(Reason::kCorruptFile));

  EXPECT_THAT(files().Info(PathOf(".kafka_cleanshutdown")), test::IsOk());
}

TEST_P(EngineOn, ADeletedTopicIsGoneAndItsNameIsFree) {
  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  const auto before = engine->CreateTopic("orders");
  ASSERT_THAT(before, test::IsOk());
  auto handle = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(handle, test::IsOk());
  ASSERT_THAT(AppendValue(*handle, "old"), test::IsOk());
  ASSERT_THAT(handle->DeleteRecordsBefore(Offset{1}), test::IsOk());

  ASSERT_THAT(engine->DeleteTopic("orders"), test::IsOk());
  EXPECT_THAT(AppendValue(*handle, "x"),
              test::HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(engine->DescribeTopic("orders"),
              test::HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(files().Info(PathOf("orders-0")).status(),
              test::StatusIs(absl::StatusCode::kNotFound));

  const auto after = engine->CreateTopic("orders");
  ASSERT_THAT(after, test::IsOk());
  EXPECT_NE(before->id, after->id);
  auto fresh = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(fresh, test::IsOk());
  EXPECT_EQ(fresh->log_start(), Offset{0});
  EXPECT_THAT(ReadValues(*fresh), IsEmpty());
}

TEST_P(EngineOn, DeletedRecordsStayDeletedWhateverTheStop) {
  {
    auto engine = Open();
    ASSERT_THAT(engine, test::IsOk());
    ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, test::IsOk());
    for (const char* value : {"a", "b", "c"}) {
      ASSERT_THAT(AppendValue(*orders, value), test::IsOk());
    }
    ASSERT_THAT(orders->DeleteRecordsBefore(Offset{2}), test::IsOk());
    // As if it had been killed: the mark of a clean stop never comes.
    ASSERT_THAT(engine->Close(), test::IsOk());
    ASSERT_THAT(files().RemoveFile(PathOf(".kafka_cleanshutdown")),
                test::IsOk());
  }
  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  EXPECT_EQ(orders->log_start(), Offset{2});
  EXPECT_THAT(ReadValues(*orders), ElementsAre("c"));
  Cursor below = orders->Read(Offset{1});
  RecordView record;
  EXPECT_THAT(below.Next(&record), test::HasReason(Reason::kOffsetOutOfRange));
}

TEST_P(EngineOn, ConfigsAreCheckedKeptAndTakenBack) {
  {
    auto engine = Open();
    ASSERT_THAT(engine, test::IsOk());
    EXPECT_THAT(engine->CreateTopic("bad", {.configs = {{"retention.sm", "1"},
                                                        {"segment.ms", "x"}}}),
                test::HasReason(Reason::kInvalidConfig));
    ASSERT_THAT(
        engine->CreateTopic("orders", {.configs = {{"retention.ms", "1000"}}}),
        test::IsOk());
    EXPECT_THAT(engine->AlterTopic("orders", {{"max.message.bytes", "100"},
                                              {"retention.ms", std::nullopt}}),
                test::IsOk());
    EXPECT_THAT(engine->AlterTopic("orders", {{"no.such", std::nullopt}}),
                test::HasReason(Reason::kInvalidConfig));
  }
  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  const auto topic = engine->DescribeTopic("orders");
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_THAT(topic->configs,
              ElementsAre(testing::Pair("max.message.bytes", "100")));
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  EXPECT_THAT(AppendValue(*orders, std::string(100, 'x')),
              test::HasReason(Reason::kBatchTooLarge));
  ASSERT_THAT(engine->AlterTopic("orders", {{"max.message.bytes", "1000"}}),
              test::IsOk());
  EXPECT_THAT(AppendValue(*orders, std::string(100, 'x')), test::IsOk());
}

TEST_P(EngineOn, ATopicGrowsAndNeverShrinks) {
  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  EXPECT_THAT(engine->OpenPartition("orders", PartitionId{1}),
              test::HasReason(Reason::kUnknownPartition));
  ASSERT_THAT(engine->CreatePartitions("orders", 3), test::IsOk());
  EXPECT_THAT(engine->OpenPartition("orders", PartitionId{2}), test::IsOk());
  EXPECT_THAT(engine->CreatePartitions("orders", 3),
              test::HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(engine->CreatePartitions("orders", 2),
              test::HasReason(Reason::kInvalidPartitions));
}

TEST_P(EngineOn, HandlesAnswerThatTheEngineIsClosed) {
  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  Cursor cursor = orders->Read(Offset{0});
  ASSERT_THAT(engine->Close(), test::IsOk());
  ASSERT_THAT(engine->Close(), test::IsOk());

  RecordView record;
  EXPECT_THAT(AppendValue(*orders, "x"), test::HasReason(Reason::kClosed));
  EXPECT_THAT(cursor.Next(&record), test::HasReason(Reason::kClosed));
  EXPECT_THAT(orders->WaitFor(Offset{0}, absl::InfiniteDuration()),
              test::HasReason(Reason::kClosed));
  EXPECT_THAT(engine->CreateTopic("returns"), test::HasReason(Reason::kClosed));
}

TEST_P(EngineOn, ATopicThatAKafkaBrokerMadeIsKeptWhole) {
  // given a directory of a partition that no catalogue knows of
  {
    auto engine = Open();
    ASSERT_THAT(engine, test::IsOk());
    ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
    auto orders = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, test::IsOk());
    const Record old{.key = "k", .value = "old", .timestamp = Timestamp{1000}};
    ASSERT_THAT(orders->Append({&old, 1}), test::IsOk());
    ASSERT_THAT(engine->Close(), test::IsOk());
    ASSERT_THAT(files().RemoveFile(PathOf("cauce.topics")), test::IsOk());
    ASSERT_THAT(files().RemoveFile(PathOf("cauce.topics.copy")), test::IsOk());
  }

  // when it is opened, and looked after
  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  const auto topic = engine->DescribeTopic("orders");
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_TRUE(topic->imported);
  ASSERT_THAT(engine->RunUpkeep(), test::IsOk());

  // then nothing is deleted until its configs are given
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  EXPECT_THAT(ReadValues(*orders), ElementsAre("old"));
  ASSERT_THAT(engine->AlterTopic("orders", {{"retention.ms", "1000"}}),
              test::IsOk());
  ASSERT_THAT(engine->RunUpkeep(), test::IsOk());
  EXPECT_THAT(ReadValues(*orders), IsEmpty());
}

TEST_P(EngineOn, ATopicOfABrokerWithoutItsFirstPartitionHasItsId) {
  TopicId id;
  {
    auto engine = Open();
    ASSERT_THAT(engine, test::IsOk());
    const auto topic = engine->CreateTopic("orders", {.partitions = 3});
    ASSERT_THAT(topic, test::IsOk());
    id = topic->id;
    auto second = engine->OpenPartition("orders", PartitionId{1});
    ASSERT_THAT(second, test::IsOk());
    ASSERT_THAT(AppendValue(*second, "v"), test::IsOk());
    ASSERT_THAT(engine->Close(), test::IsOk());
  }
  for (const std::string_view name :
       {"cauce.topics", "cauce.topics.copy", "orders-0/partition.metadata"}) {
    ASSERT_THAT(files().RemoveFile(PathOf(name)), test::IsOk());
  }
  ASSERT_THAT(files().RemoveDirectory(PathOf("orders-0")), test::IsOk());

  auto engine = Open();
  ASSERT_THAT(engine, test::IsOk());
  const auto topic = engine->DescribeTopic("orders");
  ASSERT_THAT(topic, test::IsOk());
  EXPECT_TRUE(topic->imported);
  EXPECT_EQ(topic->id, id);
}

TEST(Engine, MemoryNeedsNoDirectory) {
  auto one = Engine::Open(":memory:");
  auto two = Engine::Open(":memory:");
  ASSERT_THAT(one, test::IsOk());
  ASSERT_THAT(two, test::IsOk());
  ASSERT_THAT(one->CreateTopic("orders"), test::IsOk());
  EXPECT_THAT(two->ListTopics(), test::IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(one->ListTopics(), test::IsOkAndHolds(SizeIs(1)));
}

TEST(Engine, AMissingDirectoryIsMadeUnlessThatIsNotWanted) {
  const test::TempDir disk;
  const std::string path = disk / "a/b/c";
  EXPECT_THAT(Engine::Open(path, {.create_if_missing = false}),
              test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Engine::Open(path, {.access = Access::kReadOnly}),
              test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Engine::Open(path), test::IsOk());
}

TEST(Engine, ADirectoryOfOthersIsTakenIntoUseUnlessThatIsNotWanted) {
  const test::TempDir disk;
  for (const size_t files : {0, 1}) {
    EXPECT_THAT(Engine::Open(disk.path(), {.create_if_missing = false}),
                test::HasReason(Reason::kInvalidOption));
    EXPECT_THAT(PosixFileSystem()->List(disk.path()),
                test::IsOkAndHolds(SizeIs(files)));
    ASSERT_THAT(
        PosixFileSystem()->Open(disk / "notes", OpenMode::kOpenOrCreate),
        test::IsOk());
  }
  EXPECT_THAT(Engine::Open(disk.path()), test::IsOk());
  EXPECT_THAT(Engine::Open(disk.path(), {.create_if_missing = false}),
              test::IsOk());
}

TEST(Engine, AFileInTheDirectorysPlaceIsRefusedHoweverItIsOpened) {
  const test::TempDir disk;
  const std::string path = disk / "file";
  ASSERT_THAT(PosixFileSystem()->Open(path, OpenMode::kCreate), test::IsOk());
  for (const Access access : {Access::kReadWrite, Access::kReadOnly}) {
    EXPECT_THAT(Engine::Open(path, {.access = access}),
                test::HasReason(Reason::kInvalidOption));
  }
}

TEST(Engine, ALinkToTheDirectoryIsFollowedAndNoneInIt) {
  const test::TempDir disk;
  const std::string link = disk / "link";
  std::filesystem::create_symlink(disk / "data", link);
  EXPECT_THAT(Engine::Open(link), test::StatusIs(absl::StatusCode::kNotFound))
      << "it leads nowhere";
  ASSERT_THAT(PosixFileSystem()->CreateDirectories(disk / "data"),
              test::IsOk());
  {
    auto engine = Engine::Open(link);
    ASSERT_THAT(engine, test::IsOk());
    ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
    EXPECT_THAT(Engine::Open(disk / "data"), test::HasReason(Reason::kLocked));
    EXPECT_THAT(Engine::Open(link, {.access = Access::kReadOnly}),
                test::IsOk());
  }
  std::filesystem::rename(disk / "data/orders-0", disk / "orders-0");
  std::filesystem::create_directory_symlink(disk / "orders-0",
                                            disk / "data/orders-0");
  auto engine = Engine::Open(link);
  ASSERT_THAT(engine, test::IsOk());
  EXPECT_THAT(engine->OpenPartition("orders", PartitionId{0}),
              test::StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(Engine, EveryBadOptionIsReported) {
  const auto status = Validate(EngineOptions{
      .open_files_max = 1, .checkpoint_interval = absl::ZeroDuration()});
  EXPECT_THAT(status, test::HasReason(Reason::kInvalidOption));
  EXPECT_THAT(std::string(status.message()), HasSubstr("open_files_max"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("checkpoint_interval"));
}

TEST(Engine, NoMoreMayBeNotedBesideAnOffsetThanARecordHolds) {
  EXPECT_THAT(Validate(EngineOptions{.offset_metadata_bytes_max = 32767}),
              test::IsOk());
  EXPECT_THAT(Validate(EngineOptions{.offset_metadata_bytes_max = 32768}),
              test::HasReason(Reason::kInvalidOption));
}

TEST(Engine, WhatNoDirectoryCouldTakeIsKnownWithoutOne) {
  EXPECT_THAT(Validate("orders", TopicSpec{.partitions = 3}), test::IsOk());
  EXPECT_THAT(Validate("a/b", TopicSpec{}),
              test::HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(Validate("__cluster_metadata", TopicSpec{}),
              test::HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(Validate("orders", TopicSpec{.partitions = 0}),
              test::HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(Validate("orders", TopicSpec{.configs = {{"nope", "1"}}}),
              test::HasReason(Reason::kInvalidConfig));
}

TEST(Engine, TopicsAreListedByName) {
  auto engine = Engine::Open(":memory:");
  ASSERT_THAT(engine, test::IsOk());
  for (const char* name : {"returns", "orders", "stock"}) {
    ASSERT_THAT(engine->CreateTopic(name), test::IsOk());
  }
  const auto topics = engine->ListTopics();
  ASSERT_THAT(topics, test::IsOk());
  EXPECT_THAT(NamesOf(*topics), ElementsAre("orders", "returns", "stock"));
  EXPECT_THAT(engine->CreateTopic("../orders"),
              test::HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(engine->CreateTopic("orders"),
              test::HasReason(Reason::kTopicExists));
}

TEST(Engine, WithoutAnExecutorAWaitSyncsWhatWasWritten) {
  const auto disk = NewMemoryFileSystem();
  auto engine = Engine::Open("/data", {.file_system = disk.get()});
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  const Record record{.key = "k", .value = "v"};
  ASSERT_THAT(orders->Append({&record, 1}, {.ack = Ack::kWritten}),
              test::IsOk());
  EXPECT_EQ(orders->high_watermark(), Offset{0});

  EXPECT_THAT(orders->WaitFor(Offset{0}, absl::ZeroDuration()),
              test::IsOkAndHolds(true));
  EXPECT_EQ(orders->high_watermark(), Offset{1});
}

TEST(Engine, WithoutAnExecutorUnsyncedRecordsAreBounded) {
  const auto disk = NewMemoryFileSystem();
  auto engine = Engine::Open("/data", {.file_system = disk.get()});
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  const Record record{.key = "k", .value = "v"};
  for (int i = 0; i < 5000; ++i) {
    ASSERT_THAT(orders->Append({&record, 1}, {.ack = Ack::kWritten}),
                test::IsOk());
    ASSERT_LE(orders->log_end() - orders->durable_end(), 4096);
  }
  EXPECT_EQ(orders->durable_end(), Offset{4096});
}

TEST(Engine, AnExecutorSyncsWhatNobodyWaitsFor) {
  auto pool = NewThreadPool(2);
  const auto disk = NewMemoryFileSystem();
  auto engine = Engine::Open(
      "/data", {.file_system = disk.get(), .executor = pool.get()});
  ASSERT_THAT(engine, test::IsOk());
  ASSERT_THAT(engine->CreateTopic("orders"), test::IsOk());
  auto orders = engine->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, test::IsOk());
  const Record record{.key = "k", .value = "v"};
  ASSERT_THAT(orders->Append({&record, 1}, {.ack = Ack::kWritten}),
              test::IsOk());
  EXPECT_THAT(orders->WaitFor(Offset{0}, absl::InfiniteDuration()),
              test::IsOkAndHolds(true));
  EXPECT_EQ(orders->durable_end(), Offset{1});
}

}  // namespace
}  // namespace cauce
