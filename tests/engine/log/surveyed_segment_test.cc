#include "engine/log/surveyed_segment.h"

#include <gtest/gtest.h>

#include <cstdint>

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

TEST(SurveyedSegment, ThatBeginsAtItsFirstBatchMissesNothingInFrontOfIt) {
  // A gap, or bytes that are no batch.
  for (const int64_t end : {0, 40}) {
    const UnreadableBytes behind{.position = 90,
                                 .end = 95,
                                 .zeros_from = 95,
                                 .expected = Offset{7},
                                 .behind = Offset{8}};
    SurveyedSegment segment{.base = Offset{3},
                            .named = Offset{3},
                            .first = Offset{5},
                            .unreadable = {{.position = 0,
                                            .end = end,
                                            .zeros_from = end,
                                            .expected = Offset{3},
                                            .behind = Offset{5}},
                                           behind},
                            .kept_as = {"front", "behind"}};
    segment.BeginAtFirst();
    if (end == 0) {
      ASSERT_EQ(segment.unreadable.size(), 1U);
    } else {
      ASSERT_EQ(segment.unreadable.size(), 2U);
      EXPECT_EQ(segment.unreadable[0].expected, Offset{5});
    }
    EXPECT_EQ(segment.unreadable.back().expected, Offset{7});
    EXPECT_EQ(segment.kept_as.back(), "behind");
    EXPECT_EQ(segment.kept_as.size(), segment.unreadable.size());
  }
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
