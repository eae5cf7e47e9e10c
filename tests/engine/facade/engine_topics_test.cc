#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/partition.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/whole_file.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class EngineTopics : public test::CountedEngine {
 protected:
  // A partition as brokers before 2.8 left them: without partition.metadata.
  void MakeWithoutId(const std::string& name) {
    const std::string path = "/data/" + name;
    ASSERT_THAT(files_.CreateDirectories(path), IsOk());
    ASSERT_THAT(
        files_.Open(path + "/00000000000000000000.log", OpenMode::kCreate),
        IsOk());
  }
  void ExchangeDirectories(const std::string& one, const std::string& other) {
    ASSERT_THAT(files_.Rename(one, "/data/away"), IsOk());
    ASSERT_THAT(files_.Rename(other, one), IsOk());
    ASSERT_THAT(files_.Rename("/data/away", other), IsOk());
  }
  // What is left of deleted topics.
  std::vector<std::string> Leftovers() {
    std::vector<std::string> left;
    const std::vector<DirectoryEntry> entries = files_.List("/data").value();
    for (const DirectoryEntry& entry : entries) {
      if (entry.name.ends_with("-delete")) left.push_back(entry.name);
    }
    return left;
  }
};

TEST_F(EngineTopics, ManyPartitionsAreCreatedWithAsManySyncsAsOne) {
  ASSERT_THAT(Open(), IsOk());
  int before = Syncs();
  ASSERT_THAT(engine_->CreateTopic("one"), IsOk());
  const int for_one = Syncs() - before;
  before = Syncs();
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 500}), IsOk());
  EXPECT_EQ(Syncs() - before, for_one);
  before = Syncs();
  ASSERT_THAT(engine_->CreatePartitions("orders", 1000), IsOk());
  EXPECT_LE(Syncs() - before, for_one);
}

TEST_F(EngineTopics, ConfigsAndPartitionsChangeTogetherOrNotAtAll) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  const std::vector<ConfigChange> changes = {{"retention.ms", "1000"}};

  EXPECT_THAT(engine_->AlterTopic("orders", changes, 1),
              HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(engine_->AlterTopic("orders", {{"no.such", "1"}}, 4),
              HasReason(Reason::kInvalidConfig));
  ASSERT_THAT(files_.CreateDirectory("/data/orders-3"), IsOk());
  const auto theirs = files_.Open("/data/orders-3/x", OpenMode::kCreate);
  EXPECT_THAT(engine_->AlterTopic("orders", changes, 4),
              HasReason(Reason::kTopicExists));
  auto topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partitions, 2);
  EXPECT_THAT(topic->configs, IsEmpty());

  ASSERT_THAT(engine_->AlterTopic("orders", changes, 3), IsOk());
  topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partitions, 3);
  EXPECT_EQ(topic->configs.at("retention.ms"), "1000");
}

TEST_F(EngineTopics, ConfigsThatWereNotSavedHoldNeitherNowNorLater) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  // The first copy of the list has them by then.
  files_.Fail(FileCall::kRename, "cauce.topics.copy.tmp",
              MakeError(Reason::kDiskFailed, "no"), 0, 1);
  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "1000"}}),
              HasReason(Reason::kDiskFailed));

  EXPECT_THAT(engine_->DescribeTopic("orders")->configs, IsEmpty());
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(engine_->DescribeTopic("orders")->configs, IsEmpty());
}

TEST_F(EngineTopics, ConfigsWhoseFateIsNotKnownAreSaidToBe) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  files_.Fail(FileCall::kRename, "cauce.topics.copy.tmp",
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "1000"}}),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("whether it is changed then is not known")));
  files_.Mend();
}

