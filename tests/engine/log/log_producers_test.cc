#include "engine/log/log_producers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_files.h"
#include "engine/log/producer_snapshot.h"
#include "engine/log/segment_name.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kWritten;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class LogProducersTest : public test::LogFixture {
 protected:
  LogProducersTest() { config().flush = FlushPolicy::kOs; }

  absl::StatusOr<AppendResult> Send(const OwnedBatch& batch,
                                    const AppendOptions& options = {}) {
    return log().Append(batch.view(), options);
  }
  // Where it was appended, or had been.
  Offset Base(const OwnedBatch& batch) {
    const auto result = Send(batch);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? result->base : Offset{};
  }
  Offset End(const TransactionEnd& end) {
    const auto result = log().EndTransaction(end, {});
    EXPECT_THAT(result, IsOk());
    return result.ok() ? result->base : Offset{};
  }
  void Reopen() { ASSERT_THAT(rig_.Reopen(), IsOk()); }
  void KillAndReopen() { ASSERT_THAT(rig_.KillAndReopen(), IsOk()); }
  // A sync, and what the engine's checkpoint then notes.
  void Checkpoint() {
    ASSERT_THAT(log().Flush(), IsOk());
    ASSERT_THAT(log().NoteBounds(), IsOk());
  }

  std::vector<std::string> Snapshots() {
    return rig_.disk().Names(kSnapshotSuffix);
  }
  std::vector<AbortedTransaction> AbortedIn(int64_t base) {
    const auto read = ReadAborted(rig_.disk().real_files(),
                                  rig_.disk().directory(), Offset{base});
    EXPECT_THAT(read, IsOk());
    if (!read.ok()) return {};
    return {read->entries().begin(), read->entries().end()};
  }
  static std::string Name(int64_t base, std::string_view suffix) {
    return SegmentFileName(Offset{base}, suffix);
  }
  static AbortedTransaction Aborted(int64_t producer, int64_t first,
                                    int64_t last, int64_t last_stable) {
    return {{producer}, {first}, {last}, {last_stable}};
  }
};

INSTANTIATE_TEST_SUITE_P(Disks, LogProducersTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogProducersTest, ARetryIsAnsweredWithTheFirstAppend) {
  Open();
  TestProducer producer(7);
  Append({"somebody else"});
  const OwnedBatch batch = producer.Plain({"a", "b"});
  const OwnedBatch next = producer.Plain({"c"});
  EXPECT_EQ(Base(batch), Offset{1});
  EXPECT_EQ(Base(next), Offset{3});

  const auto again = Send(batch);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->base, Offset{1});
  EXPECT_EQ(again->next, Offset{3});
  EXPECT_EQ(log().log_end(), Offset{4});
  EXPECT_THAT(Values(),
              IsOkAndHolds(ElementsAre("somebody else", "a", "b", "c")));
}

TEST_P(LogProducersTest, ARetryIsAcknowledgedOnceTheFirstAppendIsDurable) {
  config().flush = FlushPolicy::kGroup;
  Open();
  TestProducer producer(7);
  const OwnedBatch batch = producer.Plain({"a"});
  ASSERT_THAT(Send(batch, kWritten), IsOk());
  ASSERT_EQ(log().durable_end(), Offset{0});

  EXPECT_EQ(Base(batch), Offset{0});
  EXPECT_EQ(log().durable_end(), Offset{1});
}

TEST_P(LogProducersTest, ARetryGetsTheTimeThatTheFirstAppendGot) {
  config().timestamp_type = TimestampType::kLogAppendTime;
  Open();
  TestProducer producer(7);
  const OwnedBatch batch = producer.Plain({"a"});
  const Timestamp first = rig_.now();
  ASSERT_THAT(Send(batch), IsOk());
  rig_.clock().Advance(absl::Seconds(10));

  const auto again = Send(batch);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->append_time, first);
}

