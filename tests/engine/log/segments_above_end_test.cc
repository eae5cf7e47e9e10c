#include "engine/log/segments_above_end.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/types.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;

// A segment of the offsets 0 to 3.
class AboveEndOn : public ::testing::TestWithParam<test::DiskKind> {
 protected:
  AboveEndOn() {
    Put(0, test::Batch({"a", "b"}).At(Offset{0}).bytes() +
               test::Batch({"c", "d"}).At(Offset{2}).bytes());
  }

  void Put(int64_t base, std::string_view bytes) {
    disk_.Write(SegmentFileName(Offset{base}, kLogSuffix), bytes);
    bases_.push_back(Offset{base});
  }
  absl::StatusOr<size_t> Count(int64_t end) {
    return CountAboveEnd(disk_.Place(), bases_, Offset{end});
  }

  test::TestDisk disk_{GetParam()};
  std::vector<Offset> bases_;
};

INSTANTIATE_TEST_SUITE_P(Disks, AboveEndOn,
                         ::testing::Values(test::DiskKind::kMemory,
                                           test::DiskKind::kPosix),
                         test::DiskName);

TEST_P(AboveEndOn, AFileWithoutABatchIsNoSegment) {
  Put(9, "abc");
  EXPECT_THAT(Count(4), IsOkAndHolds(1u));
  Put(12, "");
  Put(INT64_MAX - 2, std::string(4096, '\0'));
  EXPECT_THAT(Count(4), IsOkAndHolds(3u));
}

TEST_P(AboveEndOn, TheEmptySegmentThatTheLogEndsInIsOne) {
  Put(4, "");
  EXPECT_THAT(Count(4), IsOkAndHolds(0u));
}

TEST_P(AboveEndOn, WhatHoldsABatchIsOne) {
  Put(9, test::Batch({"e"}).At(Offset{9}).bytes());
  EXPECT_THAT(Count(4), IsOkAndHolds(0u));
  Put(20, "abc");
  EXPECT_THAT(Count(4), IsOkAndHolds(0u));
}

// Compaction may have taken the records up to where the last one begins.
TEST_P(AboveEndOn, ASavedEndThatNoSegmentReachesSaysNothing) {
  Put(9, "");
  EXPECT_THAT(Count(0), IsOkAndHolds(0u));
  EXPECT_THAT(Count(6), IsOkAndHolds(0u));
  EXPECT_THAT(Count(9), IsOkAndHolds(0u));
}

}  // namespace
}  // namespace cauce