// Else damage to the newer one, years later, would bring the older one back.
TEST_F(EngineTopics, AnOlderCopyOfTheListIsWrittenAgainByTheNextOpening) {
  ASSERT_THAT(Open(), IsOk());
  files_.Fail(FileCall::kRename, "cauce.topics.copy.tmp",
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(engine_->CreateTopic("orders"), HasReason(Reason::kDiskFailed));
  Kill();

  ASSERT_THAT(Open(), IsOk());

  EXPECT_THAT(events_, Contains(HasSubstr("cauce.topics.copy: ")));
  EXPECT_EQ(*ReadWholeFile(files_, "/data/cauce.topics", 1 << 20),
            *ReadWholeFile(files_, "/data/cauce.topics.copy", 1 << 20));
}

// Of two lists of one age that differ nobody could tell which is older, nor
// that there are two.
TEST_F(EngineTopics, AChangeThatIsHalfTakenBackLeavesNoTwoListsOfOneAge) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  const auto fail_halfway = [this] {
    // The change has both names by then, and what takes it back gets the first.
    files_.Fail(FileCall::kSyncDirectory, "/data",
                MakeError(Reason::kDiskFailed, "no"), 0, 1);
    files_.Fail(FileCall::kRename, "cauce.topics.copy.tmp",
                MakeError(Reason::kDiskFailed, "no"), 1, 1);
  };
  const auto expect_told_and_mended = [this] {
    Kill();
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_,
                Contains(HasSubstr("cauce.topics.copy: has generation")));
    EXPECT_EQ(*ReadWholeFile(files_, "/data/cauce.topics", 1 << 20),
              *ReadWholeFile(files_, "/data/cauce.topics.copy", 1 << 20));
    EXPECT_THAT(engine_->DescribeTopic("orders")->configs, IsEmpty());
  };

  fail_halfway();
  EXPECT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "1000"}}),
              StatusIs(absl::StatusCode::kDataLoss));
  expect_told_and_mended();

  fail_halfway();
  EXPECT_THAT(engine_->DeleteTopic("orders"),
              StatusIs(absl::StatusCode::kDataLoss));
  expect_told_and_mended();
}

TEST_F(EngineTopics, AreToldApartByTheirIdsWhereDirectoriesAreExchanged) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  ASSERT_THAT(engine_->CreateTopic("payments"), IsOk());
  for (const std::string name : {"orders", "payments"}) {
    ASSERT_THAT(engine_->OpenPartition(name, PartitionId{0}), IsOk());
  }
  ASSERT_THAT(engine_->Close(), IsOk());
  ExchangeDirectories("/data/orders-0", "/data/payments-0");

  std::vector<std::string> found;
  const auto summary =
      VerifyDirectory(files_, "/data", {}, [&](const Finding& finding) {
        if (finding.gravity == Gravity::kDamage) found.push_back(finding.file);
      });
  ASSERT_THAT(summary, IsOk());
  EXPECT_THAT(found, ElementsAre("/data/orders-0/partition.metadata",
                                 "/data/payments-0/partition.metadata"));
  Leaves(test::Left::kDamaged);
}

// A stop in the middle of a deletion, and directories that were exchanged
// before the next opening: it finishes the deletion of what is the topic's
// alone.
TEST_F(EngineTopics, AnUnfinishedDeletionTakesNothingOfAnotherTopic) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  Append(0, 3);
  ASSERT_THAT(engine_->CreateTopic("gone", {.partitions = 2}), IsOk());
  for (const int32_t i : {0, 1}) {
    ASSERT_THAT(engine_->OpenPartition("gone", PartitionId{i}), IsOk());
  }
  files_.Fail(FileCall::kRename, "/data/gone-0",
              MakeError(Reason::kDiskFailed, "no"));
  files_.Fail(FileCall::kRename, "/data/gone-1",
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(engine_->DeleteTopic("gone"), HasReason(Reason::kDiskFailed));
  Kill();
  ExchangeDirectories("/data/orders-0", "/data/gone-0");

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, Contains(AllOf(HasSubstr("topic gone was deleted"),
                                      HasSubstr("/data/gone-0/"))));
  EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{0}),
              HasReason(Reason::kCorruptFile));
  EXPECT_THAT(engine_->DeleteTopic("gone"), HasReason(Reason::kCorruptFile));
  EXPECT_THAT(files_.Info("/data/gone-1"),
              StatusIs(absl::StatusCode::kNotFound));
  Kill();
  ExchangeDirectories("/data/orders-0", "/data/gone-0");

  ASSERT_THAT(Open(), IsOk());
  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{3});
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(engine_->CreateTopic("gone"), IsOk());
}

