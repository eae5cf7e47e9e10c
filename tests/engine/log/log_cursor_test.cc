#include "engine/log/log_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/engine/log/log_cursor_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/read_all.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;
using test::ReadValues;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr AppendOptions kWritten{.ack = Ack::kWritten};

class LogCursorTest : public test::LogCursorFixture {
 protected:
  // While a cursor has read offsets `read` of 0 to 4, those from 1 on, `batch`,
  // are cut off, and 1 to 6 are appended.
  void CutAndAppendWithin(const OwnedBatch& batch,
                          const std::vector<int64_t>& read) {
    rig_.disk().Write(
        SegmentFileName(Offset{0}, kLogSuffix),
        Batch({"a"}).At(Offset{0}).bytes() + batch.At(Offset{1}).bytes());
    rig_.set_bounds({Offset{5}, Offset{0}});
    ASSERT_THAT(rig_.Open(), IsOk());
    LogCursor cursor = Cursor(Offset{0});
    for (const int64_t offset : read) {
      ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(offset));
    }
    ASSERT_THAT(log().TruncateTo(Offset{1}), IsOk());
    for (int i = 0; i < 3; ++i) Append(i);
    EXPECT_EQ(Walk(cursor), Range(read.back() + 1, 7));
  }
};

INSTANTIATE_TEST_SUITE_P(Disks, LogCursorTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogCursorTest, ReadsFromEveryOffsetThroughEveryRoll) {
  Fill(20);
  ASSERT_GT(log().segments()->segments().size(), 4u);
  for (const size_t read_bytes : {4096, 256 << 10}) {
    for (int64_t from = 0; from <= 40; ++from) {
      LogCursor cursor = Cursor(Offset{from}, {.read_bytes = read_bytes});
      ASSERT_EQ(Walk(cursor), Range(from, 40)) << from;
      ASSERT_EQ(cursor.position(), Offset{40});
    }
  }
}

TEST_P(LogCursorTest, ReturnsTheBatchThatHoldsItsPosition) {
  Fill(4);
  LogCursor cursor = Cursor(Offset{3});
  RecordBatch batch;
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{2});
  EXPECT_EQ(cursor.position(), Offset{4});
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{4});
}

TEST_P(LogCursorTest, ReturnsTheBatchOfItsPositionBetweenTwoRecordsToo) {
  Fill(3);
  LogCursor cursor = Cursor(Offset{0});
  RecordBatch batch;
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(0));
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{0}) << "it holds position 1";

  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(2));
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(3));
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{4});
}

TEST_P(LogCursorTest, RefusesPositionsOutsideTheLog) {
  Fill(5);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{3}), IsOk());
  for (const int64_t outside : {-1, 0, 2, 11, 1000}) {
    LogCursor cursor = Cursor(Offset{outside});
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kOffsetOutOfRange));
    RecordBatch batch;
    EXPECT_THAT(cursor.NextBatch(&batch), HasReason(Reason::kOffsetOutOfRange));
  }
  LogCursor at_end = Cursor(Offset{10});
  EXPECT_THAT(NextOffset(at_end), IsOkAndHolds(std::nullopt));
  LogCursor at_start = Cursor(Offset{3});
  EXPECT_THAT(NextOffset(at_start), IsOkAndHolds(3));
}

TEST_P(LogCursorTest, WaitsAtTheHighWatermark) {
  Fill(2);
  LogCursor cursor = Cursor(Offset{0});
  LogCursor to_the_end = Cursor(Offset{0}, {.up_to = ReadUpTo::kLogEnd});
  Append(2, kWritten);
  Append(3, kWritten);

  EXPECT_THAT(Walk(cursor), SizeIs(4));
  EXPECT_THAT(Walk(to_the_end), SizeIs(8));
  ASSERT_THAT(log().Flush(), IsOk());
  EXPECT_EQ(Walk(cursor), Range(4, 8));
  EXPECT_THAT(Walk(to_the_end), IsEmpty());
}

TEST_P(LogCursorTest, FollowsALogThatGrowsBatchByBatch) {
  Fill(0);
  LogCursor cursor = Cursor(Offset{0});
  for (int i = 0; i < 30; ++i) {
    ASSERT_THAT(Walk(cursor), IsEmpty());
    Append(i);
    ASSERT_THAT(Walk(cursor), ElementsAre(2 * i, 2 * i + 1));
  }
}

