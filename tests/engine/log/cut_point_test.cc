#include "engine/log/cut_point.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::Batch;
using test::HasReason;
using test::IsOk;

class CutPointTest : public ::testing::Test {
 protected:
  // A segment of batches of two records that begin at these offsets.
  std::shared_ptr<Segment> Make(int64_t base,
                                std::initializer_list<int64_t> batches) {
    std::string bytes;
    Offset next{base};
    for (const int64_t at : batches) {
      bytes += Batch({"a", "b"}).At(Offset{at}).bytes();
      next = Offset{at + 2};
    }
    disk_.Write(SegmentFileName(Offset{base}, kLogSuffix), bytes);
    return std::make_shared<Segment>(disk_.Place(Offset{base}),
                                     OpenMode::kReadWrite,
                                     static_cast<int64_t>(bytes.size()), next);
  }

  const int64_t batch_bytes_ =
      static_cast<int64_t>(Batch({"a", "b"}).bytes().size());
  test::TestDisk disk_;
};

TEST_F(CutPointTest, LiesAtTheBaseOfTheBatchThatTheOffsetCuts) {
  const SegmentSet set({Make(0, {0, 2, 4}), Make(6, {6, 8})});
  for (const int64_t at : {2, 3}) {
    const auto cut = FindCut(set, Offset{at}, Offset{0});
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(cut->last, set.segments()[0]);
    EXPECT_EQ(cut->end, Offset{2});
    EXPECT_EQ(cut->kept.next, Offset{2});
    EXPECT_EQ(cut->kept.bytes, batch_bytes_);
  }
}

TEST_F(CutPointTest, LeavesASegmentWithoutBatchesWhereItsFirstGoes) {
  const SegmentSet set({Make(0, {0, 2, 4}), Make(6, {6, 8})});
  const auto cut = FindCut(set, Offset{6}, Offset{0});
  ASSERT_THAT(cut, IsOk());
  EXPECT_EQ(cut->last, set.segments()[1]);
  EXPECT_EQ(cut->end, Offset{6});
  EXPECT_EQ(cut->kept.bytes, 0);
}

TEST_F(CutPointTest, LiesAtTheOffsetWhereCompactionLeftAGap) {
  const SegmentSet set({Make(0, {0, 6}), Make(12, {14})});
  const std::pair<int64_t, int64_t> ends[] = {
      {1, 0}, {2, 2}, {4, 4}, {7, 6}, {8, 8}, {11, 11}, {13, 13}, {15, 14}};
  for (const auto& [at, end] : ends) {
    SCOPED_TRACE(at);
    const auto cut = FindCut(set, Offset{at}, Offset{0});
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(cut->end, Offset{end});
    EXPECT_EQ(cut->leaves_gap(), end != 0 && end != 2 && end != 8);
    EXPECT_EQ(cut->last, set.segments()[at < 12 ? 0 : 1]);
  }
}

TEST_F(CutPointTest, NeverLiesBelowTheStartOfTheLog) {
  const SegmentSet set({Make(0, {0, 2})});
  const auto cut = FindCut(set, Offset{1}, Offset{1});
  ASSERT_THAT(cut, IsOk());
  EXPECT_EQ(cut->end, Offset{1});
  EXPECT_TRUE(cut->leaves_gap());
}

TEST_F(CutPointTest, IsNotToldWhereWhatIsToStayIsDamaged) {
  const auto segment = Make(0, {0, 2, 4});
  std::string bytes = *disk_.Read(SegmentFileName(Offset{0}, kLogSuffix));
  bytes[static_cast<size_t>(batch_bytes_) - 1] ^= 1;
  disk_.Write(SegmentFileName(Offset{0}, kLogSuffix), bytes);
  EXPECT_THAT(FindCut(SegmentSet({segment}), Offset{4}, Offset{0}),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
