#include "engine/log/segments_above_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/types.h"
#include "engine/log/segment_intruders.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

TEST_P(AboveEndOn, OfALogWithoutGapsAreThoseThatBeginBehindTheEnd) {
  const auto find = [&](int64_t durable, int64_t log_start = 0) {
    const auto found = FindBehindEnd(disk_.Place(), bases_, Offset{durable},
                                     Offset{log_start});
    EXPECT_THAT(found, IsOk());
    return found.value_or(AboveEnd());
  };
  Put(4, "");
  EXPECT_EQ(find(0).count, 0u) << "a roll";
  Put(9, "abc");
  Put(12, std::string(4096, '\0'));
  EXPECT_EQ(find(0).count, 2u);
  EXPECT_EQ(find(0).end, Offset{4});
  EXPECT_EQ(find(12).count, 0u);
  EXPECT_EQ(find(0, 12).count, 0u);
  Put(20, test::Batch({"e"}).At(Offset{20}).bytes());
  EXPECT_EQ(find(0).count, 0u);
}

// What it held in front of them is gone as well.
TEST_P(AboveEndOn, AreNoneOfALogThatIsCutMeanwhile) {
  Put(4, "");
  bool was_cut = false;
  disk_.files().set_during(
      test::FileCall::kRead, SegmentFileName(Offset{0}, kLogSuffix), [&] {
        if (std::exchange(was_cut, true)) return;
        disk_.Remove(SegmentFileName(Offset{4}, kLogSuffix));
        disk_.Write(SegmentFileName(Offset{0}, kLogSuffix), "");
      });
  EXPECT_THAT(
      FindBehindEnd(disk_.Place(), bases_, Offset{0}, Offset{0}).status(),
      test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(was_cut);
}

TEST_P(AboveEndOn, NobodyKnowsWhereALogGoesOnBehindDamage) {
  Put(0, test::Batch({"a", "b"}).At(Offset{0}).bytes() + "damage");
  Put(9, "");
  const std::vector<Offset> bases = {Offset{0}, Offset{9}};
  const auto found = FindBehindEnd(disk_.Place(), bases, Offset{0}, Offset{0});
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->count, 0u);
}

// It may be the only file that has these records.
TEST_P(AboveEndOn, IsToldByWhatItHolds) {
  Put(9, "abc");
  Put(12, test::Batch({"a"}).At(Offset{1}).bytes() + "torn");
  EXPECT_THAT(Count(4), IsOkAndHolds(2u));
  const AboveEndWords empty =
      DescribeAboveEnd(disk_.Place(Offset{9}), Offset{4});
  EXPECT_FALSE(empty.has_records);
  EXPECT_THAT(empty.what, HasSubstr("no batch, and the log ends at offset 4"));
  EXPECT_EQ(empty.advice, kIntruderAdvice);
  const AboveEndWords misnamed =
      DescribeAboveEnd(disk_.Place(Offset{12}), Offset{4});
  EXPECT_TRUE(misnamed.has_records);
  EXPECT_THAT(misnamed.what, HasSubstr("first batch begins at offset 1"));
  EXPECT_THAT(misnamed.advice, StartsWith("run cauce log repair before"));

  // It is called as it begins, so that a name is not what it wants.
  Put(4, test::Batch({"a"}).At(Offset{4}).bytes());
  const AboveEndWords behind =
      DescribeAboveEnd(disk_.Place(Offset{4}), Offset{4});
  EXPECT_THAT(behind.what, HasSubstr("begins at offset 4, and the log was "
                                     "closed at offset 4, and nobody"));
  EXPECT_THAT(behind.advice, HasSubstr("put it aside"));

  const AboveEndWords gone =
      DescribeAboveEnd(disk_.Place(Offset{30}), Offset{4});
  EXPECT_THAT(gone.what, HasSubstr("what it holds cannot be seen: "));
  EXPECT_THAT(gone.advice, StartsWith("mend"));
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
