#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/partition.h"
#include "cauce/record_batch.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(StoreCore, AStoreWhoseTopicIsDeletedUnderItSaysSo) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  ASSERT_THAT(rig.engine->DeleteTopic("s-changelog"), IsOk());

  EXPECT_THAT(store.Put("b", "1"), HasReason(Reason::kUnknownTopic));
}

TEST(StoreCore, AChangelogThatIsCutUnderAStoreEndsIt) {
  StoreRig rig;
  {
    auto store = rig.stores->OpenKeyValue("s").value();
    ASSERT_THAT(store.Put("a", "1"), IsOk());
    ASSERT_THAT(store.Put("b", "1"), IsOk());
    auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
    ASSERT_THAT(log.TruncateTo(Offset{1}), IsOk());

    EXPECT_THAT(store.Put("c", "1"), HasReason(Reason::kTruncated));
    EXPECT_THAT(store.Put("d", "1"), HasReason(Reason::kTruncated));
    // It was told before it was too late to try again.
    EXPECT_EQ(log.log_end(), Offset{1});
  }
  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "1")));
}

TEST(StoreCore, WhatOthersAppendToTheChangelogCounts) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "b", .value = "other"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());

  ASSERT_THAT(store.Put("c", "3"), IsOk());

  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "other"), Pair("c", "3")));
}

// A batch of somebody's transaction, which stays open.
void AppendOpen(Partition& log, std::string_view key, std::string_view value) {
  BatchBuilder builder(
      {.transactional = true, .producer_id = {9}, .producer_epoch = 0,
       .base_sequence = 0});
  ASSERT_TRUE(builder.Add({.key = key, .value = value}));
  ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
}

absl::Status Commit(Partition& log) {
  return log
      .EndTransaction({.producer_id = {9},
                       .producer_epoch = 0,
                       .coordinator_epoch = 0,
                       .outcome = TransactionOutcome::kCommit})
      .status();
}

TEST(StoreCore, WhatOthersAppendWithoutASyncIsNoTransaction) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s", {.ack = Ack::kWritten}).value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "b", .value = "other"};
  ASSERT_THAT(log.Append({&record, 1}, {.ack = Ack::kWritten}), IsOk());

  EXPECT_THAT(store.Put("c", "3"), IsOk());

  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "other"), Pair("c", "3")));
}

TEST(StoreCore, ATransactionOfOthersHoldsUpChangesUntilItHasEnded) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  AppendOpen(log, "b", "other");

  EXPECT_THAT(store.Put("c", "3"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(log.log_end(), Offset{2});
  EXPECT_THAT(RowsOf(store.All()), ElementsAre(Pair("a", "1")));
  ASSERT_THAT(Commit(log), IsOk());
  EXPECT_THAT(store.Put("c", "3"), IsOk());
  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "other"), Pair("c", "3")));
}

TEST(StoreCore, AnAppendOfOthersRightInFrontOfOnesOwnCounts) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  rig.tables.BeforeNextGet([&] {
    const Record record{.key = "b", .value = "other"};
    ASSERT_THAT(log.Append({&record, 1}), IsOk());
  });

  EXPECT_THAT(store.PutIfAbsent("a", "1"), IsOk());

  EXPECT_EQ(store.applied(), Offset{2});
  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "other")));
}

TEST(StoreCore, AChangeBehindATransactionOfOthersIsNotToldAsUndone) {
  StoreRig rig;
  auto log = [&] {
    auto store = rig.stores->OpenKeyValue("s").value();
    auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
    rig.tables.BeforeNextGet([&] { AppendOpen(log, "b", "other"); });

    // It may not be repeated, though its cause alone may be tried again.
    EXPECT_THAT(store.PutIfAbsent("a", "1"), HasReason(Reason::kDiskFailed));
    EXPECT_THAT(store.Put("c", "1"), HasReason(Reason::kDiskFailed));
    EXPECT_EQ(log.log_end(), Offset{2});
    EXPECT_THAT(RowsOf(store.All()), IsEmpty());
    return log;
  }();
  EXPECT_THAT(AllOf(rig), IsEmpty());
  ASSERT_THAT(Commit(log), IsOk());
  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "1"), Pair("b", "other")));
}

