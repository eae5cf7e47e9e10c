#include "engine/log/transaction_fates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/log_cursor.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr CursorOptions kCommitted{.isolation = Isolation::kReadCommitted};

class TransactionFatesTest : public test::LogFixture {
 protected:
  TransactionFatesTest() { config().flush = FlushPolicy::kOs; }

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
  absl::StatusOr<std::vector<std::string>> Committed(Offset from = {0}) {
    return test::ReadValues(rig_.shared_log(), from, kCommitted);
  }
  // What can be read yet.
  static std::vector<std::string> More(LogCursor& cursor) {
    std::vector<std::string> values;
    RecordView record;
    for (;;) {
      const auto more = cursor.Next(&record);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return values;
      values.emplace_back(*record.value);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Disks, TransactionFatesTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(TransactionFatesTest, WhatWasAbortedIsNotRead) {
  Open();
  TestProducer one(1);
  TestProducer two(2);
  Append({"plain"});
  Send(one.InTransaction({"committed"}));
  Send(two.InTransaction({"aborted"}));
  Send(one.InTransaction({"committed too"}));
  End(two.Abort());
  Send(two.InTransaction({"second try"}));
  End(one.Commit());
  End(two.Commit());
  Send(one.InTransaction({"aborted later"}));
  End(one.Abort());
  Append({"plain too"});

  EXPECT_THAT(Committed(),
              IsOkAndHolds(ElementsAre("plain", "committed", "committed too",
                                       "second try", "plain too")));
  EXPECT_THAT(Values(), IsOkAndHolds(SizeIs(7)));
}

TEST_P(TransactionFatesTest, BatchesAreThoseOfRecordsAlone) {
  Open();
  TestProducer producer(1);
  Send(producer.InTransaction({"a"}));
  End(producer.Abort());
  Send(producer.InTransaction({"b"}));
  End(producer.Commit());

  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  RecordBatch batch;
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{2});
  EXPECT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(false));
  EXPECT_EQ(cursor.position(), Offset{4});
}

TEST_P(TransactionFatesTest, ReadingStopsAtTheLastStableOffsetAndGoesOn) {
  Open();
  TestProducer one(1);
  TestProducer two(2);
  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  Append({"plain"});
  Send(one.InTransaction({"a"}));
  Send(two.InTransaction({"b"}));
  Append({"behind"});
  End(two.Commit());
  EXPECT_THAT(More(cursor), ElementsAre("plain"));
  EXPECT_EQ(cursor.position(), Offset{1});
  // Whoever begins behind it comes no further.
  EXPECT_THAT(Committed(Offset{3}), IsOkAndHolds(IsEmpty()));

  End(one.Commit());
  EXPECT_THAT(More(cursor), ElementsAre("a", "b", "behind"));
}

TEST_P(TransactionFatesTest, WhatIsNotSeenByAllIsNotRead) {
  config().flush = FlushPolicy::kGroup;
  Open();
  TestProducer producer(1);
  Send(producer.InTransaction({"a"}));
  ASSERT_THAT(log().EndTransaction(producer.Commit(), test::kWritten), IsOk());
  EXPECT_THAT(Committed(), IsOkAndHolds(IsEmpty()));

  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_THAT(Committed(), IsOkAndHolds(ElementsAre("a")));
}

TEST_P(TransactionFatesTest, TransactionsMayReachAcrossSegmentsAndReopenings) {
  UseSmallSegments();
  Open();
  TestProducer one(1);
  TestProducer two(2);
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i) {
    Send(one.InTransaction({"good"}));
    Send(two.InTransaction({"bad"}));
    expected.push_back("good");
  }
  ASSERT_THAT(rig_.Reopen(), IsOk());
  EXPECT_THAT(Committed(), IsOkAndHolds(IsEmpty()));
  End(one.Commit());
  End(two.Abort());

  ASSERT_GT(Logs().size(), 3);
  EXPECT_THAT(Committed(), IsOkAndHolds(expected));
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  EXPECT_THAT(Committed(), IsOkAndHolds(expected));
}

TEST_P(TransactionFatesTest, WhoeverOnlyReadsSeesTheSame) {
  Open();
  TestProducer one(1);
  TestProducer two(2);
  Send(one.InTransaction({"a"}));
  Send(two.InTransaction({"b"}));
  End(two.Abort());
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor cursor(*reader, Offset{0}, kCommitted);
  EXPECT_THAT(More(cursor), IsEmpty());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{0}));

  End(one.Commit());
  Append({"c"});
  EXPECT_THAT(More(cursor), ElementsAre("a", "c"));
  ASSERT_THAT((*reader)->Refresh(), IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{5}));
}