TEST_P(LogCursorTest, SeeksBackAndForth) {
  Fill(20);
  LogCursor cursor = Cursor(Offset{0});
  for (const int64_t at : {17, 3, 39, 0, 40, 8, 9}) {
    cursor.Seek(Offset{at});
    EXPECT_EQ(cursor.position(), Offset{at});
    EXPECT_EQ(Walk(cursor), Range(at, 40));
  }
}

// ---- Under its feet

TEST_P(LogCursorTest, StaysInASegmentThatRetentionDeletes) {
  Fill(20);
  LogCursor cursor = Cursor(Offset{0});
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(0));
  const Offset second = log().segments()->segments()[1]->base();

  // The segment it is in goes, the one behind it stays.
  ASSERT_THAT(log().DeleteRecordsBefore(second), IsOk());
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  EXPECT_EQ(Walk(cursor), Range(1, 40));
}

TEST_P(LogCursorTest, SaysSoWhenItFallsBehindTheLogStart) {
  Fill(20);
  LogCursor cursor = Cursor(Offset{0});
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(0));
  const auto& all = log().segments()->segments();
  const Offset second = all[1]->base(), third = all[2]->base();

  // The segment it is in goes, and the one behind it too.
  ASSERT_THAT(log().DeleteRecordsBefore(third), IsOk());
  EXPECT_EQ(Walk(cursor), Range(1, second.value));
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kOffsetOutOfRange));
  cursor.Seek(log().log_start());
  EXPECT_EQ(Walk(cursor), Range(third.value, 40));
}

TEST_P(LogCursorTest, TellsWhyWhereTheLogEndsInFrontOfItsStart) {
  Fill(3);
  ASSERT_THAT(rig_.Close(), IsOk());
  LogBounds bounds = rig_.bounds();
  bounds.log_start = Offset{700};
  rig_.set_bounds(bounds);
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());

  for (const Offset from : {Offset{0}, Offset{6}, Offset{700}}) {
    LogCursor cursor(*reader, from, {});
    const absl::Status told = NextOffset(cursor).status();
    EXPECT_THAT(told, HasReason(Reason::kOffsetOutOfRange));
    EXPECT_THAT(std::string(MessageOf(told)),
                AllOf(StartsWith("orders-0 "), HasSubstr("ends at offset 6,"),
                      HasSubstr("offset 700"), HasSubstr("restore ")));
  }
}

TEST_P(LogCursorTest, LooksAgainBeforeItSaysThatTheLogEndsInFrontOfItsStart) {
  Fill(3);
  const auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  Append(3);
  Append(4);
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{8}), IsOk());

  LogCursor cursor(*reader, Offset{0}, {});
  const absl::Status told = NextOffset(cursor).status();
  EXPECT_THAT(told, HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(std::string(MessageOf(told)), HasSubstr("which has 8 to 10"));
}

TEST_P(LogCursorTest, SaysSoWhenTheLogIsCutInFrontOfIt) {
  Fill(3);
  LogCursor cursor = Cursor(Offset{0});
  ASSERT_THAT(Walk(cursor), SizeIs(6));
  ASSERT_THAT(log().TruncateTo(Offset{2}), IsOk());

  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kOffsetOutOfRange));
  }
  cursor.Seek(log().log_end());
  EXPECT_THAT(Walk(cursor), IsEmpty());
  Append(10);
  EXPECT_THAT(Walk(cursor), ElementsAre(2, 3));
}

TEST_P(LogCursorTest, GoesOnInWhatIsWrittenAfterACut) {
  Fill(3);
  LogCursor cursor = Cursor(Offset{0});
  ASSERT_THAT(Walk(cursor), SizeIs(6));

  ASSERT_THAT(log().TruncateTo(Offset{2}), IsOk());
  for (int i = 10; i < 20; ++i) Append(i);
  EXPECT_EQ(Walk(cursor), Range(6, 22));
}

TEST_P(LogCursorTest, NeverReadsWhatWasCutFromItsBuffer) {
  Fill(3);
  LogCursor cursor = Cursor(Offset{0});
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(0));
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(1));

  ASSERT_THAT(log().TruncateTo(Offset{2}), IsOk());
  Append(77);
  Append(78);
  RecordView record;
  ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(record.offset, Offset{2});
  EXPECT_EQ(record.value, "a77");
}