TEST_P(LogProducersTest, ARetryWithoutWaitingIsAnsweredToo) {
  Open();
  TestProducer producer(7);
  const OwnedBatch batch = producer.Plain({"a"});
  ASSERT_THAT(Send(batch), IsOk());

  std::optional<absl::StatusOr<AppendResult>> answer;
  log().AppendAsync(batch.view(), {}, [&](absl::StatusOr<AppendResult> result) {
    answer = std::move(result);
  });
  ASSERT_TRUE(answer.has_value());
  ASSERT_THAT(*answer, IsOk());
  EXPECT_EQ((*answer)->base, Offset{0});
}

TEST_P(LogProducersTest, GapsAndOlderEpochsStoreNothing) {
  Open();
  TestProducer producer(7, 3);
  ASSERT_THAT(Send(producer.Plain({"a"})), IsOk());

  producer.set_sequence(2);
  EXPECT_THAT(Send(producer.Plain({"gap"})),
              HasReason(Reason::kOutOfOrderSequence));
  EXPECT_THAT(Send(TestProducer(7, 2).Plain({"old"})),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_THAT(log().EndTransaction(TestProducer(7, 2).Abort(), {}),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_EQ(log().log_end(), Offset{1});
}

TEST_P(LogProducersTest, AnOldLeaderIsToldSoThoughItsBatchIsThere) {
  Open();
  TestProducer producer(7);
  const OwnedBatch batch = producer.Plain({"a"});
  ASSERT_THAT(Send(batch, {.leader_epoch = LeaderEpoch{4}}), IsOk());

  EXPECT_THAT(Send(batch, {.leader_epoch = LeaderEpoch{3}}),
              HasReason(Reason::kFencedEpoch));
}

TEST_P(LogProducersTest, AProducerHasANumberAndSoHasItsBatch) {
  Open();
  BatchFields fields;
  fields.transactional = true;
  EXPECT_THAT(Send(test::Batch({"a"}, rig_.now(), fields)),
              HasReason(Reason::kInvalidRecord));
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 0;
  EXPECT_THAT(Send(test::Batch({"a"}, rig_.now(), fields)),
              HasReason(Reason::kInvalidRecord));
  fields.producer_epoch = -1;
  fields.base_sequence = 0;
  EXPECT_THAT(Send(test::Batch({"a"}, rig_.now(), fields)),
              HasReason(Reason::kInvalidRecord));
}

TEST_P(LogProducersTest, AnOpenedLogKnowsItsProducersAndTransactions) {
  Open();
  TestProducer producer(7);
  Base(producer.Plain({"a"}));
  const OwnedBatch last = producer.InTransaction({"b", "c"});
  Base(last);

  Reopen();
  EXPECT_THAT(Snapshots(), ElementsAre(Name(3, kSnapshotSuffix)));
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{1}));
  EXPECT_EQ(Base(last), Offset{1});
  EXPECT_EQ(Base(producer.InTransaction({"d"})), Offset{3});
}

TEST_P(LogProducersTest, AKilledLogKnowsThemFromItsBatches) {
  Open();
  TestProducer producer(7);
  const OwnedBatch first = producer.InTransaction({"a"});
  Base(first);
  Base(producer.InTransaction({"b"}));

  KillAndReopen();
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{0}));
  EXPECT_EQ(Base(first), Offset{0});
  producer.set_sequence(3);
  EXPECT_THAT(Send(producer.InTransaction({"gap"})),
              HasReason(Reason::kOutOfOrderSequence));
}

TEST_P(LogProducersTest, ASnapshotThatIsGoneCostsNothing) {
  Open();
  TestProducer producer(7);
  const OwnedBatch first = producer.Plain({"a"});
  Base(first);
  Base(producer.Plain({"b"}));
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Remove(Name(2, kSnapshotSuffix));

  Open();
  // More than a snapshot tells: it comes from the batches.
  EXPECT_EQ(Base(first), Offset{0});
  EXPECT_THAT(rig_.events(), IsEmpty());
}

