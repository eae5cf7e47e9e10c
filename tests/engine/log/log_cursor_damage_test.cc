// A cursor in front of damage: where it stays, what it names, and how it passes
// by.
#include "engine/log/log_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/bytes.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/engine/log/log_cursor_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/verified.h"

namespace cauce {
namespace {

using test::Batch;
using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LogCursorTest : public test::LogCursorFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, LogCursorTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(LogCursorTest, StaysInFrontOfDamageUntilItIsSkipped) {
  Fill(20);
  DamageRecords(Offset{10});
  LogCursor cursor = Cursor(Offset{0});
  EXPECT_EQ(Walk(cursor), Range(0, 10));
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
    EXPECT_EQ(cursor.position(), Offset{10});
  }

  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{12}));
  EXPECT_EQ(cursor.position(), Offset{12});
  EXPECT_EQ(Walk(cursor), Range(12, 40));
}

TEST_P(LogCursorTest, SkipsDamageWhereverItStands) {
  for (int64_t damaged = 0; damaged < 40; damaged += 2) {
    SCOPED_TRACE(damaged);
    rig_.Kill();
    for (const auto& name : rig_.disk().Names()) rig_.disk().Remove(name);
    rig_.set_bounds({});
    Fill(20);
    DamageRecords(Offset{damaged});
    LogCursor cursor = Cursor(Offset{0});
    std::vector<int64_t> offsets = Walk(cursor);
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{damaged + 2}));
    for (const int64_t offset : Walk(cursor)) offsets.push_back(offset);
    std::vector<int64_t> expected = Range(0, damaged);
    for (const int64_t offset : Range(damaged + 2, 40)) {
      expected.push_back(offset);
    }
    EXPECT_EQ(offsets, expected);
  }
}

TEST_P(LogCursorTest, SkipsToTheNextSegmentWhereNothingLeadsOn) {
  Fill(20);
  const Offset second = log().segments()->segments()[1]->base();
  const Offset third = log().segments()->segments()[2]->base();
  // Without a length nobody knows where the batch behind it begins.
  Damage(second, [](char* batch) {
    StoreBig<int32_t>(batch + layout::kBatchLength, 12345678);
  });
  LogCursor cursor = Cursor(Offset{0});
  EXPECT_EQ(Walk(cursor), Range(0, second.value));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(third));
  EXPECT_EQ(Walk(cursor), Range(third.value, 40));
}

TEST_P(LogCursorTest, SkipsASegmentInWhosePlaceIsNoFileThatCanBeRead) {
  Fill(20);
  const Offset second = log().segments()->segments()[1]->base();
  const Offset third = log().segments()->segments()[2]->base();
  const std::string name = SegmentFileName(second, kLogSuffix);
  for (const absl::StatusCode code : {absl::StatusCode::kFailedPrecondition,
                                      absl::StatusCode::kPermissionDenied}) {
    SCOPED_TRACE(absl::StatusCodeToString(code));
    ASSERT_THAT(rig_.Close(), IsOk());
    ASSERT_THAT(rig_.Open(), IsOk());
    rig_.disk().files().Fail(test::FileCall::kOpen, name,
                             absl::Status(code, "no file"));
    LogCursor cursor = Cursor(Offset{0});
    EXPECT_EQ(Walk(cursor), Range(0, second.value));
    EXPECT_THAT(NextOffset(cursor), test::StatusIs(code));
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(third));
    EXPECT_EQ(Walk(cursor), Range(third.value, 40));
    rig_.disk().files().Mend();
  }
}

// It may be read by whoever tries again.
TEST_P(LogCursorTest, SkipsNoSegmentThatADiskDoesNotRead) {
  Fill(20);
  const Offset second = log().segments()->segments()[1]->base();
  ASSERT_THAT(rig_.Close(), IsOk());
  ASSERT_THAT(rig_.Open(), IsOk());
  rig_.disk().files().Fail(test::FileCall::kOpen,
                           SegmentFileName(second, kLogSuffix),
                           MakeError(Reason::kDiskFailed, "no"));
  LogCursor cursor = Cursor(second);
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(cursor.SkipDamage(), HasReason(Reason::kDiskFailed));
  rig_.disk().files().Mend();
  EXPECT_EQ(Walk(cursor), Range(second.value, 40));
}

