// Topics that a broker makes and deletes while we look at its directory, in
// which nothing of ours says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/partition_metadata.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

TopicId Id(uint8_t fill) {
  TopicId id;
  std::fill(std::begin(id.bytes), std::end(id.bytes), fill);
  return id;
}

// Since 2.8 a broker writes a topic's id into each of its partitions.
enum class Broker { kWithIds, kWithoutIds };

class BrokerTopics : public ::testing::TestWithParam<Broker> {
 protected:
  BrokerTopics() { EXPECT_THAT(files_->CreateDirectories("/data"), IsOk()); }

  void Make(uint8_t id, std::string_view value, int partitions = 2,
            const std::string& topic = "orders") {
    for (int i = 0; i < partitions; ++i) {
      const std::string path = "/data/" + topic + "-" + std::to_string(i);
      ASSERT_THAT(files_->CreateDirectory(path), IsOk());
      if (GetParam() == Broker::kWithIds) {
        ASSERT_THAT(WritePartitionMetadata(*files_, path, Id(id)), IsOk());
      }
      const auto log =
          files_->Open(path + "/00000000000000000000.log", OpenMode::kCreate);
      ASSERT_THAT(log, IsOk());
      ASSERT_THAT((*log)->Write(0, test::Batch({std::string(value)})
                                       .At(Offset{0}, LeaderEpoch{0})
                                       .bytes()),
                  IsOk());
    }
    // Long enough ago that files' times tell what has changed.
    clock_.Advance(absl::Seconds(10));
  }
  // A first segment of one record, and another from offset 10 on.
  void MakeWithGap(uint8_t id = 1) {
    Make(id, "first", 1);
    const auto log = files_->Open("/data/orders-0/00000000000000000010.log",
                                  OpenMode::kCreate);
    ASSERT_THAT(log, IsOk());
    ASSERT_THAT(
        (*log)->Write(
            0, test::Batch({"second"}).At(Offset{10}, LeaderEpoch{0}).bytes()),
        IsOk());
  }
  void Delete(int partitions = 2) {
    for (int i = 0; i < partitions; ++i) {
      const std::string path = "/data/orders-" + std::to_string(i);
      const auto inside = files_->List(path);
      ASSERT_THAT(inside, IsOk());
      for (const DirectoryEntry& entry : *inside) {
        ASSERT_THAT(files_->RemoveFile(path + "/" + entry.name), IsOk());
      }
      ASSERT_THAT(files_->RemoveDirectory(path), IsOk());
    }
  }
  void Open(Access access = Access::kReadOnly) {
    engine_.reset();
    events_.clear();
    auto engine = Engine::Open(
        "/data", {.access = access,
                  .file_system = &failing_,
                  .clock = &clock_,
                  .events = [this](Severity, std::string_view line) {
                    events_.emplace_back(line);
                  }});
    ASSERT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
  }
  Partition OpenPartition(int32_t partition) {
    auto opened = engine_->OpenPartition("orders", PartitionId{partition});
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  // The process dies, and another opens the directory.
  void KillAndOpen() {
    failing_.FailAfter(0);
    engine_.reset();
    failing_.Mend();
    Open(Access::kReadWrite);
  }
  // What MakeWithGap makes is compacted from now on, and a record is added.
  void CompactAndAppend() {
    ASSERT_THAT(engine_->AlterTopic("orders", {{"cleanup.policy", "compact"}}),
                IsOk());
    const Record record{.key = "k", .value = "third"};
    ASSERT_THAT(OpenPartition(0).Append({&record, 1}, {.ack = Ack::kDurable}),
                IsOk());
  }
  static std::vector<std::string> All(const Partition& partition) {
    std::vector<std::string> values;
    Cursor cursor = partition.Read(Offset{0});
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(record.value.value_or(""));
    }
  }
  static absl::StatusOr<std::string> First(Partition& partition) {
    Cursor cursor = partition.Read(Offset{0});
    RecordView record;
    const auto read = cursor.Next(&record);
    if (!read.ok()) return read.status();
    return *read ? std::string(record.value.value_or("")) : "";
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem(&clock_);
  test::FailingFileSystem failing_{*files_};
  std::vector<std::string> events_;
  std::optional<Engine> engine_;
};

TEST_P(BrokerTopics, OneThatWasMadeAgainIsSeenAsNewByWhoOpensIt) {
  Make(1, "old");
  Open();
  Partition old = OpenPartition(0);
  ASSERT_THAT(First(old), IsOkAndHolds("old"));

  Delete();
  Make(2, "new");

  Partition first = OpenPartition(0);
  EXPECT_THAT(First(first), IsOkAndHolds("new"));
  Partition second = OpenPartition(1);
  EXPECT_THAT(First(second), IsOkAndHolds("new"));
  EXPECT_THAT(First(old), HasReason(Reason::kUnknownTopic));
  // Looking at the list does not end what is open of the new one.
  const auto topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->id, GetParam() == Broker::kWithIds ? Id(2) : TopicId{});
  EXPECT_THAT(First(first), IsOkAndHolds("new"));
  EXPECT_THAT(First(second), IsOkAndHolds("new"));
}

