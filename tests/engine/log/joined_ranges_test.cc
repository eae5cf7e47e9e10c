#include "engine/log/joined_ranges.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "cauce/read.h"
#include "cauce/types.h"

namespace cauce {
namespace {

OffsetRange Range(int64_t base, int64_t next) {
  return {Offset{base}, Offset{next}};
}

TEST(JoinedRanges, TouchWhatTheyHold) {
  const JoinedRanges ranges({Range(20, 30), Range(5, 10)});
  EXPECT_FALSE(ranges.Touch(Offset{0}, Offset{4}));
  EXPECT_TRUE(ranges.Touch(Offset{0}, Offset{5}));
  EXPECT_TRUE(ranges.Touch(Offset{9}, Offset{9}));
  EXPECT_FALSE(ranges.Touch(Offset{10}, Offset{19}));
  EXPECT_TRUE(ranges.Touch(Offset{10}, Offset{INT64_MAX}));
  EXPECT_FALSE(ranges.Touch(Offset{30}, Offset{INT64_MAX}));
}

TEST(JoinedRanges, MayLieWithinOthersAndHoldNothing) {
  const JoinedRanges ranges({Range(5, 30), Range(6, 7), Range(40, 40)});
  EXPECT_TRUE(ranges.Touch(Offset{29}, Offset{29}));
  EXPECT_FALSE(ranges.Touch(Offset{30}, Offset{50}));
  EXPECT_FALSE(JoinedRanges().Touch(Offset{0}, Offset{INT64_MAX}));
}

}  // namespace
}  // namespace cauce