// Its files are whole, and are read once the mount or the directory is mended.
TEST_P(LogCursorTest, SkipsNoSegmentThatOnlyItsMountOrDirectoryRefuses) {
  Fill(20);
  const Offset second = log().segments()->segments()[1]->base();
  const std::string name = SegmentFileName(second, kLogSuffix);
  ASSERT_THAT(rig_.Close(), IsOk());
  ASSERT_THAT(rig_.Open(), IsOk());
  LogCursor cursor = Cursor(second);
  // A mount that takes no writes any more: a look-up opens for these as well,
  // and who only reads, behind it, may.
  test::FailingFileSystem& disk = rig_.disk().files();
  const auto no_writes = absl::PermissionDeniedError("no writes");
  const int before = disk.Count(test::FileCall::kOpen, name);
  disk.Fail(test::FileCall::kOpen, name, no_writes);
  EXPECT_THAT(NextOffset(cursor),
              test::StatusIs(absl::StatusCode::kPermissionDenied));
  const int opens = disk.Count(test::FileCall::kOpen, name) - before;
  disk.Mend();
  disk.Fail(test::FileCall::kOpen, name, no_writes, 0, opens);
  EXPECT_THAT(cursor.SkipDamage(),
              test::StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(cursor.position(), second);
  disk.Mend();

  // A file in the place of the directory.
  FileSystem& files = rig_.disk().real_files();
  const std::string& directory = rig_.disk().directory();
  ASSERT_THAT(files.Rename(directory, directory + "-away"), IsOk());
  ASSERT_THAT(files.Open(directory, OpenMode::kCreate), IsOk());
  EXPECT_THAT(NextOffset(cursor),
              test::StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(cursor.SkipDamage(),
              test::StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(cursor.position(), second);

  ASSERT_THAT(files.RemoveFile(directory), IsOk());
  ASSERT_THAT(files.Rename(directory + "-away", directory), IsOk());
  EXPECT_EQ(Walk(cursor), Range(second.value, 40));
}

TEST_P(LogCursorTest, SkipsSeveralDamagedBatchesOneAfterTheOther) {
  Fill(20);
  for (const int64_t offset : {20, 6, 4}) DamageRecords(Offset{offset});
  LogCursor cursor = Cursor(Offset{0});
  EXPECT_EQ(Walk(cursor), Range(0, 4));
  const auto skipped = cursor.SkipDamage();
  ASSERT_THAT(skipped, IsOk());
  EXPECT_GE(*skipped, Offset{8}) << "only what can be read is returned";
  EXPECT_EQ(Walk(cursor), Range(skipped->value, 20));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{22}));
  EXPECT_EQ(Walk(cursor), Range(22, 40));
}

TEST_P(LogCursorTest, SkipsNoMoreThanTheDamage) {
  Fill(20);
  // No walk over headers passes by an offset that goes back.
  Damage(Offset{10},
         [](char* batch) { batch[layout::kBaseOffset + 7] ^= 1 << 1; });
  // Sought is the second record of the batch behind the damage.
  LogCursor cursor = Cursor(Offset{13});
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{13}));
  EXPECT_EQ(Walk(cursor), Range(13, 40));
}

TEST_P(LogCursorTest, ReadsARecordBehindDamageThatIsNotInItsWay) {
  Fill(20);
  DamageRecords(Offset{10});
  for (const int64_t offset : {12, 13}) {
    LogCursor cursor = Cursor(Offset{offset});
    EXPECT_EQ(Walk(cursor), Range(offset, 40));
  }
  for (const int64_t offset : {8, 9, 10, 11}) {
    LogCursor cursor = Cursor(Offset{offset});
    EXPECT_EQ(Walk(cursor), Range(offset, 10));
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
  }
}

TEST_P(LogCursorTest, SkipsARecordThatItsBatchCoversButNobodyCanDecode) {
  ASSERT_THAT(rig_.Open(), IsOk());
  // The CRC is right and the first record's length is not.
  const OwnedBatch broken = Batch({"a", "b"}).With([](std::string& bytes) {
    bytes[layout::kRecords] = 0x7e;
  });
  ASSERT_THAT(log().Append(Batch({"first"}).view(), {}), IsOk());
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(log().Append(broken.view(), {}), IsOk());
  ASSERT_THAT(log().Append(Batch({"last"}).view(), {}), IsOk());

  LogCursor cursor = Cursor(Offset{0});
  EXPECT_THAT(Walk(cursor), ElementsAre(0));
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kInvalidRecord));
    EXPECT_EQ(cursor.position(), Offset{1});
  }
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{3}));
  EXPECT_THAT(Walk(cursor), ElementsAre(3));
}