TEST_P(BrokerTopics, APartitionThatWasNotOpenYetIsOfTheNewOneToo) {
  Make(1, "old");
  Open();
  Partition old = OpenPartition(0);
  ASSERT_THAT(First(old), IsOkAndHolds("old"));

  Delete();
  Make(2, "new");

  Partition second = OpenPartition(1);
  EXPECT_THAT(First(second), IsOkAndHolds("new"));
  ASSERT_THAT(engine_->ListTopics(), IsOk());
  EXPECT_THAT(First(second), IsOkAndHolds("new"));
}

TEST_P(BrokerTopics, AHandleOfTheOldOneEndsWhereItComesToItsEnd) {
  Make(1, "old");
  Open();
  Partition old = OpenPartition(0);
  Cursor cursor = old.Read(Offset{0});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));

  Delete();
  Make(2, "a longer one, and new");

  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(old.WaitFor(Offset{1}, absl::ZeroDuration()),
              HasReason(Reason::kUnknownTopic));
  Partition made = OpenPartition(0);
  EXPECT_THAT(First(made), IsOkAndHolds("a longer one, and new"));
}

TEST_P(BrokerTopics, OneOfFewerPartitionsHasNoMore) {
  Make(1, "old");
  Open();
  Partition old = OpenPartition(1);
  ASSERT_THAT(First(old), IsOkAndHolds("old"));
  Delete();
  Make(2, "new", 1);
  EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{1}),
              HasReason(Reason::kUnknownPartition));
}

// Its cleaner leaves gaps above the recovery point too, which a broker saves
// once a minute.
TEST_P(BrokerTopics, WhatTheCleanerLeftIsKeptWhenTheBrokerWasKilled) {
  MakeWithGap();

  Open(Access::kReadWrite);

  Partition partition = OpenPartition(0);
  EXPECT_EQ(partition.log_end(), Offset{11});
  Cursor cursor = partition.Read(Offset{1});
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(record.value, "second");
}

// From then on such a gap above the recovery point is a lost tail.
TEST_P(BrokerTopics, WhatTheCleanerLeftIsBelowThePointOnceConfigsAreGiven) {
  MakeWithGap();
  Open(Access::kReadWrite);

  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "1"}}), IsOk());

  const auto points =
      ReadOffsetCheckpoint(*files_, "/data", kRecoveryPointFile);
  EXPECT_THAT(points,
              IsOkAndHolds(ElementsAre(
                  Pair(TopicPartition{"orders", PartitionId{0}}, Offset{11}))));
}

