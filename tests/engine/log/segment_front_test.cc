#include "engine/log/segment_front.h"

#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "cauce/types.h"
#include "tests/testing/batches.h"

namespace cauce {
namespace {

using test::Batch;

absl::Status Damage() { return MakeError(Reason::kCorruptBatch, "no"); }

TEST(SegmentFront, IsARecordWhereNothingIsMetBehindIt) {
  SegmentFront front;
  front.Pass(Batch({"a", "b"}).At(Offset{5}).view(), 100);
  front.Reach(Offset{7});

  EXPECT_TRUE(front.has_record);
  EXPECT_EQ(front.gap, OffsetRange());
  EXPECT_EQ(front.position, 100);
}

TEST(SegmentFront, IsNotKnownWhereTheWalkBegins) {
  SegmentFront front;
  front.Reach(Offset{7});

  EXPECT_FALSE(front.has_record);
  EXPECT_TRUE(front.damage.ok());
  EXPECT_EQ(front.gap, OffsetRange());
}

TEST(SegmentFront, IsDamageUntilARecordBehindItIsMet) {
  SegmentFront front;
  front.Pass(Batch({"a"}).At(Offset{5}).view(), 100);
  front.PassDamage(Damage());
  front.Reach(Offset{9});
  EXPECT_FALSE(front.has_record);
  EXPECT_FALSE(front.damage.ok());
  // It hides how many there were.
  EXPECT_EQ(front.gap, OffsetRange());

  front.Pass(Batch({"b"}).At(Offset{9}).view(), 300);
  EXPECT_TRUE(front.has_record);
  EXPECT_TRUE(front.damage.ok());
  EXPECT_TRUE(front.met_damage);
}

TEST(SegmentFront, KnowsTheLargestTimeThatDamageMayHide) {
  SegmentFront front;
  EXPECT_TRUE(front.hidden_by.ok());
  front.PassDamage(Damage(), Timestamp{50});
  front.Pass(Batch({"b"}).At(Offset{9}).view(), 300);
  EXPECT_FALSE(front.hidden_by.ok());
  EXPECT_EQ(front.hidden_time, Timestamp{50});
  front.PassDamage(Damage(), Timestamp{40});
  EXPECT_EQ(front.hidden_time, Timestamp{50});
  front.PassDamage(Damage());
  EXPECT_EQ(front.hidden_time, SegmentFront::kAnyTime);

  front.ForgetHidden();
  EXPECT_TRUE(front.hidden_by.ok());
  front.PassDamage(Damage(), Timestamp{30});
  EXPECT_EQ(front.hidden_time, Timestamp{30});
}

TEST(SegmentFront, KeepsAGapBehindItsLastRecord) {
  SegmentFront front;
  front.Pass(Batch({"a"}).At(Offset{5}).view(), 100);
  front.Reach(Offset{8});
  EXPECT_EQ(front.gap, (OffsetRange{Offset{6}, Offset{8}}));

  front.Pass(Batch({"b"}).At(Offset{8}).view(), 200);
  front.Reach(Offset{9});
  EXPECT_EQ(front.gap, OffsetRange());
}

}  // namespace
}  // namespace cauce