TEST(StoreCore, ARecordThatNoStoreWritesFailsAChangeInFrontOfItsAppend) {
  StoreRig rig;
  auto store =
      rig.stores->OpenWindow("s", {.retention = absl::Hours(1)}).value();
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "short", .value = "1"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());

  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_THAT(store.Put("a", "1", Timestamp{1}),
                HasReason(Reason::kInvalidRecord));
    EXPECT_EQ(log.log_end(), Offset{1});
  }
}

TEST(StoreCore, ATableThatFailsEndsTheStoreButNotTheChange) {
  for (const Reason reason : {Reason::kDiskFull, Reason::kInvalidRecord}) {
    StoreRig rig;
    {
      auto store = rig.stores->OpenKeyValue("s").value();
      ASSERT_THAT(store.Put("a", "1"), IsOk());
      rig.tables.FailNextWrite(MakeError(reason, "full"));

      // Not the table's reason: "nothing was changed" would be no truth.
      EXPECT_THAT(store.Put("b", "1"), HasReason(Reason::kDiskFailed));
      EXPECT_THAT(RowsOf(store.All()), ElementsAre(Pair("a", "1")));
      EXPECT_THAT(store.Put("c", "1"), HasReason(Reason::kDiskFailed));
    }
    EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "1"), Pair("b", "1")));
  }
}

TEST(StoreCore, AFullTableFailsAChangeInFrontOfItsAppendAndPasses) {
  StoreRig rig;
  auto store = rig.stores->OpenKeyValue("s").value();
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "b", .value = "other"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());
  rig.tables.FailNextWrite(MakeError(Reason::kDiskFull, "full"));

  EXPECT_THAT(store.Put("a", "1"), HasReason(Reason::kDiskFull));
  EXPECT_EQ(log.log_end(), Offset{1});
  EXPECT_THAT(store.Put("a", "1"), IsOk());
  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "other")));
}

TEST(StoreCore, AFullDiskChangesNothingAndPasses) {
  SimClock clock;
  FaultyDisk disk(clock);
  StoreRig rig(&disk);
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  disk.set_plan([](DiskCall call, std::string_view, int64_t) -> absl::Status {
    if (call != DiskCall::kWrite) return absl::OkStatus();
    return MakeError(Reason::kDiskFull, "no room");
  });

  EXPECT_THAT(store.Put("b", "1"), HasReason(Reason::kDiskFull));
  EXPECT_THAT(RowsOf(store.All()), ElementsAre(Pair("a", "1")));
  disk.set_plan(nullptr);
  EXPECT_THAT(store.Put("b", "2"), IsOk());
  EXPECT_THAT(RowsOf(store.All()),
              ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(StoreCore, ASyncThatFailsEndsTheStoreUntilItIsReopened) {
  SimClock clock;
  FaultyDisk disk(clock);
  auto rig = std::make_unique<StoreRig>(&disk);
  auto store =
      std::make_unique<KeyValueStore>(rig->stores->OpenKeyValue("s").value());
  ASSERT_THAT(store->Put("a", "1"), IsOk());
  disk.set_plan([](DiskCall call, std::string_view, int64_t) -> absl::Status {
    if (call != DiskCall::kSync) return absl::OkStatus();
    return MakeError(Reason::kDiskFailed, "EIO");
  });

  EXPECT_THAT(store->Put("b", "1"), HasReason(Reason::kDiskFailed));
  disk.set_plan(nullptr);
  EXPECT_THAT(store->Put("c", "1"), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(RowsOf(store->All()), ElementsAre(Pair("a", "1")));
}

TEST(StoreCore, PersistAndCloseMakeTheLogDurableWhateverKeepsTheTable) {
  StoreRig rig;
  auto stores =
      Stores::Open(*rig.engine, {.backend = NewMemoryStateBackend()}).value();
  auto store = stores.OpenKeyValue("s", {.ack = Ack::kWritten}).value();
  const auto log =
      rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  ASSERT_THAT(store.Put("a", "1"), IsOk());
  ASSERT_LT(log.durable_end(), log.log_end());

  ASSERT_THAT(store.Persist(), IsOk());
  EXPECT_EQ(log.durable_end(), log.log_end());
  ASSERT_THAT(store.Put("b", "1"), IsOk());
  ASSERT_THAT(store.Close(), IsOk());
  EXPECT_EQ(log.durable_end(), log.log_end());
}

}  // namespace
}  // namespace cauce::test