// Else the recovery that comes later would cut it at the gap.
TEST_P(BrokerTopics, OfWhichOneIsNotRecoveredGetConfigsOnceItIs) {
  MakeWithGap();
  failing_.Fail(test::FileCall::kRead, "10.log",
                MakeError(Reason::kDiskFailed, "a bad sector"));
  Open(Access::kReadWrite);

  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}),
              HasReason(Reason::kDiskFailed));
  EXPECT_TRUE(engine_->DescribeTopic("orders")->imported);
  failing_.Mend();
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}), IsOk());

  const auto points =
      ReadOffsetCheckpoint(*files_, "/data", kRecoveryPointFile);
  EXPECT_THAT(points,
              IsOkAndHolds(ElementsAre(
                  Pair(TopicPartition{"orders", PartitionId{0}}, Offset{11}))));
}

// After a clean stop nothing is open, and no checkpoint names what was put
// there since.
TEST_P(BrokerTopics, PutIntoAClosedDirectoryKeepAllOnceConfigsAreGiven) {
  Open(Access::kReadWrite);
  ASSERT_THAT(engine_->Close(), IsOk());
  MakeWithGap();
  Open(Access::kReadWrite);

  CompactAndAppend();
  KillAndOpen();

  EXPECT_THAT(All(OpenPartition(0)), ElementsAre("first", "second", "third"));
  EXPECT_EQ(OpenPartition(0).log_end(), Offset{12});
}

// A broker that was stopped has yet to delete them, or has noted a start that
// is damaged since: its file has no checksum.
TEST_P(BrokerTopics, BelowWhoseStartFilesLieKeepThemUntilConfigsAreGiven) {
  MakeWithGap();
  const OffsetCheckpoint starts = {{{"orders", PartitionId{0}}, Offset{10}}};
  ASSERT_THAT(WriteOffsetCheckpoint(*files_, "/data", kLogStartFile, starts),
              IsOk());
  const auto has_first = [&] {
    return files_->Info("/data/orders-0/00000000000000000000.log").ok();
  };

  for (int round = 0; round < 2; ++round) {
    Open(Access::kReadWrite);
    OpenPartition(0);
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    clock_.Advance(absl::Hours(24 * 365));
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    ASSERT_THAT(engine_->Close(), IsOk());
    EXPECT_TRUE(has_first());
  }

  Open(Access::kReadWrite);
  // Ten years: what is not below the start stays.
  ASSERT_THAT(
      engine_->AlterTopic("orders", {{"retention.ms", "315360000000"}}),
      IsOk());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(OpenPartition(0).log_start(), Offset{10});
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_FALSE(has_first());
}

// Of one that has failed nothing can be noted: a recovery would go by that.
TEST_P(BrokerTopics, OfWhichOneHasFailedGetNoConfigsBeforeItIsReopened) {
  MakeWithGap();
  Open(Access::kReadWrite);
  Partition partition = OpenPartition(0);
  failing_.Fail(test::FileCall::kSync, "10.log",
                MakeError(Reason::kDiskFailed, "a bad sector"));
  const Record record{.key = "k", .value = "third"};
  ASSERT_THAT(partition.Append({&record, 1}, {.ack = Ack::kDurable}),
              HasReason(Reason::kDiskFailed));
  failing_.Mend();

  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}),
              HasReason(Reason::kDiskFailed));
  EXPECT_TRUE(engine_->DescribeTopic("orders")->imported);
  KillAndOpen();
  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}), IsOk());
}

// What a permission or the disk hides of them is told, and hides no record.
TEST_P(BrokerTopics, WhoseEpochsCannotBeReadAreShownToWhoOnlyReads) {
  Make(1, "old");
  for (const absl::Status& why : {absl::PermissionDeniedError("forbidden"),
                                  MakeError(Reason::kDiskFailed, "broken")}) {
    SCOPED_TRACE(why);
    failing_.Fail(test::FileCall::kOpen, kEpochFile, why);
    Open();
    Partition partition = OpenPartition(0);
    EXPECT_THAT(First(partition), IsOkAndHolds("old"));
    EXPECT_THAT(events_, Contains(AllOf(HasSubstr(std::string(MessageOf(why))),
                                        HasSubstr("every record is read"))));
    failing_.Mend();
  }
}