// Found by a property test: the segment that was cut is no longer the oldest.
TEST_P(LogCursorTest, NeverReadsWhatWasCutOnceTheStartHasMovedToo) {
  Fill(3);
  LogCursor cursor = Cursor(Offset{0});
  RecordBatch batch;
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  ASSERT_EQ(cursor.position(), Offset{4});

  ASSERT_THAT(log().DeleteRecordsBefore(Offset{3}), IsOk());
  ASSERT_THAT(log().TruncateTo(Offset{3}), IsOkAndHolds(Offset{3}));
  ASSERT_THAT(log().ApplyRetention(), IsOk());
  ASSERT_EQ(log().segments()->segments().front()->base(), Offset{3});
  Append(77);
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{3});
}

TEST_P(LogCursorTest, GoesOnWhenItsSegmentWasCutAwayWhole) {
  Fill(20);
  const Offset last = log().segments()->active()->base();
  LogCursor cursor = Cursor(last);
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(last.value));

  ASSERT_THAT(log().TruncateTo(Offset{4}), IsOk());
  for (int i = 2; i < 30; ++i) Append(i);
  EXPECT_EQ(Walk(cursor), Range(last.value + 1, 60));
}

// Found by many threads at once: a cut shows its segments first, and the end of
// the log when it is done.
TEST_P(LogCursorTest, NeverGoesBackWhereItLooksInTheMidstOfACut) {
  Fill(3);
  LogCursor records = Cursor(Offset{4});
  LogCursor batches = Cursor(Offset{4});
  RecordBatch batch;
  bool has_looked = false;
  rig_.disk().files().set_during(FileCall::kTruncate, kLogSuffix, [&] {
    EXPECT_EQ(log().log_end(), Offset{6});
    EXPECT_THAT(NextOffset(records), IsOkAndHolds(std::nullopt));
    EXPECT_THAT(batches.NextBatch(&batch), IsOkAndHolds(false));
    has_looked = true;
  });
  ASSERT_THAT(log().TruncateTo(Offset{0}), IsOkAndHolds(Offset{0}));
  rig_.disk().files().Mend();
  ASSERT_TRUE(has_looked);

  for (int i = 10; i < 15; ++i) Append(i);
  EXPECT_EQ(Walk(records), Range(4, 10));
  ASSERT_THAT(batches.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_EQ(batch.base_offset(), Offset{4});
}

TEST_P(LogCursorTest, EndsWithTheLog) {
  Fill(3);
  LogCursor cursor = Cursor(Offset{0});
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(0));
  ASSERT_THAT(rig_.Close(), IsOk());
  RecordBatch batch;
  EXPECT_THAT(cursor.NextBatch(&batch), HasReason(Reason::kClosed));
}

// ---- Codecs and control batches

TEST_P(LogCursorTest, ReadsEveryCodec) {
  ASSERT_THAT(rig_.Open(), IsOk());
  std::vector<std::string> expected;
  for (const Codec codec : {Codec::kNone, Codec::kGzip, Codec::kSnappy,
                            Codec::kLz4, Codec::kZstd}) {
    BatchFields fields;
    fields.codec = codec;
    const std::string value(1000, static_cast<char>('a' + expected.size()));
    ASSERT_THAT(log().Append(Batch({value, "end"}, {1}, fields).view(), {}),
                IsOk());
    expected.push_back(value);
    expected.push_back("end");
  }
  EXPECT_THAT(ReadValues(rig_.shared_log(), Offset{0}), IsOkAndHolds(expected));
}

TEST_P(LogCursorTest, StaysInFrontOfABatchThatGrowsTooLarge) {
  ASSERT_THAT(rig_.Open(), IsOk());
  BatchFields zstd;
  zstd.codec = Codec::kZstd;
  const std::string bomb(1 << 20, 'x');
  ASSERT_THAT(log().Append(Batch({bomb}, {1}, zstd).view(), {}), IsOk());
  ASSERT_THAT(log().Append(Batch({"next"}).view(), {}), IsOk());
  ASSERT_THAT(log().Append(Batch({"last"}).view(), {}), IsOk());

  LogCursor cursor = Cursor(Offset{0}, {.decompressed_bytes_max = 1000});
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kBatchTooLarge));
    EXPECT_EQ(cursor.position(), Offset{0});
  }
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{1}));
  EXPECT_THAT(Walk(cursor), ElementsAre(1, 2));
}

