// What compaction and producers make of each other, in one log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/compaction.h"
#include "engine/log/end_marker.h"
#include "engine/log/log.h"
#include "engine/log/log_cursor.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr CursorOptions kCommitted{.isolation = Isolation::kReadCommitted};
constexpr absl::Duration kDeleteRetention = absl::Hours(1);
constexpr absl::Duration kExpiration = absl::Hours(24);  // of producers

class CompactedTransactionsTest : public test::LogFixture {
 protected:
  CompactedTransactionsTest() {
    config().cleanup = {.remove = false, .compact = true};
    config().min_cleanable_dirty_ratio = 0;
    config().delete_retention = kDeleteRetention;
    config().segment_bytes = 400;
    config().flush = FlushPolicy::kOs;
  }

  Offset Send(const OwnedBatch& batch) {
    const auto result = log().Append(batch.view(), {});
    EXPECT_THAT(result, IsOk());
    return result.ok() ? result->base : Offset{};
  }
  Offset End(const TransactionEnd& end) {
    const auto result = log().EndTransaction(end, {});
    EXPECT_THAT(result, IsOk());
    return result.ok() ? result->base : Offset{};
  }
  // Records of nobody, with a key each, that fill some segments.
  void Fill(int records = 12) {
    for (int i = 0; i < records; ++i) {
      const std::string key = fmt::format("f{}", filled_++);
      Send(
          test::BatchOf({{.key = key, .value = "v", .timestamp = rig_.now()}}));
    }
  }
  // A pass over everything that there is.
  absl::Status Compact() {
    const CompactionOrder order{.now = rig_.clock().Now(),
                                .on_demand = true,
                                .memory_bytes_max = 1 << 20};
    if (auto rolled = log().RollToCompact(); !rolled.ok()) return rolled;
    if (auto flushed = log().Flush(); !flushed.ok()) return flushed;
    auto pass = log().BeginCompaction(order);
    if (!pass.ok()) return pass.status();
    if (*pass == nullptr) return absl::OkStatus();
    for (;;) {
      const auto over = (*pass)->Work(1);
      if (!over.ok()) return over.status();
      if (*over) return log().EndCompaction(**pass);
    }
  }
  // One that finds something new to go over, so much later.
  absl::Status CompactAfter(absl::Duration time) {
    rig_.clock().Advance(time);
    Fill();
    return Compact();
  }

  std::vector<int64_t> Markers() {
    std::vector<int64_t> markers;
    LogCursor cursor(rig_.shared_log(), log().log_start(), {});
    RecordBatch batch;
    for (;;) {
      const auto more = cursor.NextBatch(&batch);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return markers;
      if (ParseEndMarker(batch)) markers.push_back(batch.base_offset().value);
    }
  }
  // What the `.txnindex` files say, in their order.
  std::vector<AbortedTransaction> Listed() {
    std::vector<AbortedTransaction> all;
    const auto set = log().segments();
    for (const auto& segment : set->segments()) {
      const auto list =
          ReadAborted(rig_.disk().files(), log().directory(), segment->base());
      EXPECT_THAT(list, IsOk());
      if (!list.ok()) continue;
      all.insert(all.end(), list->entries().begin(), list->entries().end());
    }
    return all;
  }
  // Of the key that all batches of producers have.
  absl::StatusOr<std::vector<std::string>> Committed() {
    std::vector<std::string> values;
    LogCursor cursor(rig_.shared_log(), log().log_start(), kCommitted);
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      if (!more.ok()) return more.status();
      if (!*more) return values;
      if (record.key == "k") values.emplace_back(*record.value);
    }
  }

  int filled_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Disks, CompactedTransactionsTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(CompactedTransactionsTest, WhatWasAbortedGoesAndItsMarkerLater) {
  Open();
  TestProducer one(1);
  Send(one.Plain({"old"}));            // 0
  Send(one.InTransaction({"never"}));  // 1
  End(one.Abort());                    // 2
  Send(one.InTransaction({"new"}));    // 3
  End(one.Commit());                   // 4
  const AbortedTransaction aborted{one.id(), {1}, {2}, {3}};
  ASSERT_THAT(Listed(), ElementsAre(aborted));

  ASSERT_THAT(CompactAfter(absl::ZeroDuration()), IsOk());
  EXPECT_THAT(Committed(), IsOkAndHolds(ElementsAre("new")));
  EXPECT_THAT(test::ReadValues(rig_.shared_log(), {1}),
              IsOkAndHolds(::testing::Not(::testing::Contains("never"))));
  EXPECT_THAT(Markers(), ElementsAre(2, 4));
  EXPECT_THAT(Listed(), ElementsAre(aborted));

  ASSERT_THAT(CompactAfter(kDeleteRetention), IsOk());
  EXPECT_THAT(Markers(), ElementsAre(4));
  EXPECT_THAT(Listed(), IsEmpty());
  EXPECT_THAT(Committed(), IsOkAndHolds(ElementsAre("new")));
}