TEST_P(BrokerTopics, WhoseEpochsCannotBeReadAreNotWrittenUntilTheyCan) {
  Make(1, "old");
  const EpochStart seventh{LeaderEpoch{7}, Offset{1}};
  ASSERT_THAT(WriteEpochCheckpoint(*files_, "/data/orders-0", {&seventh, 1}),
              IsOk());
  for (const absl::Status& why : {absl::PermissionDeniedError("forbidden"),
                                  MakeError(Reason::kDiskFailed, "broken")}) {
    SCOPED_TRACE(why);
    failing_.Fail(test::FileCall::kOpen, kEpochFile, why);
    Open(Access::kReadWrite);
    const auto refused = engine_->OpenPartition("orders", PartitionId{0});
    EXPECT_EQ(refused.status().code(), why.code());
    EXPECT_THAT(std::string(refused.status().message()),
                AllOf(HasSubstr(std::string(MessageOf(why))),
                      HasSubstr("move the file away")));
    failing_.Mend();
    EXPECT_EQ(OpenPartition(0).leader_epoch(), LeaderEpoch{7});
  }
}

// By the id alone nobody could tell the two apart.
// Nothing tells which is the copy: not the order of their names.
TEST_P(BrokerTopics, FoundTogetherWithACopyAreBothReadByTheirNames) {
  if (GetParam() == Broker::kWithoutIds) return;
  Make(1, "old", 1);
  Make(1, "front", 1, "a-copy");
  Make(1, "behind", 1, "z-copy");
  const auto read = [this](const char* topic) -> absl::StatusOr<std::string> {
    auto partition = engine_->OpenPartition(topic, PartitionId{0});
    if (!partition.ok()) return partition.status();
    return First(*partition);
  };
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    Open(access);
    EXPECT_THAT(events_, Contains(AllOf(HasSubstr("a-copy"),
                                        HasSubstr("is a copy"))));
    EXPECT_EQ(engine_->DescribeTopic("orders")->id, TopicId());
    EXPECT_THAT(read("orders"), IsOkAndHolds("old"));
    EXPECT_THAT(read("a-copy"), IsOkAndHolds("front"));
    EXPECT_THAT(read("z-copy"), IsOkAndHolds("behind"));
  }
  // Who gives it configs says whose the id is.
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}), IsOk());
  EXPECT_EQ(engine_->DescribeTopic("orders")->id, Id(1));
  EXPECT_THAT(engine_->DeleteTopic("a-copy"), HasReason(Reason::kCorruptFile));
  ASSERT_THAT(engine_->Close(), IsOk());
  Open(Access::kReadWrite);
  EXPECT_THAT(read("orders"), IsOkAndHolds("old"));
  EXPECT_THAT(read("a-copy"), HasReason(Reason::kCorruptFile));
}

