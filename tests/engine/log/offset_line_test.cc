#include "engine/log/offset_line.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "engine/log/batch_runs.h"

namespace cauce {
namespace {

LogPart Part(size_t log, int64_t position, int64_t base, int64_t next) {
  return {log, position, Offset{base}, Offset{next}};
}

TEST(OffsetLine, HasRoomForWhatNobodyHas) {
  OffsetLine line(2);
  EXPECT_TRUE(line.IsFree(Offset{0}, Offset{9}));
  line.Take(Part(0, 0, 4, 6));
  EXPECT_TRUE(line.IsFree(Offset{2}, Offset{4}));
  EXPECT_TRUE(line.IsFree(Offset{6}, Offset{7}));
  EXPECT_FALSE(line.IsFree(Offset{2}, Offset{5}));
  EXPECT_FALSE(line.IsFree(Offset{5}, Offset{9}));
  EXPECT_FALSE(line.IsFree(Offset{0}, Offset{9}));
  for (const int64_t base : {3, 4, 5}) {
    EXPECT_FALSE(line.HasRoomFor(Part(1, 0, base, base + 2)));
  }
  EXPECT_TRUE(line.HasRoomFor(Part(1, 0, 2, 4)));
  EXPECT_TRUE(line.HasRoomFor(Part(1, 0, 6, 8)));
  EXPECT_FALSE(line.HasRoomFor(Part(1, 0, 8, 8)));
}

TEST(OffsetLine, KeepsTheOrderOfEachLog) {
  OffsetLine line(1);
  line.Take(Part(0, 100, 4, 6));
  EXPECT_FALSE(line.HasRoomFor(Part(0, 0, 6, 7)));
  EXPECT_FALSE(line.HasRoomFor(Part(0, 200, 2, 4)));
  EXPECT_TRUE(line.HasRoomFor(Part(0, 0, 2, 4)));
  line.Take(Part(0, 300, 8, 9));
  EXPECT_FALSE(line.HasRoomFor(Part(0, 400, 6, 7)));
  EXPECT_TRUE(line.HasRoomFor(Part(0, 200, 6, 7)));
}

TEST(OffsetLine, LetsNoLogLieWithinAnother) {
  OffsetLine line(2);
  line.Take(Part(0, 0, 0, 2));
  line.Take(Part(0, 100, 4, 6));
  EXPECT_FALSE(line.HasRoomFor(Part(1, 0, 2, 3)));
  line.Take(Part(1, 0, 8, 9));
  EXPECT_FALSE(line.HasRoomFor(Part(0, 200, 9, 10)));
  EXPECT_FALSE(line.HasRoomFor(Part(1, 50, 6, 7)));
  EXPECT_TRUE(line.HasRoomFor(Part(0, 200, 6, 8)));
}

TEST(OffsetLine, LetsNoLogBeLongerThanAnIndexCanTell) {
  OffsetLine line(1);
  line.Take(Part(0, 100, 10, 11));
  const int64_t far = 10 + kSegmentOffsetsMax;
  EXPECT_TRUE(line.HasRoomFor(Part(0, 200, far - 1, far)));
  EXPECT_FALSE(line.HasRoomFor(Part(0, 200, far, far + 1)));
  line.Take(Part(0, 200, far - 1, far));
  EXPECT_FALSE(line.HasRoomFor(Part(0, 0, 9, 10)));
}

TEST(OffsetLine, TellsWhatLiesAroundAnOffset) {
  OffsetLine line(3);
  EXPECT_EQ(line.Before(Offset{5}), nullptr);
  EXPECT_EQ(line.From(Offset{5}), nullptr);
  line.Take(Part(0, 7, 2, 4));
  line.Take(Part(1, 0, 6, 8));
  line.Take(Part(1, 9, 8, 9));
  EXPECT_EQ(line.Before(Offset{6})->base, Offset{2});
  EXPECT_EQ(line.Before(Offset{7})->base, Offset{6});
  EXPECT_EQ(line.From(Offset{6})->base, Offset{6});
  EXPECT_EQ(line.From(Offset{9}), nullptr);
  EXPECT_EQ(line.SpanOf(0)->position, 7);
  EXPECT_EQ(line.SpanOf(1)->base, Offset{6});
  EXPECT_EQ(line.SpanOf(1)->next, Offset{9});
  EXPECT_EQ(line.SpanOf(2), nullptr);
}

}  // namespace
}  // namespace cauce