// Several segments become one, and so do their lists.
TEST_P(CompactedTransactionsTest, ListsOfMergedSegmentsAreOne) {
  config().segment_bytes = 150;
  Open();
  std::vector<AbortedTransaction> aborted;
  for (int64_t id = 1; id <= 6; ++id) {
    TestProducer producer(id);
    const Offset first = Send(producer.InTransaction({"a"}));
    const Offset last = End(producer.Abort());
    aborted.push_back({producer.id(), first, last, last + 1});
  }
  ASSERT_GT(Logs().size(), 3u);
  config().segment_bytes = 4000;
  log().SetConfig(config(), false);
  const size_t before = rig_.disk().Names(".txnindex").size();

  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(rig_.disk().Names(".txnindex"), SizeIs(1));
  EXPECT_LT(1u, before);
  EXPECT_EQ(Listed(), aborted);
  EXPECT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_EQ(Listed(), aborted);
}

// Of names that no sync covers the power may take any: with a source's log that
// is there again recovery would take the list beside it for that one's.
TEST_P(CompactedTransactionsTest, ASwapTakesNamesOnceThoseInItsWayAreGone) {
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  End(one.Abort());
  ASSERT_THAT(Compact(), IsOk());

  std::vector<std::string> steps;
  for (const std::string& change : rig_.disk().files().changes()) {
    for (const std::string_view step :
         {".log.swap", ".log.deleted", ".txnindex.deleted", "0.txnindex",
          "0.log"}) {
      const bool is_it = change.starts_with("rename to ") &&
                         change.ends_with(step);
      if (is_it) steps.emplace_back(step);
    }
    const bool is_synced = change == "sync " + rig_.disk().directory();
    if (is_synced && !steps.empty() && steps.back() != "sync") {
      steps.emplace_back("sync");
    }
  }
  EXPECT_THAT(steps, ElementsAre(".log.swap", "sync", ".log.deleted",
                                 ".txnindex.deleted", "sync", "0.txnindex",
                                 "sync", "0.log", "sync"));
}

TEST_P(CompactedTransactionsTest, ARetryIsKnownWhenItsRecordsAreGone) {
  Open();
  TestProducer one(1);
  Send(one.Plain({"old"}));
  const OwnedBatch last = one.Plain({"newer"});
  const Offset first = Send(last);
  Send(test::Batch({"newest"}, rig_.now()));
  ASSERT_THAT(CompactAfter(absl::ZeroDuration()), IsOk());
  ASSERT_THAT(Committed(), IsOkAndHolds(ElementsAre("newest")));

  // Also by who has the log alone to go by.
  ASSERT_THAT(rig_.Close(), IsOk());
  for (const std::string& name : rig_.disk().Names(".snapshot")) {
    rig_.disk().Remove(name);
  }
  Open();
  EXPECT_EQ(Send(last), first);
  EXPECT_THAT(log().Append(one.Plain({"next"}).view(), {}), IsOk());
}

// Or nobody would ever end it again.
TEST_P(CompactedTransactionsTest, NoSnapshotCallsWhatHasEndedOpen) {
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"a"}));
  Fill();
  // In front of the marker there is a snapshot, and those behind it get lost.
  const Offset marker = End(one.Abort());
  ASSERT_THAT(rig_.disk().Names(".snapshot"), ::testing::Not(IsEmpty()));
  rig_.clock().Advance(kExpiration);
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  ASSERT_THAT(CompactAfter(absl::ZeroDuration()), IsOk());
  ASSERT_THAT(Markers(), ElementsAre(marker.value));
  ASSERT_THAT(CompactAfter(kDeleteRetention), IsOk());
  ASSERT_THAT(Markers(), IsEmpty());
  ASSERT_THAT(rig_.Close(), IsOk());
  for (const std::string& name : rig_.disk().Names(".snapshot")) {
    if (name > SegmentFileName(marker, ".snapshot")) rig_.disk().Remove(name);
  }
  Open();
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(log().log_end()));
}

// Between the batch and its marker both are taken out, by two passes.
TEST_P(CompactedTransactionsTest, ReadersTakeNoOtherMarkerForOneThatIsGone) {
  config().delete_retention = absl::ZeroDuration();
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  End(one.Abort());
  Send(one.InTransaction({"kept"}));
  End(one.Commit());
  Fill();
  // Nothing is left of the cursor's own reading when it looks for the marker.
  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  int reads = 0;
  rig_.disk().files().set_during(FileCall::kRead, ".log", [&] {
    if (++reads != 2) return;
    EXPECT_THAT(Compact(), IsOk());
    EXPECT_THAT(CompactAfter(absl::Milliseconds(1)), IsOk());
    EXPECT_THAT(Markers(), ElementsAre(3));
  });
  // By batches: who reads records looks at what is there once more.
  RecordBatch batch;
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_GT(reads, 2);
  EXPECT_EQ(batch.base_offset(), Offset{2});
  rig_.disk().files().Mend();
}