// What a failing disk does not show may be another topic's.
TEST_F(EngineTopics, AnUnfinishedDeletionWaitsForADiskThatCannotBeRead) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  files_.Fail(FileCall::kRename, "/data/orders-0",
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(engine_->DeleteTopic("orders"), HasReason(Reason::kDiskFailed));
  Kill();

  files_.Fail(FileCall::kRead, "orders-0/partition.metadata",
              MakeError(Reason::kDiskFailed, "no"));
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, Contains(HasSubstr("topic orders was deleted")));
  EXPECT_THAT(files_.Info("/data/orders-0/partition.metadata"), IsOk());
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(files_.Info("/data/orders-0"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(EngineTopics, OneWithoutAnIdIsNotHalfDeletedOnAFullDisk) {
  MakeWithoutId("orders-0");
  MakeWithoutId("orders-1");
  ASSERT_THAT(Open(), IsOk());
  files_.Fail(FileCall::kWrite, "cauce.topics.tmp",
              MakeError(Reason::kDiskFull, "no"), 0, 1);
  EXPECT_THAT(engine_->DeleteTopic("orders"), HasReason(Reason::kDiskFull));
  EXPECT_THAT(Leftovers(), IsEmpty());
  EXPECT_EQ(engine_->DescribeTopic("orders")->partitions, 2);

  EXPECT_THAT(engine_->DeleteTopic("orders"), IsOk());
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
}

TEST_F(EngineTopics, AnImportedTopicWithoutAnIdGetsOneWithItsConfigs) {
  MakeWithoutId("orders-0");
  ASSERT_THAT(Open(), IsOk());
  auto topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_TRUE(topic->id.is_zero());

  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "-1"}}), IsOk());
  topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_FALSE(topic->id.is_zero());
  EXPECT_FALSE(topic->imported);
  const TopicId id = topic->id;
  ASSERT_THAT(engine_->AlterTopic("orders", {{"retention.ms", "1000"}}),
              IsOk());
  Kill();
  ASSERT_THAT(Open(), IsOk());
  topic = engine_->DescribeTopic("orders");
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->id, id);
}

TEST_F(EngineTopics, ATopicThatIsTakenInIsToldOnce) {
  MakeWithoutId("orders-0");
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_,
              ElementsAre(HasSubstr("topic orders of 1 partitions was found")));
  Kill();
  MakeWithoutId("orders-2");
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("topic orders, which was taken")));
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, IsEmpty());
}

// What is left of the first keeps its name.
TEST_F(EngineTopics, TwoWithoutAnIdAreDeletedUnderDifferentNames) {
  for (size_t deleted = 1; deleted <= 2; ++deleted) {
    MakeWithoutId("orders-0");
    ASSERT_THAT(files_.CreateDirectory("/data/orders-0/precious"), IsOk());
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    EXPECT_THAT(Leftovers(), SizeIs(deleted));
    EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
    Kill();
  }
  // Of a deletion that stopped as well.
  MakeWithoutId("orders-0");
  ASSERT_THAT(Open(), IsOk());
  files_.Fail(FileCall::kRename, "/orders-0",
              MakeError(Reason::kDiskFailed, "no"));
  ASSERT_THAT(engine_->DeleteTopic("orders"), HasReason(Reason::kDiskFailed));
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(Leftovers(), SizeIs(2));
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
}

