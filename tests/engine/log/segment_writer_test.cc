#include "engine/log/segment_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/io/file_pool.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/unsynced_bytes.h"

namespace cauce {
namespace {

using test::Batch;
using test::BatchOfBytes;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using test::StatusIs;
using ::testing::ElementsAre;

constexpr Timestamp kNow{1'700'000'000'000};
constexpr std::string_view kLog = "00000000000000000100.log";
constexpr Offset kBase{100};

class SegmentWriterTest : public ::testing::TestWithParam<DiskKind> {
 protected:
  void Create() {
    auto writer = SegmentWriter::Create(disk_.Place(kBase), kNow);
    ASSERT_THAT(writer, IsOk());
    writer_ = *std::move(writer);
    next_ = kBase;
  }

  // Ends the writer, as a stop of the process would, and goes on in its file.
  void Resume() {
    writer_ = nullptr;
    const std::string bytes = disk_.Read(kLog).value_or("");
    auto file = disk_.files().Open(disk_ / kLog, OpenMode::kRead);
    ASSERT_THAT(file, IsOk());
    auto scanned = ScanSegment(
        *std::move(file), std::string(kLog),
        {.base = kBase, .bytes = static_cast<int64_t>(bytes.size())});
    ASSERT_THAT(scanned, IsOk());
    auto writer =
        SegmentWriter::Resume(disk_.Place(kBase), *std::move(scanned), kNow);
    ASSERT_THAT(writer, IsOk());
    writer_ = *std::move(writer);
    next_ = writer_->segment()->next();
  }

  absl::Status Append(const OwnedBatch& batch,
                      WriteAhead ahead = WriteAhead::kNone) {
    const OwnedBatch placed = batch.At(next_);
    const std::string_view bytes = placed.bytes();
    const std::string_view parts[] = {bytes.substr(0, kBatchHeaderBytes),
                                      bytes.substr(kBatchHeaderBytes)};
    const absl::Status written =
        writer_->Append(parts, BatchFacts::Of(placed.view(), 0), ahead);
    if (written.ok()) next_ = placed.view().next_offset();
    return written;
  }

  // The bytes of the file that belong to the log.
  std::string Written() {
    const std::string bytes = disk_.Read(kLog).value_or("");
    return bytes.substr(0, static_cast<size_t>(writer_->segment()->bytes()));
  }

  bool ShouldRoll(const OwnedBatch& batch, RollLimits limits,
                  Timestamp now = kNow) {
    return writer_->ShouldRoll(BatchFacts::Of(batch.At(next_).view(), 0),
                               limits, now);
  }

