#include "engine/log/batch_behind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::HasReason;

// Five batches of one record at the offsets from 10 on, and an index that
// knows them all but the first.
class BatchBehind : public ::testing::Test {
 protected:
  BatchBehind() {
    for (int i = 0; i < 5; ++i) {
      const Offset at{10 + i};
      const auto position = static_cast<int64_t>(bytes_.size());
      positions_.push_back(position);
      if (i > 0) index_.Append({at, position});
      bytes_ += test::BatchOfBytes(50).At(at).bytes();
    }
  }

  absl::StatusOr<std::optional<int64_t>> BaseBehind(int damaged) {
    disk_.Write("a.log", bytes_);
    CAUCE_ASSIGN_OR_RETURN(
        const std::shared_ptr<const File> file,
        disk_.files().Open(disk_ / "a.log", OpenMode::kRead));
    const int64_t position = positions_[static_cast<size_t>(damaged)];
    const DamagedPlace place{
        file,
        "a.log",
        position,
        static_cast<int64_t>(bytes_.size()),
        {.next = Offset{10 + damaged},
         .up_to = Offset{15},
         .boundary = boundary_}};
    CAUCE_ASSIGN_OR_RETURN(
        const auto batch,
        FindBatchBehind(scanner_, place, EntriesBehind(index_, position)));
    if (!batch) return std::nullopt;
    EXPECT_EQ(
        scanner_.batch_position(),
        positions_[static_cast<size_t>(batch->base_offset() - Offset{10})]);
    return batch->base_offset().value;
  }

  char* At(int batch) {
    return bytes_.data() + positions_[static_cast<size_t>(batch)];
  }

  test::TestDisk disk_;
  std::string bytes_;
  std::vector<int64_t> positions_;
  OffsetIndex index_;
  Offset boundary_ = BatchOffsets().boundary;
  BatchScanner scanner_;
};

TEST_F(BatchBehind, BeginsWhereTheDamagedOneSaysItEnds) {
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(12));
  EXPECT_THAT(BaseBehind(4), test::IsOkAndHolds(std::nullopt));
}

TEST_F(BatchBehind, IsFoundThroughTheIndexWhereTheLengthLeadsNowhere) {
  for (const int32_t length : {-12, -5000, 0, 3, 7777, INT32_MAX, INT32_MIN}) {
    StoreBig<int32_t>(At(1) + layout::kBatchLength, length);
    EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(12)) << length;
  }
}

TEST_F(BatchBehind, MustBeWholeAndInItsPlace) {
  StoreBig<int32_t>(At(1) + layout::kBatchLength, 7777);
  At(2)[layout::kRecords] ^= 1;
  StoreBig<int64_t>(At(3) + layout::kBaseOffset, 5);
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(14));
  StoreBig<int64_t>(At(4) + layout::kBaseOffset, 15);
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(std::nullopt));
}

TEST_F(BatchBehind, IsFoundWhereTheDamageEndsAtTheBoundaryOrReachesAcross) {
  boundary_ = Offset{12};
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(12));
  At(2)[layout::kRecords] ^= 1;
  StoreBig<int32_t>(At(1) + layout::kBatchLength, 7777);
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(13));
}

TEST_F(BatchBehind, DoesNotReachAcrossTheBoundaryItself) {
  boundary_ = Offset{13};
  bytes_.resize(static_cast<size_t>(positions_[2]));
  bytes_ += test::Batch({"a", "b"}).At(Offset{12}).bytes();
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(std::nullopt));
}

TEST_F(BatchBehind, IsNotInZeros) {
  bytes_.replace(static_cast<size_t>(positions_[1]), std::string::npos,
                 bytes_.size() - static_cast<size_t>(positions_[1]), '\0');
  EXPECT_THAT(BaseBehind(1), test::IsOkAndHolds(std::nullopt));
}

TEST_F(BatchBehind, IsNotLookedForWhereTheFileCannotBeRead) {
  disk_.files().Fail(test::FileCall::kRead, "a.log",
                     MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(BaseBehind(1), HasReason(Reason::kDiskFailed));
}

TEST_F(BatchBehind, EntriesAreThoseAboveAPosition) {
  const NextPosition next = EntriesBehind(index_, positions_[2]);
  EXPECT_THAT(next(), test::IsOkAndHolds(positions_[3]));
  EXPECT_THAT(next(), test::IsOkAndHolds(positions_[4]));
  EXPECT_THAT(next(), test::IsOkAndHolds(std::nullopt));
  EXPECT_THAT(EntriesBehind(OffsetIndex(), 0)(),
              test::IsOkAndHolds(std::nullopt));
}

}  // namespace
}  // namespace cauce