TEST_P(LogCursorTest, NextLeavesOutControlBatchesAndNextBatchDoesNot) {
  // Only a coordinator writes such: here it stands in the file already.
  const std::string bytes = Batch({"a"}).At(Offset{0}).bytes() +
                            test::ControlBatch().At(Offset{1}).bytes() +
                            Batch({"b"}).At(Offset{2}).bytes() +
                            test::ControlBatch().At(Offset{3}).bytes();
  rig_.disk().Write(SegmentFileName(Offset{0}, kLogSuffix), bytes);
  ASSERT_THAT(rig_.Open(), IsOk());

  LogCursor records = Cursor(Offset{0});
  EXPECT_THAT(Walk(records), ElementsAre(0, 2));
  EXPECT_EQ(records.position(), Offset{4});

  LogCursor batches = Cursor(Offset{0});
  RecordBatch batch;
  std::vector<bool> is_control;
  while (*batches.NextBatch(&batch)) is_control.push_back(batch.is_control());
  EXPECT_THAT(is_control, ElementsAre(false, true, false, true));
}

TEST_P(LogCursorTest, ReadsOverTheGapsThatCompactionLeaves) {
  const std::string first =
      Batch({"a"}).At(Offset{3}).bytes() + Batch({"b"}).At(Offset{20}).bytes();
  const std::string second = Batch({"c"}).At(Offset{150}).bytes();
  rig_.disk().Write(SegmentFileName(Offset{0}, kLogSuffix), first);
  rig_.disk().Write(SegmentFileName(Offset{100}, kLogSuffix), second);
  // Compaction happens below the recovery point.
  rig_.set_bounds({Offset{151}, Offset{0}});
  ASSERT_THAT(rig_.Open(), IsOk());

  const std::vector<int64_t> offsets = {3, 20, 150};
  for (int64_t from = 0; from <= 151; ++from) {
    LogCursor cursor = Cursor(Offset{from});
    std::vector<int64_t> expected;
    for (const int64_t offset : offsets) {
      if (offset >= from) expected.push_back(offset);
    }
    ASSERT_EQ(Walk(cursor), expected) << from;
  }
}

// Offsets 1 to 4, of which compaction has left two.
OwnedBatch WithoutItsEnd() {
  BatchFields fields;
  fields.last_offset_delta = 3;
  return test::BatchOf({{.value = "b"}, {.value = "c"}}, fields);
}

OwnedBatch WithoutItsMiddle() {
  // Each record takes eight bytes; the second is moved to the end.
  return WithoutItsEnd().With(
      [](std::string& bytes) { bytes[layout::kRecords + 8 + 3] = 2 * 3; });
}

TEST_P(LogCursorTest, ReadsWhatTakesThePlaceOfABatchWithoutItsEnd) {
  CutAndAppendWithin(WithoutItsEnd(), {0, 1, 2});
}

TEST_P(LogCursorTest, ReadsWhatTakesThePlaceOfABatchWithoutItsMiddle) {
  CutAndAppendWithin(WithoutItsMiddle(), {0, 1});
}

TEST_P(LogCursorTest, ReadsWhatTakesThePlaceOfWhatFollowedAReadBatch) {
  CutAndAppendWithin(WithoutItsMiddle(), {0, 1, 4});
}

// ---- From another process

TEST_P(LogCursorTest, FollowsTheWriterOfAnotherLogOverTheSameFiles) {
  Fill(0);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor cursor(*reader, Offset{0}, {});
  for (int i = 0; i < 30; ++i) {
    ASSERT_THAT(Walk(cursor), IsEmpty());
    Append(i, kWritten);
    ASSERT_THAT(Walk(cursor), ElementsAre(2 * i, 2 * i + 1));
  }
}

TEST_P(LogCursorTest, FollowsAnotherLogThroughRetentionAndACut) {
  Fill(10);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor cursor(*reader, Offset{0}, {});
  ASSERT_EQ(Walk(cursor), Range(0, 20));

  ASSERT_THAT(log().DeleteRecordsBefore(Offset{12}), IsOk());
  ASSERT_THAT(log().TruncateTo(Offset{16}), IsOk());
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kOffsetOutOfRange));
  for (int i = 8; i < 20; ++i) Append(i, kWritten);
  EXPECT_EQ(Walk(cursor), Range(20, 40));
  EXPECT_EQ((*reader)->log_end(), Offset{40});
}

