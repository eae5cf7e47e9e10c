// A table that is lost, partial, behind, ahead or another's (fault 66): what a
// store shows is what its changelog says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/append.h"
#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "cauce/state_store.h"
#include "cauce/stores.h"
#include "engine/state/store_mark.h"
#include "fmt/format.h"
#include "tests/engine/state/store_rig.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(StoreRecovery, AWipedTableIsMadeFromTheChangelog) {
  StoreRig rig;
  Fill(rig);
  rig.tables.Wipe();

  std::vector<RestoreProgress> told;
  rig.options.progress = [&](const RestoreProgress& at) { told.push_back(at); };
  rig.OpenStores();

  EXPECT_EQ(AllOf(rig), kFilled);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().at, told.back().end);
  EXPECT_EQ(told.back().records, 3);
  EXPECT_EQ(told.back().bytes, 6);
}

TEST(StoreRecovery, ATableThatCannotBeReadIsMadeAnewAndTold) {
  for (const Reason reason :
       {Reason::kCorruptFile, Reason::kUnsupportedFormat}) {
    StoreRig rig;
    Fill(rig);
    rig.tables.Damage(MakeError(reason, "table 7 is spoiled"));

    EXPECT_EQ(AllOf(rig), kFilled);
    EXPECT_TRUE(rig.Told("table 7 is spoiled"));
  }
}

TEST(StoreRecovery, ATableThatIsFoundDamagedByItsOpeningIsOpenedAgain) {
  StoreRig rig;
  Fill(rig);
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "b", .value = "more"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());
  rig.tables.FailNextWrite(MakeError(Reason::kCorruptFile, "block 7"));

  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "a"), Pair("b", "more"),
                                      Pair("c", "c")));
}

TEST(StoreRecovery, ATableWhoseErrorMayPassIsLeftAlone) {
  StoreRig rig;
  Fill(rig);
  rig.tables.Damage(absl::PermissionDeniedError("not yours"));

  EXPECT_THAT(rig.stores->OpenKeyValue("s"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  rig.tables.Damage(absl::OkStatus());
  EXPECT_EQ(AllOf(rig), kFilled);
}

// The mark of the one table, changed.
void ChangeMark(StoreRig& rig, const std::function<void(StoreMark&)>& change) {
  auto table = rig.tables.only();
  StoreMark mark = ParseStoreMark(table.mark).value();
  change(mark);
  table.mark = EncodeStoreMark(mark);
  // What such a table holds is not to be seen.
  table.rows = {{"stale", "1"}};
  rig.tables.set_only(table);
}

TEST(StoreRecovery, ATableThatDoesNotFitIsMadeAnew) {
  const std::vector<std::function<void(StoreMark&)>> changes = {
      [](StoreMark& mark) { mark.applied = Offset{4}; },  // ahead of the log
      [](StoreMark& mark) { mark.topic.bytes[0] ^= 1; },
      [](StoreMark& mark) { mark.partition.value = 1; },
      [](StoreMark& mark) { mark.kind = StoreKind::kTimestamped; },
      [](StoreMark& mark) { mark.segment_ms = 5; },
      [](StoreMark& mark) { mark.last_record ^= 1; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    StoreRig rig;
    Fill(rig);
    ChangeMark(rig, changes[i]);

    EXPECT_EQ(AllOf(rig), kFilled);
    EXPECT_TRUE(rig.Told("made anew"));
    EXPECT_EQ(AllOf(rig), kFilled);
  }
}

TEST(StoreRecovery, AMarkThatIsSpoiledCountsAsADamagedTable) {
  StoreRig rig;
  Fill(rig);
  for (size_t i = 0; i < kStoreMarkBytes; ++i) {
    auto table = rig.tables.only();
    table.mark[i] ^= 0x40;
    table.rows.clear();
    rig.tables.set_only(table);
    EXPECT_EQ(AllOf(rig), kFilled) << i;
  }
}

TEST(StoreRecovery, AChangelogThatWasCutTakesItsTableBack) {
  StoreRig rig;
  Fill(rig);
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  ASSERT_THAT(log.TruncateTo(Offset{1}), IsOk());
  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "a")));

  // And grown again beyond the table.
  Fill(rig);
  ASSERT_THAT(log.TruncateTo(Offset{1}), IsOk());
  for (const auto* key : {"x", "y", "z"}) {
    const Record record{.key = key, .value = "new"};
    ASSERT_THAT(log.Append({&record, 1}), IsOk());
  }
  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("a", "a"), Pair("x", "new"),
                                      Pair("y", "new"), Pair("z", "new")));
}