// Another process, that is: nobody tells it that a batch it has read is gone.
TEST_P(CompactedTransactionsTest, NorDoReadersBesideIt) {
  config().delete_retention = absl::ZeroDuration();
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  Fill(14);
  End(one.Abort());
  Send(one.InTransaction({"kept"}));
  End(one.Commit());
  Fill();
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor cursor(*reader, Offset{0}, kCommitted);
  ASSERT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(log().log_end()));
  // Both markers stand in one segment, and it comes to that by its name when
  // another file bears it: one that can be read up to the marker that is left.
  const Offset base = log().segments()->Find(Offset{15})->base();
  ASSERT_EQ(log().segments()->Find(Offset{17})->base(), base);
  for (int i = 0; i < 2; ++i) rig_.disk().pool()->CloseIdle();
  int opens = 0;
  const std::string name = SegmentFileName(base, kLogSuffix);
  rig_.disk().files().set_during(FileCall::kOpen, name, [&] {
    if (++opens != 1) return;
    EXPECT_THAT(Compact(), IsOk());
    EXPECT_THAT(CompactAfter(absl::Milliseconds(1)), IsOk());
    EXPECT_THAT(Markers(), ElementsAre(17));
    EXPECT_EQ(log().segments()->Find(Offset{17})->base(), base);
  });
  std::vector<std::string> values;
  RecordView record;
  for (;;) {
    const auto more = cursor.Next(&record);
    ASSERT_THAT(more, IsOk());
    if (!*more) break;
    if (record.key == "k") values.emplace_back(*record.value);
  }
  rig_.disk().files().Mend();
  EXPECT_GT(opens, 1);
  EXPECT_THAT(values, ElementsAre("kept"));
}

TEST_P(CompactedTransactionsTest, NorWhereWhatTheyReadWasDeleted) {
  config().delete_retention = absl::ZeroDuration();
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  Fill(14);
  End(one.Abort());
  Send(one.InTransaction({"kept"}));
  End(one.Commit());
  Fill();
  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  // It has come to the segment in front of the markers when all of these go.
  const Offset before = log().segments()->Find(Offset{14})->base();
  ASSERT_EQ(log().segments()->Find(Offset{15})->base(), Offset{15});
  int reads = 0;
  const std::string name = SegmentFileName(before, kLogSuffix);
  rig_.disk().files().set_during(FileCall::kRead, name, [&] {
    if (++reads != 1) return;
    EXPECT_THAT(log().DeleteRecordsBefore(Offset{15}), IsOk());
    EXPECT_THAT(Compact(), IsOk());
    EXPECT_THAT(CompactAfter(absl::Milliseconds(1)), IsOk());
    EXPECT_THAT(Markers(), ElementsAre(17));
  });
  RecordView record;
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kOffsetOutOfRange));
  rig_.disk().files().Mend();
  EXPECT_GT(reads, 0);
}

TEST_P(CompactedTransactionsTest, ReadersBesideItTakeNothingEndedForOpen) {
  config().delete_retention = absl::ZeroDuration();
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  Fill();
  End(one.Abort());
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  int looks = 0;
  rig_.disk().files().set_during(FileCall::kRead, ".snapshot", [&] {
    if (++looks != 1) return;
    Send(one.InTransaction({"kept"}));
    End(one.Commit());
    EXPECT_THAT(Compact(), IsOk());
    EXPECT_THAT(CompactAfter(absl::Milliseconds(1)), IsOk());
    EXPECT_THAT(Markers(), ElementsAre(15));
    for (int i = 0; i < 2; ++i) rig_.disk().pool()->CloseIdle();
  });
  const auto stable = (*reader)->LastStableOffset();
  rig_.disk().files().Mend();
  EXPECT_GT(looks, 0);
  ASSERT_THAT(stable, IsOk());
  EXPECT_GT(*stable, Offset{13});
}

TEST_P(CompactedTransactionsTest, AListThatCannotBeWrittenPutsThePassOff) {
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  End(one.Abort());
  Fill();
  rig_.disk().files().Fail(FileCall::kWrite, ".txnindex.cleaned",
                           MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(Compact(), HasReason(Reason::kDiskFull));
  EXPECT_THAT(rig_.disk().Names(".cleaned"), IsEmpty());
  EXPECT_THAT(Listed(), SizeIs(1));
  Send(test::Batch({"on"}, rig_.now()));  // appends go on

  rig_.disk().files().Mend();
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(Listed(), SizeIs(1));
  EXPECT_THAT(Committed(), IsOkAndHolds(ElementsAre("on")));
}

// A recovery point would be saved along with it.
TEST_P(CompactedTransactionsTest, NothingIsReplacedWhereAListIsOwed) {
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"never"}));
  rig_.disk().files().Fail(FileCall::kWrite, ".txnindex",
                           MakeError(Reason::kDiskFull, "no room"));
  const Offset marker = End(one.Abort());
  Fill();
  EXPECT_THAT(Compact(), HasReason(Reason::kDiskFull));
  EXPECT_LE(rig_.bounds().recovery_point, marker);

  rig_.disk().files().Mend();
  ASSERT_THAT(Compact(), IsOk());
  EXPECT_THAT(Listed(), SizeIs(1));
}

}  // namespace
}  // namespace cauce
