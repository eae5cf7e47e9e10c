#include "engine/log/surveyed_segment.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(SurveyedSegment, IsCalledByItsOffsetOrWaitsForIt) {
  SurveyedSegment segment{.base = Offset{7}, .named = Offset{7}};
  EXPECT_FALSE(segment.is_renamed());
  EXPECT_EQ(segment.FileName(), "00000000000000000007.log");
  segment.is_waiting = true;
  EXPECT_TRUE(segment.is_renamed());
  EXPECT_EQ(segment.FileName(), "00000000000000000007.log.waiting");
}

TEST(SurveyedSegment, MayBeginAtItsFirstBatch) {
  SurveyedSegment segment{
      .base = Offset{3}, .named = Offset{3}, .first = Offset{5}};
  segment.BeginAtFirst();
  EXPECT_EQ(segment.base, Offset{5});
  EXPECT_TRUE(segment.is_renamed());
  EXPECT_TRUE(segment.needs_indexes);
  EXPECT_EQ(segment.FileName(), "00000000000000000003.log");
}

TEST(SurveyedSegment, TellsZerosFromRubbish) {
  SurveyedSegment segment;
  segment.unreadable = {{.position = 5, .end = 9, .zeros_from = 5}};
  EXPECT_FALSE(segment.HoldsRubbish());
  segment.unreadable[0].zeros_from = 6;
  EXPECT_TRUE(segment.HoldsRubbish());
}

}  // namespace
}  // namespace cauce