TEST_P(LogProducersTest, ASnapshotThatIsDamagedIsToldAndCostsNothing) {
  Open();
  TestProducer producer(7);
  const OwnedBatch first = producer.Plain({"a"});
  Base(first);
  Base(producer.Plain({"b"}));
  ASSERT_THAT(rig_.Close(), IsOk());
  std::string bytes = *rig_.disk().Read(Name(2, kSnapshotSuffix));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  rig_.disk().Write(Name(2, kSnapshotSuffix), bytes);

  Open();
  EXPECT_EQ(Base(first), Offset{0});
  EXPECT_THAT(rig_.events(), ElementsAre(HasSubstr("read from the log")));
  EXPECT_THAT(Snapshots(), IsEmpty());
  EXPECT_EQ(Base(producer.Plain({"c"})), Offset{2});
  Reopen();
  EXPECT_EQ(Base(producer.Plain({"d"})), Offset{3});
}

TEST_P(LogProducersTest, WhoOnlyReadsLeavesADamagedSnapshot) {
  Open();
  TestProducer producer(7);
  Base(producer.Plain({"a"}));
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Write(Name(1, kSnapshotSuffix), "damaged");

  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT((*reader)->LastStableOffset(), IsOkAndHolds(Offset{1}));
  EXPECT_THAT(Snapshots(), ElementsAre(Name(1, kSnapshotSuffix)));
  rig_.Leaves(test::Left::kDamaged);
}

TEST_P(LogProducersTest, OnlyTheNewestSnapshotBeginsNoSegment) {
  Open();
  TestProducer producer(7);
  Base(producer.Plain({"a"}));
  KillAndReopen();
  EXPECT_THAT(Snapshots(), ElementsAre(Name(1, kSnapshotSuffix)));
  Base(producer.Plain({"b"}));

  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_THAT(Snapshots(), ElementsAre(Name(2, kSnapshotSuffix)));
  Open();
  EXPECT_THAT(Snapshots(), ElementsAre(Name(2, kSnapshotSuffix)));
}

TEST_P(LogProducersTest, RecoveryBelievesNoSnapshotAboveItsPoint) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  while (Logs().size() < 3) Base(producer.Plain({"a", "b"}));
  const std::vector<std::string> names = Snapshots();
  ASSERT_THAT(names, SizeIs(2));
  rig_.Kill();
  // Torn by the power loss that has ended it, though what it tells of is there.
  const std::string whole = *rig_.disk().Read(names.front());
  rig_.disk().Write(names.front(), whole.substr(0, whole.size() / 2));

  Open();
  Base(producer.Plain({"c"}));
  ASSERT_THAT(rig_.Close(), IsOk());
  EXPECT_THAT(Snapshots(), SizeIs(1));
}

TEST_P(LogProducersTest, ALogWithoutProducersHasNoSnapshots) {
  UseSmallSegments();
  Open();
  for (int i = 0; i < 30; ++i) Append({"a", "b"});
  Reopen();
  Append({"c"});
  KillAndReopen();

  EXPECT_GT(Logs().size(), 3);
  EXPECT_THAT(Snapshots(), IsEmpty());
}

TEST_P(LogProducersTest, ALargeLogWithoutProducersSaysSo) {
  config().segment_bytes = 3 << 20;
  config().max_message_bytes = 2 << 20;
  Open();
  for (int i = 0; i < 8; ++i) {
    ASSERT_THAT(Send(test::BatchOfBytes(1 << 20, rig_.now())), IsOk());
  }

  // Never more than four mebibytes and a segment behind it are read.
  EXPECT_THAT(Snapshots(), ElementsAre(Name(4, kSnapshotSuffix)));
  const auto read = ReadSnapshot(rig_.disk().real_files(),
                                 rig_.disk().directory(), Offset{4});
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read, IsEmpty());
}