  test::TestDisk disk_{GetParam()};
  std::unique_ptr<SegmentWriter> writer_;
  Offset next_;
};

INSTANTIATE_TEST_SUITE_P(Disks, SegmentWriterTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

constexpr RollLimits kNoLimits{1 << 30, 1 << 20, absl::Hours(24)};

// In a pool of one file, which others want as well.
class CrowdedWriterTest : public SegmentWriterTest {
 protected:
  CrowdedWriterTest() { CreateCrowded(); }
  ~CrowdedWriterTest() override { writer_ = nullptr; }

  void CreateCrowded() {
    SegmentPlace place = disk_.Place(kBase);
    place.pool = &pool_;
    auto writer = SegmentWriter::Create(place, kNow);
    ASSERT_THAT(writer, IsOk());
    writer_ = *std::move(writer);
    next_ = kBase;
  }

  // Somebody else has the one descriptor.
  void TakeDescriptor() {
    const std::string name = fmt::format("other-{}", others_++);
    PooledFile other(pool_, disk_ / name, OpenMode::kCreate);
    ASSERT_THAT(other.Acquire(), IsOk());
  }
  int Writes() { return disk_.files().Count(FileCall::kWrite, kLog); }
  int Opens() { return disk_.files().Count(FileCall::kOpen, kLog); }

  FilePool pool_{disk_.files(), 1};
  int others_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Disks, CrowdedWriterTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(CrowdedWriterTest, WritesAgainWhatWasUnsyncedAsItsFileWasClosed) {
  ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  EXPECT_EQ(Writes(), 1);
  ASSERT_THAT(Append(Batch({"c"})), IsOk());
  TakeDescriptor();
  ASSERT_THAT(Append(Batch({"d"})), IsOk());
  TakeDescriptor();
  EXPECT_EQ(Writes(), 3);
  EXPECT_GE(Opens(), 2);
  const std::string before = Written();

  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  EXPECT_EQ(Writes(), 4);
  EXPECT_EQ(Written(), before);
  // Nothing is left of that.
  ASSERT_THAT(Append(Batch({"e"})), IsOk());
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  EXPECT_EQ(Writes(), 5);
}

// As where the write-back failed, and the page was dropped: it is read as the
// disk has it, and the descriptor that would tell is closed.
TEST_P(CrowdedWriterTest, DoesNotSyncWhatIsNotReadBackAsItWasWritten) {
  ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  ASSERT_THAT(Append(Batch({"c"})), IsOk());
  TakeDescriptor();
  const std::string bytes = *disk_.Read(kLog);
  const std::string zeros(Batch({"c"}).bytes().size(), '\0');
  disk_.Write(kLog, bytes.substr(0, bytes.size() - zeros.size()) + zeros);
  const int writes = Writes();

  EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(Writes(), writes);
}

// As where the lost page ends within the base offset, which no CRC covers.
TEST_P(CrowdedWriterTest, DoesNotSyncABatchThatIsReadBackWithAnotherOffset) {
  for (const size_t which : {0, 1, 2}) {
    SCOPED_TRACE(which);
    writer_ = nullptr;
    ASSERT_THAT(disk_.files().RemoveFile(disk_ / kLog), IsOk());
    CreateCrowded();
    size_t position = 0;
    for (size_t i = 0; i < 3; ++i) {
      if (i == which) position = Written().size();
      ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
    }
    TakeDescriptor();
    std::string bytes = *disk_.Read(kLog);
    bytes.replace(position, 8, 8, '\0');
    disk_.Write(kLog, bytes);
    const int writes = Writes();

    EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
    EXPECT_EQ(Writes(), writes);
  }
}

TEST_P(CrowdedWriterTest, DoesNotSyncTheOneBatchThatHasAnotherOffset) {
  ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  const size_t position = Written().size();
  ASSERT_THAT(Append(Batch({"c"})), IsOk());
  TakeDescriptor();
  std::string bytes = *disk_.Read(kLog);
  bytes.replace(position, 8, 8, '\0');
  disk_.Write(kLog, bytes);

  EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
}

TEST_P(CrowdedWriterTest, SyncsLaterWhatItFindsNoDescriptorFor) {
  const absl::Status causes[] = {
      absl::ResourceExhaustedError("too many open files"),
      absl::PermissionDeniedError("not now")};
  for (const absl::Status& cause : causes) {
    SCOPED_TRACE(cause);
    ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
    TakeDescriptor();
    const int writes = Writes();
    const int64_t syncs = writer_->segment()->syncs();
    disk_.files().Fail(FileCall::kOpen, kLog, cause);
    EXPECT_THAT(writer_->segment()->Sync(), StatusIs(cause.code()));
    EXPECT_THAT(writer_->segment()->Sync(), StatusIs(cause.code()));
    EXPECT_EQ(writer_->segment()->syncs(), syncs);

    // What was written before the file was closed is not forgotten.
    disk_.files().Mend();
    ASSERT_THAT(writer_->segment()->Sync(), IsOk());
    EXPECT_EQ(Writes(), writes + 1);
    EXPECT_EQ(writer_->segment()->syncs(), syncs + 1);
  }
}

// Unlike one without a descriptor: what it wrote is gone.
TEST_P(CrowdedWriterTest, DoesNotSyncAFileThatIsGone) {
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  TakeDescriptor();
  ASSERT_THAT(disk_.files().RemoveFile(disk_ / kLog), IsOk());
  EXPECT_THAT(writer_->segment()->Sync(),
              StatusIs(absl::StatusCode::kNotFound));
  disk_.Write(kLog, Batch({"a"}).At(kBase).bytes());
  EXPECT_THAT(writer_->segment()->Sync(),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(CrowdedWriterTest, DoesNotSyncAFileThatLacksWhatWasWritten) {
  ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
  TakeDescriptor();
  disk_.Write(kLog, disk_.Read(kLog)->substr(0, 70));

  EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
}

TEST_P(CrowdedWriterTest, DoesNotSyncAFileThatLacksAWholeBatch) {
  ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
  const std::string first = Written();
  ASSERT_THAT(Append(Batch({"c"})), IsOk());
  TakeDescriptor();
  disk_.Write(kLog, first);

  EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
}

TEST_P(CrowdedWriterTest, DoesNotSyncAFileThatIsEmptyByNow) {
  ASSERT_THAT(Append(Batch({"a", "b"})), IsOk());
  TakeDescriptor();
  disk_.Write(kLog, "");

  EXPECT_THAT(writer_->segment()->Sync(), HasReason(Reason::kDiskFailed));
}

// As where a topic goes over from level os to group.
TEST_P(CrowdedWriterTest, KeepsItsFileOnceItsSyncsFollowSoon) {
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  TakeDescriptor();
  ASSERT_THAT(Append(Batch({"b"}), WriteAhead::kZeros), IsOk());
  const int opens = Opens();
  TakeDescriptor();
  ASSERT_THAT(Append(Batch({"c"}), WriteAhead::kZeros), IsOk());
  EXPECT_EQ(Opens(), opens);
  // What was written before the file was closed, "a", and no more.
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  EXPECT_EQ(Writes(), 4);
}

TEST_P(CrowdedWriterTest, KeepsItsFileWhereMuchIsUnsyncedOrZerosAreAhead) {
  // Whoever writes ahead syncs soon.
  ASSERT_THAT(Append(Batch({"a"}), WriteAhead::kZeros), IsOk());
  TakeDescriptor();
  ASSERT_THAT(Append(Batch({"b"}), WriteAhead::kZeros), IsOk());
  EXPECT_EQ(Opens(), 1);
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());

  ASSERT_THAT(Append(BatchOfBytes(65 << 10)), IsOk());
  const int opens = Opens();
  TakeDescriptor();
  ASSERT_THAT(Append(Batch({"c"})), IsOk());
  EXPECT_EQ(Opens(), opens);
  const int writes = Writes();
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  EXPECT_EQ(Writes(), writes);
}

TEST_P(SegmentWriterTest, WritesBatchesBackToBack) {
  Create();
  const OwnedBatch one = Batch({"a", "b"}), two = Batch({"c"});
  ASSERT_THAT(Append(one), IsOk());
  ASSERT_THAT(Append(two), IsOk());

  EXPECT_EQ(writer_->segment()->next(), kBase + 3);
  EXPECT_EQ(Written(), one.At(kBase).bytes() + two.At(kBase + 2).bytes());
  EXPECT_EQ(disk_.Read(kLog)->size(), Written().size());
  EXPECT_TRUE(writer_->has_changed());
}

TEST_P(SegmentWriterTest, DoesNotTakeTheFileOfAnother) {
  disk_.Write(kLog, "somebody's");
  EXPECT_THAT(SegmentWriter::Create(disk_.Place(kBase), kNow),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(disk_.Read(kLog), "somebody's");
}

TEST_P(SegmentWriterTest, GoesOnBehindWhatWasWritten) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  Resume();
  EXPECT_FALSE(writer_->has_changed());
  ASSERT_THAT(Append(Batch({"b"})), IsOk());

  EXPECT_EQ(writer_->segment()->next(), kBase + 2);
  EXPECT_EQ(Written(), Batch({"a"}).At(kBase).bytes() +
                           Batch({"b"}).At(kBase + 1).bytes());
}

TEST_P(SegmentWriterTest, CutsWhatStandsBehindTheLastWholeBatch) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  const std::string good = Written();
  disk_.Write(kLog, good + "half a batch");

  Resume();
  EXPECT_EQ(disk_.Read(kLog), good);
}

TEST_P(SegmentWriterTest, ZerosAheadAreNeverPartOfTheLog) {
  Create();
  std::string expected;
  int64_t largest = 0;
  for (int i = 0; i < 200; ++i) {
    const OwnedBatch batch = BatchOfBytes(2000);
    expected += batch.At(next_).bytes();
    ASSERT_THAT(Append(batch, WriteAhead::kZeros), IsOk());
    const std::string file = *disk_.Read(kLog);
    ASSERT_EQ(Written(), expected);
    // Whatever is ahead reads as the end of the log.
    ASSERT_EQ(file.find_first_not_of('\0', expected.size()), std::string::npos);
    largest = std::max(largest, static_cast<int64_t>(file.size()));
  }
  EXPECT_GT(largest, static_cast<int64_t>(expected.size()));

  // An idle segment gets none; and the end of the segment trims them.
  ASSERT_THAT(writer_->Seal(), IsOk());
  EXPECT_EQ(disk_.Read(kLog), expected);
}

TEST_P(SegmentWriterTest, WritesNoZerosAheadOfTheFirstFewBatches) {
  Create();
  ASSERT_THAT(Append(BatchOfBytes(2000), WriteAhead::kZeros), IsOk());
  EXPECT_EQ(disk_.Read(kLog)->size(), Written().size());
}

TEST_P(SegmentWriterTest, WritesNoZerosAheadWhereManyBytesShareASync) {
  Create();
  const auto ahead_after = [this](int syncs, size_t bytes) {
    for (int i = 0; i < syncs; ++i) {
      EXPECT_THAT(Append(BatchOfBytes(bytes), WriteAhead::kZeros), IsOk());
      EXPECT_THAT(writer_->segment()->Sync(), IsOk());
    }
    return disk_.Read(kLog)->size() - Written().size();
  };
  EXPECT_GT(ahead_after(100, 2000), 0u);
  EXPECT_EQ(ahead_after(10, 1 << 20), 0u);
  // Until as much as a step was written in small ones again.
  EXPECT_GT(ahead_after(500, 20'000), 0u);
}

TEST_P(SegmentWriterTest, FindsTheEndInFrontOfZerosAfterAStop) {
  Create();
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(Append(BatchOfBytes(2000), WriteAhead::kZeros), IsOk());
  }
  const std::string expected = Written();
  ASSERT_GT(disk_.Read(kLog)->size(), expected.size());

  Resume();
  EXPECT_EQ(disk_.Read(kLog), expected);
  EXPECT_EQ(next_, kBase + 100);
}

TEST_P(SegmentWriterTest, WritesIndexesWhenItIsSealed) {
  Create();
  for (int i = 0; i < 20; ++i) ASSERT_THAT(Append(BatchOfBytes(2000)), IsOk());
  EXPECT_THAT(disk_.Names("index"), ElementsAre());
  ASSERT_THAT(writer_->Seal(), IsOk());

  EXPECT_THAT(disk_.Names("index"),
              ElementsAre("00000000000000000100.index",
                          "00000000000000000100.timeindex"));
  // Batches of about 2070 bytes: the third is the first behind 4096.
  const std::string index = *disk_.Read("00000000000000000100.index");
  EXPECT_EQ(index.size(), 9u * 8);
  EXPECT_EQ(index.substr(0, 4), std::string("\0\0\0\2", 4));
}

TEST_P(SegmentWriterTest, AnEmptySegmentNeverRolls) {
  Create();
  EXPECT_FALSE(ShouldRoll(BatchOfBytes(5000), {100, 0, absl::ZeroDuration()}));
}

TEST_P(SegmentWriterTest, RollsBeforeABatchThatWouldNotFit) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  const int64_t bytes = writer_->segment()->bytes();
  RollLimits limits = kNoLimits;

  limits.segment_bytes_max = 2 * bytes;
  EXPECT_FALSE(ShouldRoll(Batch({"a"}), limits));
  limits.segment_bytes_max = 2 * bytes - 1;
  EXPECT_TRUE(ShouldRoll(Batch({"a"}), limits));
}

TEST_P(SegmentWriterTest, RollsByTheTimesOfItsFirstBatchAndOfTheNext) {
  Create();
  ASSERT_THAT(Append(Batch({"a"}, {5000})), IsOk());
  ASSERT_THAT(Append(Batch({"b"}, {9000})), IsOk());
  RollLimits limits = kNoLimits;
  limits.age_max = absl::Milliseconds(2000);

  EXPECT_FALSE(ShouldRoll(Batch({"c"}, {7000}), limits));
  EXPECT_TRUE(ShouldRoll(Batch({"c"}, {7001}), limits));
  EXPECT_FALSE(ShouldRoll(Batch({"c"}, {1}), limits));
}

TEST_P(SegmentWriterTest, KeepsTheTimeOfItsFirstBatchWhenItGoesOn) {
  Create();
  ASSERT_THAT(Append(Batch({"a"}, {5000})), IsOk());
  ASSERT_THAT(Append(Batch({"b"}, {9000})), IsOk());
  Resume();
  RollLimits limits = kNoLimits;
  limits.age_max = absl::Milliseconds(2000);

  EXPECT_FALSE(ShouldRoll(Batch({"c"}, {7000}), limits));
  EXPECT_TRUE(ShouldRoll(Batch({"c"}, {7001}), limits));
}

TEST_P(SegmentWriterTest, RollsByTheClockWhereItsRecordsHaveNoTime) {
  Create();
  ASSERT_THAT(Append(Batch({"a"}, kNoTimestamp)), IsOk());
  RollLimits limits = kNoLimits;
  limits.age_max = absl::Seconds(10);

  EXPECT_FALSE(ShouldRoll(Batch({"b"}), limits, {kNow.ms + 10'000}));
  EXPECT_TRUE(ShouldRoll(Batch({"b"}), limits, {kNow.ms + 10'001}));
}

TEST_P(SegmentWriterTest, RollsWhenItsIndexIsFull) {
  Create();
  RollLimits limits = kNoLimits;
  limits.index_bytes_max = 36;  // two time entries and the one that seals
  // The third batch gets the first entry, the fifth the second.
  for (int i = 0; i < 4; ++i) ASSERT_THAT(Append(BatchOfBytes(5000)), IsOk());
  EXPECT_FALSE(ShouldRoll(BatchOfBytes(5000), limits));

  for (int64_t i = 1; i < 9; ++i) {
    ASSERT_THAT(Append(BatchOfBytes(5000, {kNow.ms + i})), IsOk());
  }
  EXPECT_TRUE(ShouldRoll(BatchOfBytes(5000), limits));
}

TEST_P(SegmentWriterTest, RollsBeforeOffsetsThatAnIndexCannotTell) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  next_ = kBase + INT32_MAX;
  EXPECT_FALSE(ShouldRoll(Batch({"b"}), kNoLimits));
  next_ = next_ + 1;
  EXPECT_TRUE(ShouldRoll(Batch({"b"}), kNoLimits));
}

TEST_P(SegmentWriterTest, AFullDiskMayBeTriedAgain) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  const std::string before = Written();
  disk_.files().Fail(FileCall::kWrite, kLog,
                     MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(Append(BatchOfBytes(1000)), HasReason(Reason::kDiskFull));
  EXPECT_EQ(disk_.Read(kLog), before) << "half a batch stayed behind";

  disk_.files().Mend();
  ASSERT_THAT(Append(Batch({"b"})), IsOk());
  EXPECT_EQ(Written(), before + Batch({"b"}).At(kBase + 1).bytes());
}

TEST_P(SegmentWriterTest, ADiskTooFullForZerosStillTakesTheBatch) {
  Create();
  ASSERT_THAT(Append(BatchOfBytes(100'000), WriteAhead::kZeros), IsOk());
  std::string expected = Written();
  // The next append writes zeros first, which do not fit.
  disk_.files().Fail(FileCall::kWrite, kLog,
                     MakeError(Reason::kDiskFull, "no room"), 0, /*bad=*/1);
  ASSERT_THAT(Append(Batch({"b"}), WriteAhead::kZeros), IsOk());
  expected += Batch({"b"}).At(kBase + 1).bytes();
  EXPECT_EQ(disk_.Read(kLog), expected);

  // A disk that is nearly full is not asked again by every append.
  const int writes = disk_.files().Count(FileCall::kWrite, kLog);
  for (int i = 0; i < 100; ++i) {
    const OwnedBatch batch = BatchOfBytes(1000);
    expected += batch.At(next_).bytes();
    ASSERT_THAT(Append(batch, WriteAhead::kZeros), IsOk());
  }
  EXPECT_EQ(disk_.files().Count(FileCall::kWrite, kLog), writes + 100);
  EXPECT_EQ(disk_.Read(kLog), expected);

  // Some megabytes later it may have room once more.
  for (int i = 0; i < 5; ++i) {
    const OwnedBatch batch = BatchOfBytes(1 << 20);
    expected += batch.At(next_).bytes();
    ASSERT_THAT(Append(batch, WriteAhead::kZeros), IsOk());
  }
  EXPECT_EQ(Written(), expected);
  EXPECT_GT(disk_.Read(kLog)->size(), expected.size());
}

TEST_P(SegmentWriterTest, CutsNothingOffThatIsNotKeptElsewhere) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  const std::string good = Written();
  const std::string torn = good + "half a batch";
  disk_.Write(kLog, torn);
  Resume();
  disk_.Write(kLog, torn);
  ScannedSegment scanned;
  scanned.bytes = static_cast<int64_t>(good.size());
  scanned.next = next_;
  scanned.index = std::make_shared<SegmentIndex>(kBase, 4096);
  absl::Status kept = MakeError(Reason::kDiskFull, "no room");
  auto writer = SegmentWriter::ResumeBeforeTail(disk_.Place(kBase), scanned,
                                                kNow, [&kept] { return kept; });
  ASSERT_THAT(writer, IsOk());
  writer_ = *std::move(writer);
  EXPECT_FALSE(writer_->is_settled());
  EXPECT_TRUE(writer_->has_changed());

  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFull));
  EXPECT_THAT(writer_->Complete(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(disk_.Read(kLog), torn);
  EXPECT_EQ(Written(), good);

  kept = absl::OkStatus();
  ASSERT_THAT(Append(Batch({"b"})), IsOk());
  EXPECT_TRUE(writer_->is_settled());
  EXPECT_EQ(disk_.Read(kLog), good + Batch({"b"}).At(kBase + 1).bytes());
}

// A whole batch that stood behind the cut must not come back behind what is
// written in the place of the torn one, which may be just as long.
TEST(SegmentWriter, APowerLossBringsNothingBackFromBehindACutThatCameLate) {
  const OwnedBatch good = Batch({"a"}).At(kBase);
  const auto good_bytes = static_cast<int64_t>(good.bytes().size());
  // The new batch ends where a sector does, or it would write over the next.
  int64_t value_bytes = 2000;
  while ((good_bytes + std::ssize(BatchOfBytes(value_bytes).bytes())) %
             test::kSectorBytes !=
         0) {
    ++value_bytes;
  }
  const OwnedBatch next = BatchOfBytes(value_bytes).At(kBase + 1);
  std::string torn = next.bytes();
  torn[torn.size() / 2] ^= 1;
  const OwnedBatch behind = Batch({"behind"}).At(kBase + 2);

  test::SimClock clock;
  test::FaultyDisk disk(clock);
  FilePool pool(disk, 8);
  const SegmentPlace place{&disk, &pool, "", kBase};
  const std::string path = place.PathOf(kLog);
  {
    const auto file = disk.Open(path, OpenMode::kCreate).value();
    ASSERT_THAT(file->Write(0, good.bytes() + torn + behind.bytes()), IsOk());
    ASSERT_THAT(file->Sync(), IsOk());
    ASSERT_THAT(disk.SyncDirectory("/"), IsOk());
  }
  ScannedSegment scanned;
  scanned.bytes = good_bytes;
  scanned.next = kBase + 1;
  scanned.index = std::make_shared<SegmentIndex>(kBase, 4096);
  auto writer = SegmentWriter::ResumeBeforeTail(
      place, std::move(scanned), kNow, [] { return absl::OkStatus(); });
  ASSERT_THAT(writer, IsOk());
  const std::string_view part = next.bytes();
  ASSERT_THAT((*writer)->Append({&part, 1}, BatchFacts::Of(next.view(), 0),
                                WriteAhead::kNone),
              IsOk());
  disk.CutNow();

  int losses = 0;
  test::AllChoices all;
  do {
    const auto after = disk.Copy();
    after->Restart(all);
    const std::shared_ptr<const File> file =
        after->Open(path, OpenMode::kRead).value();
    const auto found =
        ScanSegment(file, path, {.base = kBase, .bytes = file->Size().value()});
    ASSERT_THAT(found, IsOk());
    ASSERT_LE(found->next, kBase + 2) << "after loss " << losses;
    ++losses;
  } while (all.Next());
  EXPECT_GT(losses, 1);
}

TEST_P(SegmentWriterTest, FencesWhereACutThatCameLateIsNotDurable) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  ASSERT_THAT(writer_->segment()->Sync(), IsOk());
  ScannedSegment scanned;
  scanned.bytes = writer_->segment()->bytes();
  scanned.next = next_;
  scanned.index = std::make_shared<SegmentIndex>(kBase, 4096);
  auto writer =
      SegmentWriter::ResumeBeforeTail(disk_.Place(kBase), std::move(scanned),
                                      kNow, [] { return absl::OkStatus(); });
  ASSERT_THAT(writer, IsOk());
  writer_ = *std::move(writer);
  disk_.files().Fail(FileCall::kSync, kLog,
                     MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFailed));

  disk_.files().Mend();
  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(writer_->status(), HasReason(Reason::kDiskFailed));
}

TEST_P(SegmentWriterTest, TakesNothingMoreAfterAFailedWrite) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  disk_.files().Fail(FileCall::kWrite, kLog,
                     MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFailed));

  disk_.files().Mend();
  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFailed));
  EXPECT_EQ(writer_->segment()->next(), kBase + 1);
}

TEST_P(SegmentWriterTest, TakesNothingMoreWhenItCannotCutAHalfWrite) {
  Create();
  ASSERT_THAT(Append(Batch({"a"})), IsOk());
  disk_.files().Fail(FileCall::kWrite, kLog,
                     MakeError(Reason::kDiskFull, "no room"));
  disk_.files().Fail(FileCall::kTruncate, kLog,
                     MakeError(Reason::kDiskFailed, "gone"));
  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFailed));

  disk_.files().Mend();
  EXPECT_THAT(Append(Batch({"b"})), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(writer_->Seal(), HasReason(Reason::kDiskFailed));
}

}  // namespace
}  // namespace cauce
