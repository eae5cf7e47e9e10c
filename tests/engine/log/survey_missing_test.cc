#include "engine/log/survey_missing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MissingOfASurvey, IsAfterAKillWhatNoSegmentCovers) {
  PartitionToCheck partition{
      .known = KnownLog{.segments = {{Offset{0}, 9},
                                     {Offset{10}, 9},
                                     {Offset{20}, 9}},
                        .end = Offset{30}},
      .bounds = {.durable = Offset{30}}};
  std::vector<SurveyedSegment> segments(2);
  segments[0] = {.base = Offset{0}, .next = Offset{20}};
  segments[1] = {.base = Offset{20}, .next = Offset{30}};
  const std::vector<KnownSegment> there = {{Offset{0}, 9}, {Offset{20}, 9}};
  const MissingPart gone{{Offset{10}, Offset{20}}};

  EXPECT_THAT(MissingOf(partition, segments, there), IsEmpty());
  segments[0].next = Offset{10};
  EXPECT_THAT(MissingOf(partition, segments, there), ElementsAre(gone));
  // Elsewhere a gap tells of itself, and what was not durable is not missed.
  partition.may_have_gaps = false;
  EXPECT_THAT(MissingOf(partition, segments, there), IsEmpty());
  partition.may_have_gaps = true;
  partition.bounds.durable = Offset{10};
  EXPECT_THAT(MissingOf(partition, segments, there), IsEmpty());
  // Where nobody has written it all of it counts.
  partition.is_as_closed = true;
  segments[0].next = Offset{20};
  EXPECT_THAT(MissingOf(partition, segments, there), ElementsAre(gone));
  partition.known.reset();
  EXPECT_THAT(MissingOf(partition, segments, there), IsEmpty());
}

}  // namespace
}  // namespace cauce
