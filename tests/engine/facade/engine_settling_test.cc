// What an opening makes of the topics that it finds: deletions that stopped are
// ended, what is new is taken in, and nothing of another topic goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/partition.h"
#include "engine/catalog/whole_file.h"
#include "tests/engine/facade/found_topics.h"
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

using SettledTopics = test::FoundTopics;

// Else damage to the newer one, years later, would bring the older one back.
TEST_F(SettledTopics, AnOlderCopyOfTheListIsWrittenAgainByTheNextOpening) {
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

// A stop in the middle of a deletion, and directories that were exchanged
// before the next opening: it finishes the deletion of what is the topic's
// alone.
TEST_F(SettledTopics, AnUnfinishedDeletionTakesNothingOfAnotherTopic) {
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
TEST_F(SettledTopics, AnUnfinishedDeletionWaitsForADiskThatCannotBeRead) {
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

TEST_F(SettledTopics, ATopicThatIsTakenInIsToldOnce) {
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

TEST_F(SettledTopics, WhatCannotBeRemovedOfOneIsToldAndKeepsNothingElseClosed) {
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
TEST_F(SettledTopics, WhatCannotBeEmptiedOfOneKeepsNoTopicClosed) {
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

TEST_F(SettledTopics, UpkeepTriesAgainToRemoveWhatWasLeftAndTellsOfItOnce) {
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
TEST_F(SettledTopics, ADeletionThatStoppedAnywhereIsEndedByTheNextOpening) {
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

TEST_F(SettledTopics, OneThatCannotGiveItsNameAwayKeepsItAndNothingElseClosed) {
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

TEST_F(SettledTopics, OneWhoseDeletionStoppedIsGoneWhateverCannotBeRemoved) {
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