TEST_F(EngineTopics, WhereAnImportedTopicBeginsIsKnownOnceItHasConfigs) {
  for (const bool is_open : {false, true}) {
    SCOPED_TRACE(is_open);
    // A broker deleted what was below 5, and its checkpoints did not come
    // along.
    const std::string name = is_open ? "opened" : "closed";
    ASSERT_THAT(files_.CreateDirectories("/data/" + name + "-0"), IsOk());
    const auto log = files_.Open(
        "/data/" + name + "-0/00000000000000000005.log", OpenMode::kCreate);
    ASSERT_THAT(log, IsOk());
    ASSERT_THAT(
        (*log)->Write(0,
                      test::Batch({"v"}).At(Offset{5}, LeaderEpoch{0}).bytes()),
        IsOk());
    // And was stopped cleanly: no log is opened before somebody asks for it.
    ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
    ASSERT_THAT(Open(), IsOk());
    std::optional<Partition> partition;
    if (is_open) {
      partition = engine_->OpenPartition(name, PartitionId{0}).value();
    }
    ASSERT_THAT(engine_->AlterTopic(name, {{"retention.ms", "-1"}}), IsOk());
    partition.reset();
    Kill();
    const auto starts = ReadOffsetCheckpoint(files_, "/data", kLogStartFile);
    ASSERT_THAT(starts, IsOk());
    EXPECT_EQ(starts->at({name, PartitionId{0}}), Offset{5});
    ASSERT_THAT(VerifyDirectory(files_, "/data", {},
                                [](const Finding& finding) {
                                  ADD_FAILURE()
                                      << finding.file << ": " << finding.what;
                                }),
                IsOk());
  }
}

TEST_F(EngineTopics, ATopicIsNotMadeOverWhatIsThere) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(files_.CreateDirectory("/data/orders-1"), IsOk());
  ASSERT_THAT(files_.Open("/data/orders-1/mine", OpenMode::kCreate), IsOk());

  EXPECT_THAT(engine_->CreateTopic("orders", {.partitions = 2}),
              HasReason(Reason::kTopicExists));
  EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(files_.Info("/data/orders-1/mine").status(), IsOk());
  EXPECT_THAT(engine_->CreateTopic("orders", {.partitions = 1}), IsOk());
}

TEST_F(EngineTopics, WhatCannotBeRemovedOfOneIsToldAndKeepsNothingElseClosed) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  ASSERT_THAT(engine_->CreateTopic("others"), IsOk());
  Append(0, 3);
  ASSERT_THAT(files_.CreateDirectory("/data/orders-0/precious"), IsOk());

  // Its name is free at once, and what it held is gone.
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete/precious")));
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Append(0);
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete/precious")));
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{1});
  EXPECT_THAT(engine_->OpenPartition("others", PartitionId{0}), IsOk());
  EXPECT_THAT(Leftovers(), SizeIs(1));

  // A directory that is said not to be empty is no other matter.
  Kill();
  files_.Fail(FileCall::kRemove, "-delete", absl::FailedPreconditionError("x"));
  ASSERT_THAT(files_.RemoveDirectory("/data/" + Leftovers()[0] + "/precious"),
              IsOk());
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete")));
  Kill();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_THAT(Leftovers(), IsEmpty());
}

// Immutable, a mount point, not to be listed, on a sector that cannot be read.
TEST_F(EngineTopics, WhatCannotBeEmptiedOfOneKeepsNoTopicClosed) {
  struct {
    FileCall call;
    const char* suffix;
    absl::Status cause;
  } const faults[] = {
      {FileCall::kRemove, ".log", absl::PermissionDeniedError("x")},
      {FileCall::kRemove, "-delete", absl::FailedPreconditionError("x")},
      {FileCall::kList, "-delete", absl::PermissionDeniedError("x")},
      {FileCall::kList, "-delete", MakeError(Reason::kDiskFailed, "x")},
  };
  for (const auto& fault : faults) {
    SCOPED_TRACE(testing::PrintToString(fault.cause));
    ASSERT_THAT(Open(), IsOk());
    ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
    ASSERT_THAT(engine_->CreateTopic("others"), IsOk());
    Append(0, 3);

    // It is gone, and its name is free.
    files_.Fail(fault.call, fault.suffix, fault.cause);
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete")));
    ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
    Append(0);
    Kill();
    files_.Fail(fault.call, fault.suffix, fault.cause);
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete")));
    EXPECT_THAT(engine_->OpenPartition("others", PartitionId{0}), IsOk());
    const auto orders = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(orders, IsOk());
    EXPECT_EQ(orders->log_end(), Offset{1});
    EXPECT_THAT(Leftovers(), SizeIs(1));
    Kill();

    // Once it can go it goes.
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, IsEmpty());
    EXPECT_THAT(Leftovers(), IsEmpty());
    ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
    ASSERT_THAT(engine_->DeleteTopic("others"), IsOk());
    Kill();
  }
}