TEST_P(TransactionFatesTest, WhoeverOnlyReadsFollowsACut) {
  Open();
  TestProducer one(1);
  Append({"plain"});
  Send(one.InTransaction({"a"}));
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{1}));

  ASSERT_THAT(log().TruncateTo(Offset{1}), IsOk());
  Append({"b", "c"});
  ASSERT_THAT((*reader)->Refresh(), IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{3}));
}

TEST_P(TransactionFatesTest, NoFileBesideTheLogIsBelieved) {
  Open();
  TestProducer producer(1);
  Send(producer.InTransaction({"aborted"}));
  End(producer.Abort());
  Send(producer.InTransaction({"committed"}));
  End(producer.Commit());
  const std::string list = SegmentFileName(Offset{0}, kTxnIndexSuffix);
  std::string bytes = *rig_.disk().Read(list);
  bytes[17] = 2;  // begins where the one that was committed does
  bytes[25] = 3;
  bytes[33] = 4;
  rig_.disk().Write(list, bytes);

  EXPECT_THAT(Committed(), IsOkAndHolds(ElementsAre("committed")));
  rig_.disk().Remove(list);
  EXPECT_THAT(Committed(), IsOkAndHolds(ElementsAre("committed")));
  // Told by whoever verifies it.
  rig_.Leaves(test::Left::kDamaged);
}

TEST_P(TransactionFatesTest, WhatIsCutOffDecidesNothing) {
  Open();
  TestProducer producer(1);
  Send(producer.InTransaction({"a"}));
  Send(producer.InTransaction({"b"}));
  const Offset marker = End(producer.Commit());
  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));

  ASSERT_THAT(log().TruncateTo(marker), IsOk());
  EXPECT_THAT(More(cursor), IsEmpty());
  End(producer.Abort());
  EXPECT_THAT(More(cursor), IsEmpty());
  EXPECT_EQ(cursor.position(), Offset{3});
}

TEST_P(TransactionFatesTest, DamageInPlaceOfAMarkerIsToldAndPassed) {
  Open();
  TestProducer one(1);
  TestProducer two(2);
  Append({"plain"});
  Send(one.InTransaction({"doubtful"}));
  Send(two.InTransaction({"decided"}));
  End(two.Commit());
  const int64_t marker = log().bytes();
  End(one.Commit());
  Append({"behind"});
  Send(one.InTransaction({"next"}));
  End(one.Commit());
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  bytes[static_cast<size_t>(marker) + layout::kRecords] ^= 1;
  rig_.disk().Write(name, bytes);
  rig_.Leaves(test::Left::kDamaged);
  Open();

  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(record.value, "plain");
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{2}));
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(record.value, "decided");
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{5}));
  EXPECT_THAT(More(cursor), ElementsAre("behind", "next"));
}

// It was kept for whoever passes it, and the cursor comes no more by it.
TEST_P(TransactionFatesTest, AMarkerInDamageThatWasPassedDecidesNothing) {
  Open();
  TestProducer longest(1);
  TestProducer producer(2);
  Send(longest.InTransaction({"shown"}));
  Send(producer.InTransaction({"committed"}));
  // So that what follows is read from the file later.
  const std::string filler(64 << 10, 'x');
  Append({filler});
  const int64_t position = log().bytes();
  End(producer.Commit());
  const Offset aborted = Send(producer.InTransaction({"aborted"}));
  End(producer.Abort());
  Append({"behind"});
  End(longest.Commit());
  ASSERT_THAT(rig_.Reopen(), IsOk());
  LogCursor cursor(rig_.shared_log(), Offset{0},
                   {.isolation = Isolation::kReadCommitted,
                    .read_bytes = 4 << 10});
  RecordView record;
  for (const std::string_view value : {"shown", "committed"}) {
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_EQ(record.value, value);
  }

  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  bytes[static_cast<size_t>(position) + layout::kRecords] ^= 1;
  rig_.disk().Write(name, bytes);
  rig_.Leaves(test::Left::kDamaged);

  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(record.value, filler);
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(aborted));
  EXPECT_THAT(More(cursor), ElementsAre("behind"));
}

