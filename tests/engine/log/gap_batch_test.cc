#include "engine/log/gap_batch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cauce/record_batch.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;

TEST(GapBatch, CoversItsOffsetsAndHoldsNoRecord) {
  for (const int64_t count : {int64_t{1}, int64_t{7}, kGapOffsetsMax}) {
    const Offset base{40};
    const std::string bytes =
        GapBatch(base, base + count, {LeaderEpoch{3}, Timestamp{500}});
    const auto batch = RecordBatch::Parse(bytes);
    ASSERT_THAT(batch, IsOk());
    EXPECT_EQ(batch->base_offset(), base);
    EXPECT_EQ(batch->next_offset(), base + count);
    EXPECT_EQ(batch->record_count(), 0);
    EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{3});
    EXPECT_EQ(batch->max_timestamp(), Timestamp{500});
    RecordReader reader;
    ASSERT_THAT(reader.Open(*batch), IsOk());
    RecordView record;
    EXPECT_FALSE(reader.Next(&record));
    EXPECT_THAT(reader.status(), IsOk());
  }
}

TEST(GapBatch, NeedHaveNoTime) {
  const std::string bytes = GapBatch(Offset{0}, Offset{1}, {});
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, IsOk());
  EXPECT_EQ(batch->max_timestamp(), kNoTimestamp);
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch());
}

}  // namespace
}  // namespace cauce