TEST_P(LogCursorTest, AFailedReadIsNoDamageAndMayBeTriedAgain) {
  Fill(20);
  LogCursor cursor = Cursor(Offset{0});
  rig_.disk().files().Fail(test::FileCall::kRead, ".log",
                           MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(cursor.position(), Offset{0});

  rig_.disk().files().Mend();
  EXPECT_EQ(Walk(cursor), Range(0, 40));
}

TEST_P(LogCursorTest, NamesTheReasonForEveryFieldOfAHeader) {
  struct Field {
    std::string_view name;
    int at;
    Reason reason;
  };
  const std::vector<Field> fields = {
      {"base offset, high byte", layout::kBaseOffset, Reason::kCorruptBatch},
      {"base offset, low byte", layout::kBaseOffset + 7, Reason::kCorruptBatch},
      {"length, high byte", layout::kBatchLength, Reason::kCorruptBatch},
      {"length, low byte", layout::kBatchLength + 3, Reason::kCorruptBatch},
      {"magic", layout::kMagic, Reason::kUnsupportedFormat},
      {"crc", layout::kCrc, Reason::kCorruptBatch},
      {"attributes", layout::kAttributes + 1, Reason::kCorruptBatch},
      {"last offset delta", layout::kLastOffsetDelta, Reason::kCorruptBatch},
      {"base timestamp", layout::kBaseTimestamp, Reason::kCorruptBatch},
      {"largest timestamp", layout::kMaxTimestamp, Reason::kCorruptBatch},
      {"producer id", layout::kProducerId, Reason::kCorruptBatch},
      {"producer epoch", layout::kProducerEpoch, Reason::kCorruptBatch},
      {"base sequence", layout::kBaseSequence, Reason::kCorruptBatch},
      {"record count", layout::kRecordCount, Reason::kCorruptBatch},
  };
  Fill(20);
  rig_.Leaves(test::Left::kDamaged);
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  for (const Field& field : fields) {
    SCOPED_TRACE(field.name);
    const auto flip = [&] {
      std::string bytes = *rig_.disk().Read(name);
      bytes[static_cast<size_t>(field.at)] ^= 1;
      const auto file = log().segments()->segments()[0]->OpenFile();
      ASSERT_THAT(file, IsOk());
      ASSERT_THAT((*file)->Write(0, bytes), IsOk());
    };
    flip();
    LogCursor cursor = Cursor(Offset{0});
    EXPECT_THAT(NextOffset(cursor), HasReason(field.reason));
    // Behind the batch, or where its length is the damage, the segment.
    const bool leads_on = field.name.find("length") == field.name.npos;
    const Offset second = log().segments()->segments()[1]->base();
    const Offset next = leads_on ? Offset{2} : second;
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(next));
    EXPECT_EQ(Walk(cursor), Range(next.value, 40));
    flip();
  }
}

TEST_P(LogCursorTest, NamesBothOffsetsOfABatchThatDoesNotContinueTheLog) {
  Fill(20);
  Damage(Offset{2}, [](char* batch) {
    StoreBig<int64_t>(batch + layout::kBaseOffset, 0);
  });
  LogCursor cursor = Cursor(Offset{0});
  EXPECT_THAT(Walk(cursor), ElementsAre(0, 1));
  const auto damage = NextOffset(cursor);
  ASSERT_THAT(damage, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(std::string(damage.status().message()),
              HasSubstr("00000000000000000000.log at position "));
  EXPECT_THAT(std::string(damage.status().message()),
              HasSubstr("a batch with offsets 0 to 1 stands where offset 2"));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{4}));
  EXPECT_EQ(Walk(cursor), Range(4, 40));
}

// As by "cat X X > X": every batch of the second half is whole.
TEST_P(LogCursorTest, NeverHandsOutASegmentTwiceWhoseFileHoldsItTwice) {
  Fill(20);
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string bytes = *rig_.disk().Read(name);
  rig_.disk().Write(name, bytes + bytes);
  ASSERT_THAT(rig_.Open(), IsOk());
  const Offset second = log().segments()->segments()[1]->base();

  LogCursor cursor = Cursor(Offset{0});
  EXPECT_EQ(Walk(cursor), Range(0, second.value));
  EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(second));
  EXPECT_EQ(Walk(cursor), Range(second.value, 40));
}