TEST(StoreRecovery, ALogStartBeyondTheTableMakesItAnew) {
  StoreRig rig;
  Fill(rig);
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  ChangeMark(rig, [](StoreMark& mark) {
    mark.applied = Offset{1};
    mark.last_record = 0;
  });
  ASSERT_THAT(log.DeleteRecordsBefore(Offset{2}), IsOk());

  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("c", "c")));
}

// Store `s` with a row that is deleted soon.
KeyValueStore OpenWithARow(StoreRig& rig) {
  auto store =
      rig.stores
          ->OpenKeyValue("s", {.configs = {{"delete.retention.ms", "1000"}}})
          .value();
  EXPECT_THAT(store.Put("deleted", "1"), IsOk());
  return store;
}

// Behind its store somebody else has appended so many rows, and the deletion of
// the store's row, an hour ago, which compaction has dropped.
void DeleteInTheLog(StoreRig& rig, int others) {
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  BatchBuilder builder({}, 1 << 20);
  for (int i = 0; i < others; ++i) {
    const std::string key = fmt::format("{}", i);
    ASSERT_TRUE(builder.Add({.key = key, .value = "1"}));
  }
  ASSERT_TRUE(builder.Add({.key = "deleted", .value = std::nullopt}));
  ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
  ASSERT_THAT(log.Compact(), IsOk());
  rig.clock.Advance(absl::Hours(1));
  // Without anything new there is no second pass.
  const Record last{.key = "last", .value = "end"};
  ASSERT_THAT(log.Append({&last, 1}), IsOk());
  ASSERT_THAT(log.Compact(), IsOk());
  Cursor cursor = log.Read(log.log_start());
  RecordView record;
  while (cursor.Next(&record).value()) ASSERT_NE(record.key, "deleted");
}

void DeleteBehind(StoreRig& rig, int others) {
  { OpenWithARow(rig); }
  DeleteInTheLog(rig, others);
}

TEST(StoreRecovery, DeletionsCompactedAwayUnderAnOpenStoreEndIt) {
  StoreRig rig;
  {
    auto store = OpenWithARow(rig);
    DeleteInTheLog(rig, 1);
    auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
    const Offset end = log.log_end();

    EXPECT_THAT(store.Put("a", "1"), HasReason(Reason::kTruncated));
    EXPECT_THAT(store.Put("a", "1"), HasReason(Reason::kTruncated));
    EXPECT_EQ(log.log_end(), end);
  }
  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("0", "1"), Pair("last", "end")));
}

TEST(StoreRecovery, DeletionsThatMayBeCompactedAwayMakeATableAnew) {
  StoreRig rig;
  DeleteBehind(rig, 1);

  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("0", "1"), Pair("last", "end")));
}

TEST(StoreRecovery, AMarkOfTheFutureVouchesForNoDeletion) {
  StoreRig rig;
  DeleteBehind(rig, 1);
  auto table = rig.tables.only();
  StoreMark mark = ParseStoreMark(table.mark).value();
  mark.written = Timestamp::From(rig.clock.Now() + absl::Hours(24));
  table.mark = EncodeStoreMark(mark);
  rig.tables.set_only(table);

  EXPECT_THAT(AllOf(rig), ElementsAre(Pair("0", "1"), Pair("last", "end")));
}