TEST_P(LogProducersTest, EverySegmentHasASnapshotOfWhatLiesBelow) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  for (int i = 0; i < 12; ++i) Base(producer.Plain({"a", "b"}));

  const std::vector<std::string> logs = Logs();
  ASSERT_GT(logs.size(), 2);
  ASSERT_THAT(Snapshots(), SizeIs(logs.size() - 1));
  for (size_t i = 1; i < logs.size(); ++i) {
    const Offset base = ParseSegmentFileName(logs[i])->base;
    const auto read =
        ReadSnapshot(rig_.disk().real_files(), rig_.disk().directory(), base);
    ASSERT_THAT(read, IsOk());
    ASSERT_THAT(*read, SizeIs(1));
    EXPECT_EQ(read->front().last_batch()->last + 1, base);
  }
}

TEST_P(LogProducersTest, SnapshotsAndListsGoWithTheirSegments) {
  UseSmallSegments();
  config().file_delete_delay = absl::ZeroDuration();
  Open();
  TestProducer producer(7);
  for (int i = 0; i < 6; ++i) {
    Base(producer.InTransaction({"a", "b"}));
    End(producer.Abort());
  }
  const std::vector<std::string> logs = Logs();
  ASSERT_GT(logs.size(), 2);
  ASSERT_THAT(rig_.disk().Names(kTxnIndexSuffix), Not(IsEmpty()));
  const Offset active = ParseSegmentFileName(logs.back())->base;

  ASSERT_THAT(log().DeleteRecordsBefore(active), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(Logs(), SizeIs(1));
  EXPECT_THAT(Snapshots(), ElementsAre(Name(active.value, kSnapshotSuffix)));
  EXPECT_LE(rig_.disk().Names(kTxnIndexSuffix).size(), 1);
  EXPECT_EQ(Base(producer.Plain({"c"})), Offset{18});
}

TEST_P(LogProducersTest, ATruncationTakesBackWhatIsKnownOfWhatGoes) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  std::vector<OwnedBatch> sent;
  for (int i = 0; i < 12; ++i) {
    sent.push_back(producer.InTransaction({"a", "b"}));
    Base(sent.back());
  }
  ASSERT_THAT(log().TruncateTo(Offset{6}), IsOkAndHolds(Offset{6}));

  for (const std::string& name : Snapshots()) {
    EXPECT_LE(ParseSegmentFileName(name)->base, Offset{6});
  }
  EXPECT_EQ(Base(sent[2]), Offset{4});
  EXPECT_THAT(Send(sent[4]), HasReason(Reason::kOutOfOrderSequence));
  EXPECT_EQ(Base(sent[3]), Offset{6});
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{0}));
}

TEST_P(LogProducersTest, AMarkerThatIsCutOffEndsNothing) {
  Open();
  TestProducer producer(7);
  Base(producer.InTransaction({"a"}));
  const Offset marker = End(producer.Abort());
  EXPECT_THAT(AbortedIn(0), ElementsAre(Aborted(7, 0, 1, 2)));

  ASSERT_THAT(log().TruncateTo(marker), IsOkAndHolds(marker));
  EXPECT_THAT(AbortedIn(0), IsEmpty());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{0}));
  End(producer.Commit());
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{2}));
  EXPECT_THAT(AbortedIn(0), IsEmpty());
}

TEST_P(LogProducersTest, ListsWhatWasAbortedInTheMarkersSegment) {
  UseSmallSegments();
  Open();
  TestProducer one(1);
  TestProducer two(2);
  Base(one.InTransaction({"a", "b"}));
  Base(two.InTransaction({"c"}));
  while (Logs().size() < 2) Append({"fill", "the", "segment"});
  const Offset base = ParseSegmentFileName(Logs().back())->base;
  const Offset marker = End(one.Abort());
  const Offset next = End(two.Abort());

  EXPECT_THAT(AbortedIn(0), IsEmpty());
  EXPECT_THAT(AbortedIn(base.value),
              ElementsAre(Aborted(1, 0, marker.value, 2),
                          Aborted(2, 2, next.value, next.value + 1)));
}

