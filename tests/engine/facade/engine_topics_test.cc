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
#include "tests/engine/facade/found_topics.h"
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
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using EngineTopics = test::FoundTopics;

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

}  // namespace
}  // namespace cauce
