#include "engine/log/retired_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RetiredSegmentsTest : public ::testing::Test {
 protected:
  // A segment of one file, with some bytes in it.
  std::shared_ptr<Segment> Make(int64_t base) {
    disk_.Write(SegmentFileName(Offset{base}, kLogSuffix), "bytes");
    return std::make_shared<Segment>(disk_.Place(Offset{base}),
                                     OpenMode::kReadWrite, 5, Offset{base});
  }

  test::TestDisk disk_;
  RetiredSegments retired_;
};

constexpr absl::Duration kStart = absl::Seconds(100);
constexpr absl::Duration kDelay = absl::Seconds(60);

TEST_F(RetiredSegmentsTest, KeepsFilesUnderAnotherNameForAWhile) {
  ASSERT_THAT(retired_.Add(Make(7), kStart), IsOk());
  ASSERT_THAT(retired_.UnlinkDue(kStart + absl::Seconds(59), kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre("00000000000000000007.log.deleted"));

  ASSERT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetiredSegmentsTest, KeepsWhatSomebodyReads) {
  std::shared_ptr<Segment> read = Make(7);
  ASSERT_THAT(retired_.Add(read, kStart), IsOk());
  ASSERT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), SizeIs(1));

  read = nullptr;
  ASSERT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetiredSegmentsTest, UnlinksEverythingAtTheEnd) {
  const std::shared_ptr<Segment> read = Make(7);
  ASSERT_THAT(retired_.Add(read, kStart), IsOk());
  ASSERT_THAT(retired_.Add(Make(9), kStart), IsOk());
  ASSERT_THAT(retired_.UnlinkAll(), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetiredSegmentsTest, AnOlderOneDoesNotTakeALaterOnesFilesAlong) {
  ASSERT_THAT(retired_.Add(Make(7), kStart), IsOk());
  ASSERT_THAT(retired_.Add(Make(7), kStart + kDelay), IsOk());

  ASSERT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), SizeIs(1)) << "the later one's time is not over";
  ASSERT_THAT(retired_.UnlinkDue(kStart + 2 * kDelay, kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetiredSegmentsTest, ToldOfAFailureTheyGoOn) {
  ASSERT_THAT(retired_.Add(Make(7), kStart), IsOk());
  ASSERT_THAT(retired_.Add(Make(9), kStart), IsOk());
  disk_.files().Fail(FileCall::kRemove, ".deleted",
                     MakeError(Reason::kDiskFailed, "no"), 0, /*bad=*/1);
  EXPECT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(disk_.Names(), ElementsAre("00000000000000000007.log.deleted"));
}

TEST_F(RetiredSegmentsTest, TryAgainWhatCouldNotBeUnlinked) {
  ASSERT_THAT(retired_.Add(Make(7), kStart), IsOk());
  disk_.files().Fail(FileCall::kRemove, ".deleted",
                     MakeError(Reason::kDiskFailed, "no"), 0, /*bad=*/1);
  ASSERT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay),
              HasReason(Reason::kDiskFailed));
  EXPECT_FALSE(retired_.empty());

  EXPECT_THAT(retired_.UnlinkDue(kStart + kDelay, kDelay), IsOk());
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_TRUE(retired_.empty());
}

}  // namespace
}  // namespace cauce