TEST_P(LogProducersTest, ListsGoOnWhereTheyEnded) {
  Open();
  TestProducer producer(7);
  Base(producer.InTransaction({"a"}));
  End(producer.Abort());
  Reopen();
  Base(producer.InTransaction({"b"}));
  End(producer.Abort());
  KillAndReopen();
  Base(producer.InTransaction({"c"}));
  End(producer.Abort());

  EXPECT_THAT(AbortedIn(0),
              ElementsAre(Aborted(7, 0, 1, 2), Aborted(7, 2, 3, 4),
                          Aborted(7, 4, 5, 6)));
}

TEST_P(LogProducersTest, RecoveryMakesListsWholeAboveItsPoint) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  for (int i = 0; i < 8; ++i) {
    Base(producer.InTransaction({"a"}));
    End(producer.Abort());
    if (i == 3) Checkpoint();
  }
  rig_.Kill();
  std::vector<std::pair<std::string, std::string>> before;
  for (const std::string& name : rig_.disk().Names(kTxnIndexSuffix)) {
    before.emplace_back(name, *rig_.disk().Read(name));
    const Offset base = ParseSegmentFileName(name)->base;
    // One is gone, and one is torn.
    if (base < rig_.bounds().recovery_point) continue;
    if (before.size() % 2 == 0) {
      rig_.disk().Remove(name);
    } else {
      rig_.disk().Write(name, before.back().second.substr(0, 40));
    }
  }
  ASSERT_GT(before.size(), 2);

  Open();
  for (const auto& [name, bytes] : before) {
    EXPECT_EQ(rig_.disk().Read(name), bytes) << name;
  }
}

TEST_P(LogProducersTest, RecoveryForgetsWhatTellsOfLostBatches) {
  Open();
  TestProducer producer(7);
  Base(producer.Plain({"a"}));
  ASSERT_THAT(rig_.Close(), IsOk());
  // As it was of batches that a power loss took: sequence 5, up to offset 9.
  const ProducerState forged(
      ProducerId{7},
      {.epoch = 0,
       .last_timestamp = rig_.now(),
       .last_batch = KnownBatch{.last_sequence = 5, .last = {9}}});
  ASSERT_THAT(WriteSnapshot(rig_.disk().real_files(), rig_.disk().directory(),
                            Offset{10}, {forged}),
              IsOk());
  rig_.set_clean_stop(false);

  Open();
  EXPECT_THAT(Snapshots(), ElementsAre(Name(1, kSnapshotSuffix)));
  EXPECT_EQ(Base(producer.Plain({"b"})), Offset{1});
}

// What ended the transaction may have been deleted with it.
TEST_P(LogProducersTest, ASnapshotInFrontOfTheLogIsNotGoneOnFrom) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  Base(producer.InTransaction({"a"}));
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string open = *rig_.disk().Read(Name(1, kSnapshotSuffix));
  Open();
  End(producer.Abort());
  for (int i = 0; i < 20; ++i) Append({"b"});
  const Offset start = log().segments()->active()->base();
  ASSERT_THAT(log().DeleteRecordsBefore(start), IsOk());
  ASSERT_THAT(rig_.Close(), IsOk());
  for (const std::string& name : Snapshots()) rig_.disk().Remove(name);
  rig_.disk().Write(Name(1, kSnapshotSuffix), open);

  Open();
  EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(log().log_end()));
}

// Also where none of them has written since the log was opened.
TEST_P(LogProducersTest, ASnapshotOfProducersIsFollowedByOthers) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  const OwnedBatch batch = producer.Plain({"a"});
  Base(batch);
  Reopen();
  for (int i = 0; i < 20; ++i) Append({"b"});
  const Offset start = log().segments()->active()->base();
  ASSERT_THAT(log().DeleteRecordsBefore(start), IsOk());

  Reopen();
  EXPECT_EQ(Base(batch), Offset{0});
}