TEST_P(BrokerTopics, CopiedUnderAnotherNameGetNoIdThatAnotherTopicHas) {
  Make(1, "old", 1);
  Open(Access::kReadWrite);
  ASSERT_THAT(engine_->Close(), IsOk());
  Make(1, "copy", 1, "copied");
  const bool has_id = GetParam() == Broker::kWithIds;
  std::vector<std::string> odd;
  if (has_id) odd.emplace_back("/data/copied-0/partition.metadata");
  const auto expect_told = [&] {
    std::vector<std::string> found;
    EXPECT_THAT(VerifyDirectory(
                    *files_, "/data", {},
                    [&](const Finding& each) { found.push_back(each.file); }),
                IsOk());
    EXPECT_EQ(found, odd);
  };
  expect_told();
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    Open(access);
    EXPECT_EQ(engine_->DescribeTopic("copied")->id, TopicId());
    EXPECT_EQ(engine_->DescribeTopic("orders")->id,
              has_id ? Id(1) : TopicId());
    const auto copied = engine_->OpenPartition("copied", PartitionId{0});
    if (has_id) {
      EXPECT_THAT(copied, HasReason(Reason::kCorruptFile));
      EXPECT_THAT(std::string(copied.status().message()),
                  AllOf(HasSubstr("orders"), HasSubstr("copied")));
    } else {
      EXPECT_THAT(copied, IsOk());
    }
    Partition orders = OpenPartition(0);
    EXPECT_THAT(First(orders), IsOkAndHolds("old"));
  }
  if (has_id) {
    EXPECT_THAT(engine_->DeleteTopic("copied"),
                HasReason(Reason::kCorruptFile));
  }
  ASSERT_THAT(engine_->Close(), IsOk());
  expect_told();
  std::vector<std::string> left;
  EXPECT_THAT(
      RepairDirectory(
          *files_, "/data",
          {.left = [&](const Finding& each) { left.push_back(each.file); }}),
      IsOk());
  EXPECT_EQ(left, odd);
}

TEST_P(BrokerTopics, InWhosePlaceAnothersDirectoryStandsAreOpenedByNobody) {
  Make(1, "old", 1);
  Open(Access::kReadWrite);
  ASSERT_THAT(engine_->CreateTopic("payments", {}), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(files_->Rename("/data/orders-0", "/data/away"), IsOk());
  ASSERT_THAT(files_->Rename("/data/payments-0", "/data/orders-0"), IsOk());
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    Open(access);
    EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{0}),
                HasReason(Reason::kCorruptFile));
  }
  ASSERT_THAT(engine_->Close(), IsOk());
  std::vector<std::string> found;
  EXPECT_THAT(VerifyDirectory(
                  *files_, "/data", {},
                  [&](const Finding& each) { found.push_back(each.file); }),
              IsOk());
  EXPECT_THAT(found, Contains("/data/orders-0/partition.metadata"));
  std::vector<std::string> left;
  EXPECT_THAT(
      RepairDirectory(
          *files_, "/data",
          {.left = [&](const Finding& each) { left.push_back(each.file); }}),
      IsOk());
  EXPECT_THAT(left, Contains("/data/orders-0/partition.metadata"));
}

INSTANTIATE_TEST_SUITE_P(
    , BrokerTopics, ::testing::Values(Broker::kWithIds, Broker::kWithoutIds),
    [](const auto& param) -> std::string {
      return param.param == Broker::kWithIds ? "WithIds" : "WithoutIds";
    });

// Topics that an engine has taken in, and deleted records of, before the broker
// deletes them and makes them again.
class TakenInTopics : public BrokerTopics {
 protected:
  void TakeIn() {
    Open(Access::kReadWrite);
    ASSERT_THAT(OpenPartition(0).DeleteRecordsBefore(Offset{1}), IsOk());
    ASSERT_THAT(engine_->Close(), IsOk());
    clock_.Advance(absl::Seconds(10));
  }
  void ExpectTheNewOne() {
    for (const int32_t i : {0, 1}) {
      Partition partition = OpenPartition(i);
      EXPECT_EQ(partition.log_start(), Offset{0});
      EXPECT_THAT(First(partition), IsOkAndHolds("new"));
    }
    const auto topic = engine_->DescribeTopic("orders");
    ASSERT_THAT(topic, IsOk());
    EXPECT_TRUE(topic->imported);
    EXPECT_EQ(topic->id, Id(2));
  }
  std::vector<Finding> VerifyAll() {
    std::vector<Finding> found;
    EXPECT_THAT(
        VerifyDirectory(*files_, "/data", {},
                        [&](const Finding& each) { found.push_back(each); }),
        IsOk());
    return found;
  }
};