TEST_F(EngineTopics, UpkeepTriesAgainToRemoveWhatWasLeftAndTellsOfItOnce) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  Append(0, 3);
  files_.Fail(FileCall::kRemove, ".log", absl::PermissionDeniedError("x"));
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  for (int i = 0; i < 3; ++i) ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete")));
  EXPECT_THAT(Leftovers(), SizeIs(1));
  files_.Mend();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(Leftovers(), IsEmpty());
}

// Whoever made it: an id in its directories says that the deletion was ours, or
// the list of topics does.
TEST_F(EngineTopics, ADeletionThatStoppedAnywhereIsEndedByTheNextOpening) {
  for (const bool has_ids : {true, false}) {
    bool stopped = true;
    for (int changes = 0; stopped; ++changes) {
      SCOPED_TRACE(testing::Message() << has_ids << " " << changes);
      if (!has_ids) MakeWithoutId("orders-0");
      if (!has_ids) MakeWithoutId("orders-1");
      ASSERT_THAT(Open(), IsOk());
      if (has_ids) {
        ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
      }
      Append(0, 3);
      Append(1, 3);
      files_.FailAfter(changes);
      // It is gone before the last directories are, which are told of then.
      events_.clear();
      stopped = !engine_->DeleteTopic("orders").ok() || !events_.empty();
      Kill();
      ASSERT_THAT(Open(), IsOk());
      EXPECT_THAT(Leftovers(), IsEmpty());
      EXPECT_THAT(events_, Each(Not(HasSubstr("is left as it is"))));
      // Of what had not begun yet nothing is lost.
      if (const auto topics = engine_->ListTopics(); !topics->empty()) {
        EXPECT_EQ(engine_->OpenPartition("orders", PartitionId{1})->log_end(),
                  Offset{3});
        ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
      }
      Kill();
    }
  }
}

TEST_F(EngineTopics, OneThatCannotGiveItsNameAwayKeepsItAndNothingElseClosed) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  ASSERT_THAT(engine_->CreateTopic("others"), IsOk());
  Append(0, 3);
  Append(1, 3);
  const absl::Status busy = absl::FailedPreconditionError("a mount point");
  files_.Fail(FileCall::kRename, "/orders-0", busy);
  ASSERT_THAT(engine_->DeleteTopic("orders"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  Kill();
  for (int opens = 0; opens < 2; ++opens) {
    files_.Fail(FileCall::kRename, "/orders-0", busy);
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, ElementsAre(HasSubstr("a mount point")));
    EXPECT_THAT(engine_->OpenPartition("others", PartitionId{0}), IsOk());
    EXPECT_THAT(engine_->OpenPartition("orders", PartitionId{0}),
                HasReason(Reason::kUnknownTopic));
    EXPECT_THAT(engine_->CreateTopic("orders"),
                HasReason(Reason::kTopicExists));
    EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(SizeIs(1)));
    EXPECT_THAT(Leftovers(), IsEmpty());
    if (opens == 0) Kill();
  }
  // Whoever deletes it tries again.
  files_.Mend();
  ASSERT_THAT(engine_->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  EXPECT_EQ(engine_->OpenPartition("orders", PartitionId{0})->log_end(),
            Offset{0});
}

TEST_F(EngineTopics, OneWhoseDeletionStoppedIsGoneWhateverCannotBeRemoved) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  Append(0, 3);
  ASSERT_THAT(files_.CreateDirectory("/data/orders-0/precious"), IsOk());
  files_.Fail(FileCall::kRename, "/orders-0",
              MakeError(Reason::kDiskFailed, "no"));
  ASSERT_THAT(engine_->DeleteTopic("orders"), HasReason(Reason::kDiskFailed));
  Kill();
  for (int opens = 0; opens < 2; ++opens) {
    ASSERT_THAT(Open(), IsOk());
    EXPECT_THAT(events_, ElementsAre(HasSubstr("-delete/precious")));
    EXPECT_THAT(engine_->ListTopics(), IsOkAndHolds(IsEmpty()));
    Kill();
  }
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
}

}  // namespace
}  // namespace cauce