TEST_P(LogProducersTest, RecoveryTakesTheListsOfSegmentsThatItSetsAside) {
  UseSmallSegments();
  Open();
  TestProducer producer(7);
  for (int i = 0; i < 8; ++i) {
    Base(producer.InTransaction({"a"}));
    End(producer.Abort());
  }
  const std::vector<std::string> logs = Logs();
  ASSERT_GT(logs.size(), 2);
  rig_.Kill();
  // Of the first segment's last batch, which was not known to be durable.
  std::string bytes = *rig_.disk().Read(logs.front());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  rig_.disk().Write(logs.front(), bytes);

  Open();
  EXPECT_THAT(Logs(), SizeIs(1));
  EXPECT_LE(rig_.disk().Names(kTxnIndexSuffix).size(), 1);
  for (const AbortedTransaction& each : AbortedIn(0)) {
    EXPECT_LT(each.last, log().log_end());
  }
}

TEST_P(LogProducersTest, ASegmentTakesNoMoreAbortsThanItsIndexMayHold) {
  config().segment_index_bytes = 3 * AbortedIndex::kEntryBytes;
  Open();
  TestProducer producer(7);
  for (int i = 0; i < 8; ++i) {
    Base(producer.InTransaction({"a"}));
    End(producer.Abort());
  }

  EXPECT_THAT(Logs(), SizeIs(3));
  for (const std::string& name : rig_.disk().Names(kTxnIndexSuffix)) {
    EXPECT_LE(rig_.disk().Read(name)->size(), 3 * AbortedIndex::kEntryBytes);
  }
}

TEST_P(LogProducersTest, IdleProducersAreForgotten) {
  Open();
  TestProducer producer(7);
  Base(producer.Plain({"a"}, rig_.now()));
  producer.set_sequence(9);
  rig_.clock().Advance(absl::Hours(24) - absl::Milliseconds(1));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_THAT(Send(producer.Plain({"gap"}, rig_.now())),
              HasReason(Reason::kOutOfOrderSequence));

  producer.set_sequence(9);
  rig_.clock().Advance(absl::Milliseconds(1));
  // Where the time of day has run away, what is too old by it alone stays.
  ASSERT_THAT(log().ApplyRetention(rig_.now().ToTime() - absl::Hours(1)),
              IsOk());
  EXPECT_THAT(Send(producer.Plain({"gap"}, rig_.now())),
              HasReason(Reason::kOutOfOrderSequence));
  producer.set_sequence(9);
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(Base(producer.Plain({"b"}, rig_.now())), Offset{1});
}

TEST_P(LogProducersTest, IdleOnesAreForgottenWhereTheyAreReadAgain) {
  Open();
  TestProducer producer(7);
  TestProducer other(8);
  Base(other.InTransaction({"open"}, rig_.now()));
  Base(producer.Plain({"a"}, rig_.now()));
  // From a snapshot, and from the batches.
  for (const bool kills : {false, true}) {
    SCOPED_TRACE(kills);
    const int32_t sequence = kills ? 90 : 50;
    producer.set_sequence(sequence);
    rig_.clock().Advance(absl::Hours(24));
    // Where the time of day has run away, what is too old by it alone stays.
    rig_.set_now_at_most(rig_.clock().Now() - absl::Hours(1));
    ASSERT_THAT(kills ? rig_.KillAndReopen() : rig_.Reopen(), IsOk());
    EXPECT_THAT(Send(producer.Plain({"gap"}, rig_.now())),
                HasReason(Reason::kOutOfOrderSequence));

    producer.set_sequence(sequence);
    rig_.set_now_at_most(absl::InfiniteFuture());
    ASSERT_THAT(kills ? rig_.KillAndReopen() : rig_.Reopen(), IsOk());
    EXPECT_THAT(Send(producer.Plain({"b"}, rig_.now())), IsOk());
    EXPECT_THAT(log().LastStableOffset(), IsOkAndHolds(Offset{0}));
  }
}

TEST_P(LogProducersTest, ALogIsNotAtRestWhileRetriesMayCome) {
  Open();
  TestProducer producer(7);
  Base(producer.Plain({"a"}));
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_FALSE(log().IsAtRest());

  rig_.clock().Advance(absl::Minutes(10));
  EXPECT_TRUE(log().IsAtRest());
}

}  // namespace
}  // namespace cauce