INSTANTIATE_TEST_SUITE_P(, TakenInTopics, ::testing::Values(Broker::kWithIds),
                         [](const auto&) -> std::string { return "WithIds"; });

TEST_P(TakenInTopics, AreTheNewOnesOnceTheyAreMadeAgainForReadersToo) {
  Make(1, "old");
  TakeIn();
  Open();
  Partition old = OpenPartition(1);
  EXPECT_EQ(OpenPartition(0).log_start(), Offset{1});
  Delete();
  Make(2, "new");
  ExpectTheNewOne();
  EXPECT_THAT(First(old), HasReason(Reason::kUnknownTopic));

  Open();
  ExpectTheNewOne();
}

TEST_P(TakenInTopics, AreTakenInAnewByTheNextWriterWhoTellsOfIt) {
  Make(1, "old");
  TakeIn();
  Delete();
  Make(2, "new");
  Open(Access::kReadWrite);
  EXPECT_THAT(events_, Contains(HasSubstr("topic orders was taken in before")));
  ExpectTheNewOne();
  // From now on where it starts is its own.
  ASSERT_THAT(OpenPartition(0).DeleteRecordsBefore(Offset{1}), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());

  Open(Access::kReadWrite);
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_EQ(OpenPartition(0).log_start(), Offset{1});
  EXPECT_THAT(VerifyAll(), IsEmpty());
  EXPECT_THAT(engine_->DeleteTopic("orders"), IsOk());
}

// The point that the clean stop has saved was the old one's.
TEST_P(TakenInTopics, KeepAllOnceTheyAreMadeAgainAndGetConfigs) {
  Make(1, "old", 1);
  TakeIn();
  Delete(1);
  MakeWithGap(2);
  Open(Access::kReadWrite);

  CompactAndAppend();
  KillAndOpen();

  EXPECT_THAT(All(OpenPartition(0)), ElementsAre("first", "second", "third"));
  EXPECT_EQ(OpenPartition(0).log_end(), Offset{12});
}

TEST_P(TakenInTopics, MayBeDeletedOnceTheyAreMadeAgain) {
  Make(1, "old");
  TakeIn();
  Delete();
  Make(2, "new");
  Open(Access::kReadWrite);
  EXPECT_THAT(engine_->DeleteTopic("orders"), IsOk());
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
}

TEST_P(TakenInTopics, OfWhichOnePartitionIsAnothersAreWhatTheyWere) {
  Make(1, "old");
  TakeIn();
  ASSERT_THAT(WritePartitionMetadata(*files_, "/data/orders-1", Id(2)), IsOk());
  Open(Access::kReadWrite);
  EXPECT_EQ(engine_->DescribeTopic("orders")->id, Id(1));
  EXPECT_EQ(OpenPartition(0).log_start(), Offset{1});
  EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{1}),
              HasReason(Reason::kCorruptFile));
}

// Nobody here knows whether it was right, and a broker ends it by itself.
TEST_P(TakenInTopics, WhoseDeletionABrokerDidNotEndAreLeftToIt) {
  Make(1, "old");
  const std::string brokers =
      "/data/orders-0.0123456789abcdef0123456789abcdef-delete";
  const std::string ours =
      "/data/orders-1.01010101010101010101010101010101-delete";
  ASSERT_THAT(files_->Rename("/data/orders-0", brokers), IsOk());
  ASSERT_THAT(files_->Rename("/data/orders-1", ours), IsOk());
  Open(Access::kReadWrite);
  EXPECT_THAT(files_->Info(brokers + "/00000000000000000000.log"), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr(brokers)));
  EXPECT_THAT(files_->Info(ours), Not(IsOk()));
}