TEST(StoreRecovery, AnInterruptedCatchUpVouchesForNoDeletion) {
  StoreRig rig;
  DeleteBehind(rig, 20'000);
  Offset reached{0};
  rig.options.progress = [&](const RestoreProgress& at) {
    reached = at.at;
    rig.tables.FailNextWrite(MakeError(Reason::kDiskFailed, "EIO"));
  };
  rig.OpenStores();
  ASSERT_THAT(rig.stores->OpenKeyValue("s"), HasReason(Reason::kDiskFailed));
  // It has taken a part, which was persisted with a mark of its own.
  ASSERT_EQ(ParseStoreMark(rig.tables.only().mark)->applied, reached);
  ASSERT_GT(reached, Offset{1});
  ASSERT_LT(reached, Offset{20'000});

  rig.options.progress = nullptr;
  rig.OpenStores();
  const Rows found = AllOf(rig);
  EXPECT_FALSE(found.contains("deleted"));
  EXPECT_EQ(found.size(), 20'001u);
}

// Appends something new, without which there is no pass, and compacts.
void CompactOnce(StoreRig& rig) {
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "new", .value = "1"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());
  ASSERT_THAT(log.Compact(), IsOk());
}

// Has somebody else append many rows, and the deletion of the store's own.
void AppendManyAndTheDeletion(StoreRig& rig) {
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  BatchBuilder builder({}, 1 << 20);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = fmt::format("{}", i);
    ASSERT_TRUE(builder.Add({.key = key, .value = "1"}));
  }
  ASSERT_TRUE(builder.Add({.key = "deleted", .value = std::nullopt}));
  ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
}

// `call` at the first so many times that a store tells how far it is.
void CallWhileItReads(StoreRig& rig, int times, std::function<void()> call) {
  rig.options.progress = [times, call](const RestoreProgress& at) mutable {
    if (at.at < at.end && times-- > 0) call();
  };
  rig.OpenStores();
}

// Two passes, of which the second drops what was deleted before the first.
void DropDeletions(StoreRig& rig) {
  CompactOnce(rig);
  rig.clock.Advance(absl::Hours(1));
  CompactOnce(rig);
}

TEST(StoreRecovery, ADeletionCompactedAwayInFrontOfACatchUpCounts) {
  StoreRig rig;
  { OpenWithARow(rig); }
  AppendManyAndTheDeletion(rig);
  CompactOnce(rig);
  // The mark is young enough as the catch-up begins, and not as it ends.
  rig.clock.Advance(absl::Milliseconds(999));
  CallWhileItReads(rig, 1, [&] { DropDeletions(rig); });

  const Rows found = AllOf(rig);

  EXPECT_TRUE(rig.Told("deletions that it has not seen"));
  EXPECT_FALSE(found.contains("deleted"));
  // What others append under an opening is not meant.
  EXPECT_EQ(found.size(), 20'000u);
}

TEST(StoreRecovery, ADeletionCompactedAwayInFrontOfARebuildCounts) {
  StoreRig rig;
  { OpenWithARow(rig); }
  AppendManyAndTheDeletion(rig);
  rig.tables.Wipe();
  CallWhileItReads(rig, 1, [&] { DropDeletions(rig); });

  const Rows found = AllOf(rig);

  EXPECT_TRUE(rig.Told("deletions that it has not seen"));
  EXPECT_FALSE(found.contains("deleted"));
  // What others append under an opening is not meant.
  EXPECT_EQ(found.size(), 20'000u);
}

TEST(StoreRecovery, ADeletionCompactedAwayInFrontOfAReaderCounts) {
  SimClock clock;
  FaultyDisk disk(clock);
  StoreRig rig(&disk);
  { OpenWithARow(rig); }
  CompactOnce(rig);  // the row is in a segment of its own, with `new`
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record deletion{.key = "deleted", .value = std::nullopt};
  ASSERT_THAT(log.Append({&deletion, 1}), IsOk());
  auto reading =
      Engine::Open("/data", rig.EngineOptionsOf(Access::kReadOnly)).value();
  auto beside = Stores::Open(reading, {.backend = NewMemoryStateBackend()});
  ASSERT_THAT(beside, IsOk());
  // Once the row is read, and the deletion is not.
  bool read = false;
  bool dropped = false;
  disk.set_plan([&](DiskCall call, std::string_view path, int64_t) {
    if (dropped) return absl::OkStatus();
    read = read || (call == DiskCall::kRead &&
                    path.ends_with("00000000000000000000.log"));
    if (read && path.ends_with("00000000000000000002.log")) {
      dropped = true;
      DropDeletions(rig);
    }
    return absl::OkStatus();
  });

  auto store = beside->OpenKeyValue("s");

  EXPECT_TRUE(dropped);
  ASSERT_THAT(store, IsOk());
  EXPECT_FALSE(RowsOf(store->All()).contains("deleted"));
}

TEST(StoreRecovery, ARebuildThatCompactionAlwaysOvertakesIsRefused) {
  StoreRig rig;
  { OpenWithARow(rig); }
  AppendManyAndTheDeletion(rig);
  rig.tables.Wipe();
  int readings = 0;
  CallWhileItReads(rig, 1000, [&] {
    ++readings;
    DropDeletions(rig);
  });

  EXPECT_THAT(rig.stores->OpenKeyValue("s"),
              StatusIs(absl::StatusCode::kAborted));

  EXPECT_GE(readings, 3);
  // Nothing of it is believed, and nothing is in the way.
  CallWhileItReads(rig, 0, [] {});
  const Rows found = AllOf(rig);
  EXPECT_FALSE(found.contains("deleted"));
  EXPECT_EQ(found.size(), 20'001u);
}

TEST(StoreRecovery, ARebuildPassesTheGapsThatWereThereBefore) {
  StoreRig rig;
  { OpenWithARow(rig); }
  AppendManyAndTheDeletion(rig);
  DropDeletions(rig);
  rig.tables.Wipe();
  int readings = 0;
  // However long it takes, and whatever is appended meanwhile.
  CallWhileItReads(rig, 1, [&] {
    ++readings;
    rig.clock.Advance(absl::Hours(1));
    auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
    const Record record{.key = "later", .value = "1"};
    ASSERT_THAT(log.Append({&record, 1}), IsOk());
  });

  EXPECT_EQ(AllOf(rig).size(), 20'001u);

  EXPECT_EQ(readings, 1);
  EXPECT_FALSE(rig.Told("made anew"));
}

TEST(StoreRecovery, OpensInFrontOfAnOpenTransactionAndGoesOnBehindIt) {
  StoreRig rig;
  Fill(rig);
  rig.tables.Wipe();
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const auto write = [&](const char* value, int32_t sequence) {
    BatchBuilder builder({.transactional = true,
                          .producer_id = {9},
                          .producer_epoch = 0,
                          .base_sequence = sequence});
    EXPECT_TRUE(builder.Add({.key = "a", .value = value}));
    EXPECT_THAT(log.Append(builder.Finish().value()), IsOk());
  };
  write("aborted", 0);

  {
    auto store = rig.stores->OpenKeyValue("s").value();
    EXPECT_TRUE(rig.Told("a transaction is open in it from offset 3"));
    EXPECT_EQ(RowsOf(store.All()), kFilled);
    EXPECT_EQ(store.applied(), Offset{3});
    EXPECT_THAT(store.Put("d", "d"),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(log.log_end(), Offset{4});
    ASSERT_THAT(log.EndTransaction({.producer_id = {9},
                                    .producer_epoch = 0,
                                    .coordinator_epoch = 0,
                                    .outcome = TransactionOutcome::kAbort}),
                IsOk());
    EXPECT_THAT(store.Delete("c"), IsOk());
    EXPECT_THAT(RowsOf(store.All()),
                ElementsAre(Pair("a", "a"), Pair("b", "b")));
  }
  EXPECT_EQ(AllOf(rig).size(), 2u);
  write("committed", 1);
  auto store = rig.stores->OpenKeyValue("s").value();
  ASSERT_THAT(log.EndTransaction({.producer_id = {9},
                                  .producer_epoch = 0,
                                  .coordinator_epoch = 0,
                                  .outcome = TransactionOutcome::kCommit}),
              IsOk());
  EXPECT_THAT(store.Put("d", "d"), IsOk());
  EXPECT_EQ(store.Get("a").value(), "committed");
}

TEST(StoreRecovery, WhatStandsBehindAnOpenTransactionMayBeOld) {
  StoreRig rig;
  Fill(rig);
  const auto written = [&] {
    return ParseStoreMark(rig.tables.only().mark)->written;
  };
  const Timestamp filled = written();
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "d", .value = "d"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());
  BatchBuilder builder(
      {.transactional = true, .producer_id = {9}, .producer_epoch = 0,
       .base_sequence = 0});
  ASSERT_TRUE(builder.Add({.key = "a", .value = std::nullopt}));
  ASSERT_THAT(log.Append(builder.Finish().value()), IsOk());
  rig.clock.Advance(absl::Hours(1));

  EXPECT_EQ(AllOf(rig).size(), 4u);

  EXPECT_EQ(ParseStoreMark(rig.tables.only().mark)->applied, Offset{4});
  EXPECT_EQ(written(), filled);
}

TEST(StoreRecovery, AnAppendBesideAnOpeningIsNoTransaction) {
  SimClock clock;
  FaultyDisk disk(clock);
  StoreRig rig(&disk);
  Fill(rig);
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const auto append = [&](std::string_view key) {
    const Record record{.key = key, .value = key};
    return log.Append({&record, 1}, {.ack = Ack::kWritten}).status();
  };
  ASSERT_THAT(append("d"), IsOk());
  bool beside = false;
  disk.set_plan([&](DiskCall call, std::string_view, int64_t) {
    if (call != DiskCall::kSync || beside) return absl::OkStatus();
    beside = true;
    return append("e");
  });

  auto store = rig.stores->OpenKeyValue("s");

  ASSERT_THAT(store, IsOk());
  EXPECT_TRUE(beside);
  EXPECT_TRUE(RowsOf(store->All()).contains("d"));
  EXPECT_THAT(store->Put("f", "f"), IsOk());
  EXPECT_EQ(RowsOf(store->All()).size(), 6u);
}

TEST(StoreRecovery, ARecordThatNoStoreWritesIsAnError) {
  StoreRig rig;
  {
    ASSERT_THAT(rig.stores->OpenWindow("s", {.retention = absl::Hours(1)}),
                IsOk());
  }
  auto log = rig.engine->OpenPartition("s-changelog", PartitionId{0}).value();
  const Record record{.key = "short", .value = "1"};
  ASSERT_THAT(log.Append({&record, 1}), IsOk());

  EXPECT_THAT(rig.stores->OpenWindow("s", {}),
              HasReason(Reason::kInvalidRecord));
}

}  // namespace
}  // namespace cauce::test
