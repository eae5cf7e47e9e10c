#include "engine/log/segment_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DirectoryOn : public ::testing::TestWithParam<test::DiskKind> {
 protected:
  // Two thousand small batches, so that there are index entries by the dozen.
  std::string ManyBatches() {
    std::string bytes;
    for (int64_t at = 0; at < 2000; ++at) {
      bytes +=
          test::Batch({"value"}, Timestamp{1000 + at}).At(Offset{at}).bytes();
    }
    return bytes;
  }

  void WriteSegment(const std::string& log, int64_t interval = 4096) {
    disk_.Write(SegmentFileName(Offset{0}, kLogSuffix), log);
    const auto scanned = ScanEnd(disk_.Place(Offset{0}, interval), Offset{0});
    ASSERT_THAT(scanned, test::IsOk());
    scanned->index->Seal();
    disk_.Write(SegmentFileName(Offset{0}, kOffsetIndexSuffix),
                scanned->index->EncodeOffsets());
    disk_.Write(SegmentFileName(Offset{0}, kTimeIndexSuffix),
                scanned->index->EncodeTimes());
  }

  test::TestDisk disk_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Disks, DirectoryOn,
                         ::testing::Values(test::DiskKind::kMemory,
                                           test::DiskKind::kPosix),
                         test::DiskName);

TEST_P(DirectoryOn, ReadsWhereTheFirstBatchBeginsWhateverTheFileIsCalled) {
  const auto first = [&](const std::string& bytes) {
    disk_.Write(SegmentFileName(Offset{7}, kLogSuffix), bytes);
    return FirstBatchOffset(disk_.Place(Offset{7}));
  };
  const std::string batch = test::Batch({"a"}).At(Offset{3}).bytes();
  EXPECT_THAT(first(batch + "torn"), test::IsOkAndHolds(Offset{3}));
  EXPECT_THAT(first(batch.substr(1)), test::IsOkAndHolds(std::nullopt));
  EXPECT_THAT(first(""), test::IsOkAndHolds(std::nullopt));
  disk_.Remove(SegmentFileName(Offset{7}, kLogSuffix));
  EXPECT_THAT(FirstBatchOffset(disk_.Place(Offset{7})),
              test::StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(DirectoryOn, ListsLogFilesByTheirOffsetsAndNothingElse) {
  for (const char* name :
       {"00000000000000000010.log", "00000000000000000002.log",
        "00000000000000000003.index", "00000000000000000004.log.deleted",
        "5.log", "leader-epoch-checkpoint"}) {
    disk_.Write(name, "");
  }
  EXPECT_THAT(ListSegmentBases(disk_.Place()),
              test::IsOkAndHolds(ElementsAre(Offset{2}, Offset{10})));
}

TEST_P(DirectoryOn, FindsTheEndByTheIndexAsByAScan) {
  const std::string log = ManyBatches();
  WriteSegment(log);
  const auto by_index = ScanEnd(disk_.Place(), Offset{0});
  ASSERT_THAT(by_index, test::IsOk());
  EXPECT_EQ(by_index->bytes, static_cast<int64_t>(log.size()));
  EXPECT_EQ(by_index->next, Offset{2000});
  EXPECT_EQ(by_index->first_timestamp, Timestamp{1000});
  EXPECT_GT(by_index->index->offsets().size(), 20u);

  disk_.Remove(SegmentFileName(Offset{0}, kOffsetIndexSuffix));
  const auto by_scan = ScanEnd(disk_.Place(), Offset{0});
  ASSERT_THAT(by_scan, test::IsOk());
  EXPECT_EQ(by_scan->next, Offset{2000});
  EXPECT_EQ(by_scan->index->EncodeOffsets(), by_index->index->EncodeOffsets());
}

TEST_P(DirectoryOn, SaysThatASmallerIntervalAsksForEntries) {
  const std::string log = ManyBatches();
  WriteSegment(log, 1 << 20);
  const auto same = ScanEnd(disk_.Place(Offset{0}, 1 << 20), Offset{0});
  ASSERT_THAT(same, test::IsOk());
  EXPECT_FALSE(same->files_are_spoiled);

  const auto smaller = ScanEnd(disk_.Place(Offset{0}, 4096), Offset{0});
  ASSERT_THAT(smaller, test::IsOk());
  EXPECT_TRUE(smaller->files_are_spoiled);
  EXPECT_THAT(MadeAnewLine("a.log", *smaller),
              HasSubstr("index.interval.bytes asks for one behind every 4096"));
}

TEST_P(DirectoryOn, TellsHowLargeASealedLogIs) {
  EXPECT_THAT(SealedBytes(disk_.Place()),
              test::StatusIs(absl::StatusCode::kNotFound));
  disk_.Write(SegmentFileName(Offset{0}, kLogSuffix), "12345");
  EXPECT_THAT(SealedBytes(disk_.Place()), test::IsOkAndHolds(5));
}

TEST_P(DirectoryOn, ALinkInThePlaceOfALogHoldsNothing) {
  if (GetParam() != test::DiskKind::kPosix) {
    GTEST_SKIP() << "there are no links in memory";
  }
  disk_.Write("elsewhere", "12345");
  std::filesystem::create_symlink(
      disk_ / "elsewhere", disk_ / SegmentFileName(Offset{0}, kLogSuffix));
  EXPECT_THAT(SealedBytes(disk_.Place()), test::IsOkAndHolds(0));
}

TEST_P(DirectoryOn, TheEndIsInFrontOfWhatIsTornOrZero) {
  const std::string log = ManyBatches();
  WriteSegment(log);
  for (const std::string& tail :
       {std::string(5000, '\0'), log.substr(0, 60), std::string("garbage")}) {
    disk_.Write(SegmentFileName(Offset{0}, kLogSuffix), log + tail);
    const auto end = ScanEnd(disk_.Place(), Offset{0});
    ASSERT_THAT(end, test::IsOk());
    EXPECT_EQ(end->bytes, static_cast<int64_t>(log.size()));
    EXPECT_EQ(end->next, Offset{2000});
    EXPECT_EQ(end->damage.ok(), tail[0] == '\0' && tail.size() > 61);
  }
}

}  // namespace
}  // namespace cauce