// Brokers before 2.8 gave no directory an id, and nothing here is to say that
// what they were deleting may go.
TEST_P(TakenInTopics, WhoseDeletionABrokerWithoutIdsDidNotEndAreLeftToIt) {
  Make(1, "old");
  const std::string gone =
      "/data/orders-0.0123456789abcdef0123456789abcdef-delete";
  ASSERT_THAT(files_->Rename("/data/orders-0", gone), IsOk());
  const absl::Status had_id = files_->RemoveFile(gone + "/partition.metadata");
  ASSERT_TRUE(had_id.ok() || absl::IsNotFound(had_id)) << had_id;
  for (int opens = 0; opens < 2; ++opens) {
    Open(Access::kReadWrite);
    EXPECT_THAT(files_->Info(gone + "/00000000000000000000.log"), IsOk());
    EXPECT_THAT(events_, Contains(AllOf(HasSubstr(gone),
                                        HasSubstr("is left as it is"))));
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    ASSERT_THAT(engine_->Close(), IsOk());
  }
  EXPECT_THAT(files_->Info(gone + "/00000000000000000000.log"), IsOk());

  // What holds no file holds no record.
  ASSERT_THAT(files_->RemoveFile(gone + "/00000000000000000000.log"), IsOk());
  Open(Access::kReadWrite);
  EXPECT_THAT(files_->Info(gone), Not(IsOk()));
}

// It may be a broker's.
TEST_P(TakenInTopics, OfWhichADeletionCannotBeToldWhoseItWasAreLeft) {
  Make(1, "old");
  const std::string gone =
      "/data/orders-1.01010101010101010101010101010101-delete";
  ASSERT_THAT(files_->Rename("/data/orders-1", gone), IsOk());
  const auto metadata =
      files_->Open(gone + "/partition.metadata", OpenMode::kReadWrite);
  ASSERT_THAT(metadata, IsOk());
  ASSERT_THAT((*metadata)->Write(0, "?"), IsOk());
  Open(Access::kReadWrite);
  EXPECT_THAT(files_->Info(gone + "/00000000000000000000.log"), IsOk());
  EXPECT_THAT(events_,
              Contains(AllOf(HasSubstr(gone), HasSubstr("cannot be told"))));
}

// The records of a segment are in that file alone.
TEST_P(TakenInTopics, WhoseBrokerWasStoppedAtAReplacementAreReadAndMended) {
  MakeWithGap();
  const std::string log = "/data/orders-0/00000000000000000000.log";
  ASSERT_THAT(files_->Rename(log, log + ".swap"), IsOk());
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    Open(access);
    EXPECT_THAT(All(OpenPartition(0)), ElementsAre("first", "second"));
    EXPECT_EQ(OpenPartition(0).lost(), LostRecords());
    ASSERT_THAT(engine_->Close(), IsOk());
  }
  EXPECT_THAT(files_->Info(log), IsOk());
}

// Where it was missing when its topic got configs nothing was saved of it, and
// a broker's cleaner leaves gaps above the recovery point as well.
TEST_P(TakenInTopics, KeepAllOfAPartitionThatComesBackOnceTheyHaveConfigs) {
  Make(1, "first");
  const auto log = files_->Open("/data/orders-0/00000000000000000010.log",
                                OpenMode::kCreate);
  ASSERT_THAT(log, IsOk());
  ASSERT_THAT(
      (*log)->Write(
          0, test::Batch({"second"}).At(Offset{10}, LeaderEpoch{0}).bytes()),
      IsOk());
  ASSERT_THAT(files_->Rename("/data/orders-0", "/data/away"), IsOk());
  Open(Access::kReadWrite);
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());

  ASSERT_THAT(files_->Rename("/data/away", "/data/orders-0"), IsOk());
  // And nobody knows how the last stop was.
  ASSERT_THAT(files_->RemoveFile("/data/.kafka_cleanshutdown"), IsOk());
  Open(Access::kReadWrite);
  EXPECT_THAT(All(OpenPartition(0)), ElementsAre("first", "second"));
  EXPECT_THAT(events_, IsEmpty());
}