TEST_P(LogCursorTest, FindsItselfBehindTheStartThatAnotherLogHasMoved) {
  Fill(10);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor inside(*reader, Offset{0}, {});
  ASSERT_THAT(NextOffset(inside), IsOkAndHolds(0));
  LogCursor outside(*reader, Offset{0}, {});

  const Offset start = log().segments()->segments()[2]->base();
  ASSERT_THAT(log().DeleteRecordsBefore(start), IsOk());
  const std::string range =
      "which has " + std::to_string(start.value) + " to 20";
  // What it has buffered or still has open it may hand out.
  Walk(inside);
  for (LogCursor* cursor : {&inside, &outside}) {
    const std::string position = std::to_string(cursor->position().value);
    const auto behind = NextOffset(*cursor);
    ASSERT_THAT(behind, HasReason(Reason::kOffsetOutOfRange));
    EXPECT_THAT(
        std::string(behind.status().message()),
        HasSubstr("offset " + position + " is not in the log, " + range));
    cursor->Seek((*reader)->log_start());
    EXPECT_EQ(Walk(*cursor), Range(start.value, 20));
  }
}

TEST_P(LogCursorTest, GoesOnAboveTheStartThatAnotherLogHasMoved) {
  Fill(10);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  const Offset start = log().segments()->segments()[1]->base();
  ASSERT_THAT(log().DeleteRecordsBefore(start), IsOk());
  LogCursor below(*reader, Offset{0}, {});
  EXPECT_THAT(below.SkipDamage(), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT((*reader)->FindByTime(Timestamp{0}), IsOk());
  LogCursor cursor(*reader, start, {});
  EXPECT_EQ(Walk(cursor), Range(start.value, 20));
}

TEST_P(LogCursorTest, DoesNotShowWhatAnotherLogHasDeletedWithinASegment) {
  Fill(2);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  LogCursor at_the_end(*reader, Offset{4}, {});
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{2}), IsOk());
  ASSERT_THAT(log().segments()->segments(), SizeIs(1));

  LogCursor below(*reader, Offset{0}, {});
  EXPECT_THAT(NextOffset(below), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_EQ((*reader)->log_start(), Offset{2});
  below.Seek(Offset{2});
  EXPECT_EQ(Walk(below), Range(2, 4));

  ASSERT_THAT(log().DeleteRecordsBefore(Offset{3}), IsOk());
  auto found = (*reader)->FindByTime(Timestamp{0});
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->offset, Offset{3});

  // One that only waits for more learns of it too.
  ASSERT_THAT(log().DeleteRecordsBefore(Offset{4}), IsOk());
  EXPECT_THAT(Walk(at_the_end), IsEmpty());
  EXPECT_EQ((*reader)->log_start(), Offset{4});
}

TEST_P(LogCursorTest, NobodyButWhoLooksWaitsForALookAtTheFiles) {
  Fill(2);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  int looks = 0;
  rig_.disk().files().set_during(test::FileCall::kOpen, ".log", [&] {
    ++looks;
    EXPECT_EQ((*reader)->leader_epoch(), LeaderEpoch{0});
    EXPECT_EQ((*reader)->log_end(), Offset{4});
    EXPECT_THAT((*reader)->segments()->segments(), SizeIs(1));
    EXPECT_THAT((*reader)->LookAtStart(), IsOk());
  });
  ASSERT_THAT((*reader)->Refresh(), IsOk());
  EXPECT_GT(looks, 0);
}

TEST_P(LogCursorTest, NamesASegmentThatIsGoneFromTheMiddleOfTheLog) {
  Fill(10);
  auto reader = rig_.OpenReadOnly();
  ASSERT_THAT(reader, IsOk());
  rig_.Leaves(test::Left::kDamaged);
  const Offset gone = log().segments()->segments()[1]->base();
  const std::string name = SegmentFileName(gone, kLogSuffix);
  rig_.disk().Remove(name);
  LogCursor cursor(*reader, gone, {});
  const auto next = NextOffset(cursor);
  ASSERT_EQ(next.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(next.status().message()), HasSubstr(name));

  const Offset behind = log().segments()->segments()[2]->base();
  ASSERT_THAT(cursor.SkipDamage(), IsOkAndHolds(behind));
  EXPECT_EQ(Walk(cursor), Range(behind.value, log().log_end().value));
}

}  // namespace
}  // namespace cauce
