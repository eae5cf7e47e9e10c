// What a Segment says stands in front of a record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

#include "cauce/errors.h"
#include "cauce/read.h"
#include "engine/log/segment.h"
#include "engine/log/segment_front.h"
#include "tests/engine/log/segment_fixture.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;
using test::kBase;
using test::SegmentTest;

INSTANTIATE_TEST_SUITE_P(Disks, SegmentTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(SegmentTest, HasARecordOrAGapInFrontOfEachBatchButTheFirst) {
  Write(100);
  const auto segment = Open();
  for (size_t i = 0; i < batches_.size(); ++i) {
    SCOPED_TRACE(i);
    const auto front = segment->LookInFrontOf(batches_[i].base);
    ASSERT_THAT(front, IsOk());
    EXPECT_THAT(front->damage, IsOk());
    EXPECT_EQ(front->has_record, i > 0);
    if (i == 0) continue;
    EXPECT_EQ(front->position, batches_[i].position);
    const Offset ended = batches_[i - 1].next;
    const bool has_gap = ended < batches_[i].base;
    EXPECT_EQ(front->gap, has_gap ? OffsetRange({ended, batches_[i].base})
                                  : OffsetRange());
  }
  const auto end = segment->LookInFrontOf(next_);
  ASSERT_THAT(end, IsOk());
  EXPECT_TRUE(end->has_record);
  EXPECT_EQ(end->position, bytes_);
}

TEST_P(SegmentTest, HasDamageInFrontOfTheBatchBehindItAndOfNoOther) {
  Write(100);
  const size_t damaged = 40;
  FlipABitOf(batches_[damaged]);
  const auto segment = Open();
  for (size_t i = 1; i < batches_.size(); ++i) {
    SCOPED_TRACE(i);
    // Of what stands there itself nothing is asked.
    const auto front = segment->LookInFrontOf(batches_[i].base);
    ASSERT_THAT(front, IsOk());
    EXPECT_EQ(front->has_record, i != damaged + 1);
    EXPECT_EQ(ReasonOf(front->damage),
              i == damaged + 1 ? Reason::kCorruptBatch : Reason::kNone);
  }
}

}  // namespace
}  // namespace cauce