TEST_P(TakenInTopics, WhoseDirectoriesWereExchangedAreOpenedByNobody) {
  Make(1, "old", 1);
  Make(3, "a payment", 1, "payments");
  TakeIn();
  ASSERT_THAT(files_->Rename("/data/orders-0", "/data/away"), IsOk());
  ASSERT_THAT(files_->Rename("/data/payments-0", "/data/orders-0"), IsOk());
  ASSERT_THAT(files_->Rename("/data/away", "/data/payments-0"), IsOk());
  for (const Access access : {Access::kReadOnly, Access::kReadWrite}) {
    Open(access);
    for (const char* const topic : {"orders", "payments"}) {
      EXPECT_THAT(engine_->OpenPartition(topic, PartitionId{0}),
                  HasReason(Reason::kCorruptFile));
    }
  }
}

TEST_P(TakenInTopics, MissAPartitionThatWasHere) {
  Make(1, "old");
  TakeIn();
  // Within the directory a repair would leave its place to it.
  ASSERT_THAT(files_->CreateDirectories("/elsewhere"), IsOk());
  ASSERT_THAT(files_->Rename("/data/orders-0", "/elsewhere/away"), IsOk());
  EXPECT_THAT(VerifyAll(), ElementsAre(AllOf(
                               Field(&Finding::gravity, Gravity::kDamage),
                               Field(&Finding::file, "/data/orders-0"))));
  Open();
  EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{0}).status(),
              test::StatusIs(absl::StatusCode::kNotFound,
                             HasSubstr("cauce log repair")));
  Open(Access::kReadWrite);
  EXPECT_THAT(events_, Contains(HasSubstr("/data/orders-0 is missing")));
  ASSERT_THAT(engine_->Close(), IsOk());

  const auto repaired = RepairDirectory(*files_, "/data", {});

  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->steps, 1);
  EXPECT_THAT(VerifyAll(), IsEmpty());
  Open(Access::kReadWrite);
  EXPECT_EQ(OpenPartition(0).log_start(), Offset{1});
  EXPECT_EQ(OpenPartition(0).log_end(), Offset{1});
  Partition other = OpenPartition(1);
  EXPECT_THAT(First(other), IsOkAndHolds("old"));
}

TEST_P(TakenInTopics, MissNoPartitionThatWasNeverHere) {
  Make(1, "old");
  ASSERT_THAT(files_->Rename("/data/orders-0", "/data/away"), IsOk());
  Open(Access::kReadWrite);
  ASSERT_THAT(engine_->Close(), IsOk());
  EXPECT_THAT(VerifyAll(), IsEmpty());
  Open();
  EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{0}).status(),
              test::StatusIs(absl::StatusCode::kNotFound,
                             AllOf(HasSubstr("on another broker"),
                                     Not(HasSubstr("repair")))));
}

TEST_P(TakenInTopics, AreToldByVerifyAndLeftByRepairOnceTheyAreMadeAgain) {
  Make(1, "old");
  TakeIn();
  Delete();
  Make(2, "new");
  const auto found = VerifyAll();
  EXPECT_THAT(found, Each(Field(&Finding::gravity, Gravity::kNote)));
  EXPECT_THAT(
      found,
      ElementsAre(Field(&Finding::file, "/data/orders-0/partition.metadata"),
                  Field(&Finding::file, "/data/orders-1/partition.metadata")));

  std::vector<std::string> left;
  const auto repaired = RepairDirectory(
      *files_, "/data",
      {.left = [&](const Finding& each) { left.push_back(each.advice); }});
  ASSERT_THAT(repaired, IsOk());
  EXPECT_EQ(repaired->steps, 0);
  EXPECT_THAT(left, Contains(HasSubstr("the next opening for writing")));
  Open(Access::kReadWrite);
  ExpectTheNewOne();
}

}  // namespace
}  // namespace cauce
