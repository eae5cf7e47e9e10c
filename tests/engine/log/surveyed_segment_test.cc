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

}  // namespace
}  // namespace cauce
