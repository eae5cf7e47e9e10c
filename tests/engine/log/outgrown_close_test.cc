#include "engine/log/outgrown_close.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Of two records.
std::string BatchAt(int64_t base) {
  return test::Batch({"a", "b"}).At(Offset{base}).bytes();
}

// A log of one segment that was closed behind one batch.
class OutgrownCloseOn : public ::testing::TestWithParam<test::DiskKind> {
 protected:
  void Put(int64_t base, std::string_view bytes) {
    disk_.Write(SegmentFileName(Offset{base}, kLogSuffix), bytes);
  }
  absl::StatusOr<std::optional<Offset>> Find() {
    return FindOutgrown(disk_.Place(), known_);
  }

  test::TestDisk disk_{GetParam()};
  const KnownLog known_{
      .segments = {{Offset{0}, static_cast<int64_t>(BatchAt(0).size())}},
      .end = Offset{2}};
};

INSTANTIATE_TEST_SUITE_P(Disks, OutgrownCloseOn,
                         ::testing::Values(test::DiskKind::kMemory,
                                           test::DiskKind::kPosix),
                         test::DiskName);

TEST_P(OutgrownCloseOn, IsOneThatSegmentsGoOnBehind) {
  Put(0, BatchAt(0) + BatchAt(2));
  Put(4, BatchAt(4) + BatchAt(6) + "torn");
  EXPECT_THAT(Find(), IsOkAndHolds(Offset{8}));
  Put(8, "");
  EXPECT_THAT(Find(), IsOkAndHolds(Offset{8}));
}

TEST_P(OutgrownCloseOn, IsNoneWhoseFileAloneHasGrown) {
  Put(0, BatchAt(0) + BatchAt(2));
  EXPECT_THAT(Find(), IsOkAndHolds(std::nullopt));
}

TEST_P(OutgrownCloseOn, IsNoneWhoseFileIsAsItWas) {
  EXPECT_THAT(Find(), IsOkAndHolds(std::nullopt));
  Put(0, BatchAt(0));
  Put(2, BatchAt(2));
  EXPECT_THAT(Find(), IsOkAndHolds(std::nullopt));
}

TEST_P(OutgrownCloseOn, IsNoneBehindWhichAGapIs) {
  Put(0, BatchAt(0) + BatchAt(2));
  Put(6, BatchAt(6));
  EXPECT_THAT(Find(), IsOkAndHolds(std::nullopt));
}

TEST_P(OutgrownCloseOn, IsNoneWhoseFileHoldsOthersThere) {
  Put(0, BatchAt(0) + BatchAt(4));
  Put(6, BatchAt(6));
  EXPECT_THAT(Find(), IsOkAndHolds(std::nullopt));
}

TEST(OutgrownCloseWords, NameBothEnds) {
  EXPECT_THAT(DescribeOutgrown(Offset{8}, Offset{2}),
              AllOf(HasSubstr("closed at offset 2"),
                    HasSubstr("up to offset 8")));
}

}  // namespace
}  // namespace cauce