// It is gone to the last byte, and its offsets are the only sign.
TEST_P(LogCursorTest, TellsOfABatchThatIsMissingWithinASegment) {
  rig_.set_may_have_gaps(false);
  Fill(20);
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  const size_t one = Batch({"a0", "b0"}).bytes().size();
  rig_.disk().Write(name, bytes.erase(one, one));
  ASSERT_THAT(rig_.Open(), IsOk());

  for (const int64_t from : {0, 2, 3}) {
    SCOPED_TRACE(from);
    LogCursor cursor = Cursor(Offset{from});
    EXPECT_EQ(Walk(cursor), Range(from, 2));
    for (int again = 0; again < 2; ++again) {
      EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
      EXPECT_EQ(cursor.position(), Offset{std::max<int64_t>(from, 2)});
    }
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{4}));
    EXPECT_EQ(Walk(cursor), Range(4, 40));
  }
}

// Its offset may be wrong, and no CRC covers that.
TEST_P(LogCursorTest, HandsOutNoLoneBatchThatNothingConfirms) {
  rig_.set_may_have_gaps(false);
  Fill(20);
  const Offset second = log().segments()->segments()[1]->base();
  const Offset third = log().segments()->segments()[2]->base();
  const Offset fourth = log().segments()->segments()[3]->base();
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Write(SegmentFileName(second, kLogSuffix),
                    Batch({"a", "b", "c"}).At(second + 1).bytes());
  for (const auto suffix : {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    rig_.disk().Remove(SegmentFileName(third, suffix));
  }
  for (const auto suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    rig_.disk().Remove(SegmentFileName(second, suffix));
  }
  ASSERT_THAT(rig_.Open(), IsOk());

  for (const Offset from : {Offset{0}, second, second + 2}) {
    SCOPED_TRACE(from.value);
    LogCursor cursor = Cursor(from);
    EXPECT_EQ(Walk(cursor), Range(from.value, second.value));
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
    EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(fourth));
    EXPECT_EQ(Walk(cursor), Range(fourth.value, 40));
  }
}

// As compaction leaves it.
TEST_P(LogCursorTest, GoesOnBehindAGapOfATopicThatMayHaveSome) {
  Fill(20);
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(name);
  const size_t one = Batch({"a0", "b0"}).bytes().size();
  rig_.disk().Write(name, bytes.erase(one, one));
  ASSERT_THAT(rig_.Open(), IsOk());
  LogCursor cursor = Cursor(Offset{2});
  EXPECT_EQ(Walk(cursor), Range(4, 40));
}

TEST_P(LogCursorTest, TakesZerosInTheMiddleOfTheLogForDamage) {
  Fill(20);
  rig_.Leaves(test::Left::kDamaged);
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string name = SegmentFileName(Offset{0}, kLogSuffix);
  const std::string bytes = *rig_.disk().Read(name);
  const size_t one = Batch({"a0", "b0"}).bytes().size();
  rig_.disk().Write(
      name, bytes.substr(0, one) + std::string(bytes.size() - one, '\0'));
  ASSERT_THAT(rig_.Open(), IsOk());
  const Offset second = log().segments()->segments()[1]->base();

  LogCursor cursor = Cursor(Offset{0});
  EXPECT_THAT(Walk(cursor), ElementsAre(0, 1));
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(NextOffset(cursor), HasReason(Reason::kCorruptBatch));
    EXPECT_EQ(cursor.position(), Offset{2});
  }
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(second));
  EXPECT_EQ(Walk(cursor), Range(second.value, 40));
}

TEST_P(LogCursorTest, SkipsNothingWhereThereIsNoDamage) {
  Fill(20);
  LogCursor cursor = Cursor(Offset{5});
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{5}));
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(5));
  ASSERT_THAT(NextOffset(cursor), IsOkAndHolds(6));
  RecordBatch batch;
  ASSERT_THAT(cursor.NextBatch(&batch), IsOkAndHolds(true));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{8}));
  EXPECT_EQ(Walk(cursor), Range(8, 40));
}

}  // namespace
}  // namespace cauce
