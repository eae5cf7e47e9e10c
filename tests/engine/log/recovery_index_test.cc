// The index files that recovery makes, keeps and does not believe.
#include "engine/log/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "tests/engine/log/recovery_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::IsOk;
using test::kNow;
using ::testing::IsEmpty;

class RecoveryTest : public test::RecoveryFixture {};

INSTANTIATE_TEST_SUITE_P(Disks, RecoveryTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(RecoveryTest, RebuildsIndexesAfterAnUncleanStop) {
  for (const int64_t base : {0, 200}) {
    std::string bytes;
    for (int64_t i = 0; i < 200; ++i) {
      bytes += test::BatchOfBytes(500, {kNow.ms + base + i})
                   .At(Offset{base + i})
                   .bytes();
    }
    disk_.Write(Log(base), bytes);
    disk_.Write(SegmentFileName(Offset{base}, kOffsetIndexSuffix), "rubbish");
  }
  const auto log = Recover();
  ASSERT_THAT(log, IsOk());
  for (const auto& segment : {log->sealed[0], log->writer->segment()}) {
    const auto index = segment->Index();
    ASSERT_THAT(index, IsOk());
    EXPECT_GT((*index)->offsets().size(), 10u);
    EXPECT_EQ(disk_.Read(SegmentFileName(segment->base(), kOffsetIndexSuffix)),
              (*index)->EncodeOffsets());
    EXPECT_EQ(disk_.Read(SegmentFileName(segment->base(), kTimeIndexSuffix)),
              (*index)->EncodeTimes());
  }
}

TEST_P(RecoveryTest, FindsTheEndWithoutIndexesAfterACleanStop) {
  WriteSegment(0, 5);
  WriteSegment(10, 3);
  const auto log = Recover({.clean_stop = true});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(BatchesOf(*log), EveryOther(0, 16));
}

// A segment with an index entry for nearly each of its batches.
class IndexedRecovery : public RecoveryTest {
 protected:
  static constexpr int kBatches = 400;

  void SetUp() override {
    for (int64_t i = 0; i < kBatches; ++i) {
      const std::string batch =
          test::BatchOfBytes(5000, {kNow.ms + i}).At(Offset{i}).bytes();
      bytes_ += batch;
      batch_bytes_ = batch.size();
    }
    disk_.Write(Log(0), bytes_);
    ASSERT_THAT(Recover(), IsOk());
    offsets_ = *disk_.Read(kOffsets);
    times_ = *disk_.Read(kTimes);
    ASSERT_GT(offsets_.size(), 300 * OffsetEntry::kBytes);
  }
  // Where the entry of batch `at` stands; the first batch has none.
  static size_t EntryOf(size_t at) { return (at - 1) * OffsetEntry::kBytes; }
  void ExpectIndexesMade() {
    EXPECT_EQ(disk_.Read(kOffsets), offsets_);
    EXPECT_EQ(disk_.Read(kTimes), times_);
  }

  const std::string kOffsets = SegmentFileName(Offset{0}, kOffsetIndexSuffix);
  const std::string kTimes = SegmentFileName(Offset{0}, kTimeIndexSuffix);
  std::string bytes_;
  size_t batch_bytes_ = 0;
  std::string offsets_;
  std::string times_;
};

INSTANTIATE_TEST_SUITE_P(Disks, IndexedRecovery,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(IndexedRecovery, ReadsTheActiveSegmentFromTheRecoveryPointOn) {
  // Damage that a scan from the start would find.
  std::string damaged = bytes_;
  damaged[20 * batch_bytes_ + 100] ^= 1;
  disk_.Write(Log(0), damaged);
  const auto reads = [this] {
    return disk_.files().Count(FileCall::kRead, ".log");
  };
  const int before = reads();
  const auto log = Recover({.recovery_point = Offset{390}});
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(EndOf(*log), Offset{kBatches});
  EXPECT_THAT(events_, IsEmpty());
  // Two megabytes are eight pieces.
  EXPECT_LE(reads() - before, 6);
  ExpectIndexesMade();
}

TEST_P(IndexedRecovery, KeepsTheIndexAsFarAsTheRecoveryPoint) {
  // Entries that say what the batches above it do not; the last one is true.
  std::string stale = offsets_;
  for (size_t at = 350; at + 1 < kBatches; ++at) ++stale[EntryOf(at) + 7];
  for (const std::string& there :
       {offsets_.substr(0, EntryOf(200)), stale, offsets_.substr(0, 1001)}) {
    disk_.Write(kOffsets, there);
    disk_.Write(kTimes, times_);
    ASSERT_THAT(Recover({.recovery_point = Offset{300}}), IsOk());
    ExpectIndexesMade();
  }
}

TEST_P(IndexedRecovery, TakesNoTimesThatStandBehindTheOffsetsItKeeps) {
  disk_.Write(kOffsets, offsets_.substr(0, EntryOf(200)));
  // Of another log, once: from entry 250 on.
  std::string times = times_;
  for (size_t at = 250; at < kBatches; ++at) {
    ++times[(at - 1) * TimeEntry::kBytes + 7];
  }
  disk_.Write(kTimes, times);
  ASSERT_THAT(Recover({.recovery_point = Offset{300}}), IsOk());
  ExpectIndexesMade();
}

TEST_P(IndexedRecovery, BelievesNoIndexWhoseLastEntryLies) {
  std::string lies = offsets_;
  ++lies[EntryOf(299) + 7];
  disk_.Write(kOffsets, lies);
  ASSERT_THAT(Recover({.recovery_point = Offset{300}}), IsOk());
  ExpectIndexesMade();
}

}  // namespace
}  // namespace cauce