// A transaction of records 1 and 2 whose marker, at 3, is damaged, and which no
// other of its producer follows; 0, 4 and 6 belong to none. Where there is no
// snapshot only the log says whether it has ended.
class LostMarkerTest : public TransactionFatesTest {
 protected:
  void Fill() {
    Open();
    Append({"plain"});
    Send(one_.InTransaction({"doubtful", "doubtful too"}));
    const int64_t marker = log().bytes();
    End(one_.Commit());
    Append({"behind"});
    Send(two_.InTransaction({"open"}));
    Append({"last"});
    ASSERT_THAT(rig_.Close(), IsOk());
    const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
    std::string bytes = *rig_.disk().Read(name);
    bytes[static_cast<size_t>(marker) + layout::kRecords] ^= 1;
    rig_.disk().Write(name, bytes);
    RemoveSnapshots();
    rig_.Leaves(test::Left::kDamaged);
  }
  void RemoveSnapshots() {
    for (const std::string& each : rig_.disk().Names(kSnapshotSuffix)) {
      rig_.disk().Remove(each);
    }
  }
  // What a reader of what is committed is told, and shown behind it.
  static void ExpectToldAndPassed(const std::shared_ptr<Log>& log) {
    EXPECT_THAT(log->LastStableOffset(), IsOkAndHolds(Offset{1}));
    LogCursor cursor(log, Offset{0}, kCommitted);
    RecordView record;
    ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    EXPECT_EQ(record.value, "plain");
    EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{3}));
    EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{4}));
    // The other one may still be committed.
    EXPECT_THAT(More(cursor), ElementsAre("behind"));
    EXPECT_EQ(cursor.position(), Offset{5});
  }

  TestProducer one_{1};
  TestProducer two_{2};
};

INSTANTIATE_TEST_SUITE_P(Disks, LostMarkerTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LostMarkerTest, IsToldOfWhereItMayHaveEndedWhatKeepsReadersBack) {
  Fill();
  Open();
  ExpectToldAndPassed(rig_.shared_log());

  End(two_.Commit());
  // Behind the damage, which is not in the way of who begins there, nothing is
  // in doubt.
  LogCursor cursor(rig_.shared_log(), Offset{4}, kCommitted);
  EXPECT_THAT(More(cursor), ElementsAre("behind", "open", "last"));
}

TEST_P(LostMarkerTest, IsToldToWhomeverOnlyReads) {
  Fill();
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  ExpectToldAndPassed(*reader);
}

TEST_P(LostMarkerTest, IsNotForgottenForASnapshot) {
  Fill();
  Open();
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{1}));
  ASSERT_THAT(rig_.Reopen(), IsOk());
  ExpectToldAndPassed(rig_.shared_log());
  ASSERT_THAT(rig_.KillAndReopen(), IsOk());
  ExpectToldAndPassed(rig_.shared_log());
  EXPECT_THAT(rig_.disk().Names(kSnapshotSuffix), IsEmpty());
}

TEST_P(TransactionFatesTest, AMarkerThatIsGoneWithItsSegmentIsMissed) {
  UseSmallSegments();
  Open();
  TestProducer one(1);
  Send(one.InTransaction({"doubtful"}));
  while (Logs().size() < 2) Append({"fill", "the", "segment"});
  End(one.Commit());
  while (Logs().size() < 3) Append({"fill", "the", "segment"});
  Append({"behind"});
  ASSERT_THAT(rig_.Close(), IsOk());
  // As the gap of a compacted topic looks: no index speaks of it either.
  const std::string gone = Logs()[1];
  const std::string name = gone.substr(0, gone.rfind('.'));
  for (const std::string_view suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    rig_.disk().Remove(name + std::string(suffix));
  }
  rig_.Leaves(test::Left::kDamaged);
  Open();

  LogCursor cursor(rig_.shared_log(), Offset{0}, kCommitted);
  RecordView record;
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{1}));
  EXPECT_EQ(More(cursor).back(), "behind");
}

TEST_P(TransactionFatesTest, OfMoreMarkersThanAreKeptTheRestIsReadAgain) {
  if (GetParam() == DiskKind::kPosix) return;  // the disk makes no difference
  Open();
  TestProducer late(1);
  TestProducer later(2);
  TestProducer busy(3);
  Send(late.InTransaction({"late"}));
  Send(later.InTransaction({"later"}));
  constexpr int kMarkers = (1 << 16) + 100;
  for (int i = 0; i < kMarkers; ++i) {
    Send(busy.InTransaction({"busy"}));
    End(i % 2 == 0 ? busy.Commit() : busy.Abort());
  }
  End(later.Abort());
  End(late.Commit());

  const auto values = Committed();
  ASSERT_THAT(values, IsOk());
  EXPECT_EQ(values->front(), "late");
  EXPECT_THAT(*values, SizeIs(1 + kMarkers / 2));
}

}  // namespace
}  // namespace cauce
