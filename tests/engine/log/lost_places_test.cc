#include "engine/log/lost_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/partition_check.h"
#include "engine/log/segment_name.h"
#include "engine/log/surveyed_segment.h"
#include "engine/log/unreadable_bytes.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Two segments, of which the first has lost offsets 4 and 5, and what is behind
// 8: the second one begins at 20 and ends at 25.
class LostPlacesTest : public ::testing::Test {
 protected:
  LostPlacesTest() {
    EXPECT_THAT(files_->CreateDirectories(partition_.directory), IsOk());
  }

  std::vector<std::pair<int64_t, int64_t>> Places() {
    const auto found = FindLostPlaces(*files_, partition_, segments_);
    EXPECT_THAT(found, IsOk());
    std::vector<std::pair<int64_t, int64_t>> places;
    if (!found.ok()) return places;
    for (const LostPlace& each : *found) {
      places.push_back({each.lost.base.value, each.lost.next.value});
    }
    return places;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  PartitionToCheck partition_{.directory = "/d/a-0",
                              .may_have_gaps = false,
                              .bounds = {.durable = {25}}};
  std::vector<SurveyedSegment> segments_ = {
      {.base = {0},
       .file_bytes = 100,
       .whole_bytes = 80,
       .next = {8},
       .unreadable = {{.end = 20, .expected = {4}, .behind = Offset{6}}}},
      {.base = {20}, .file_bytes = 50, .whole_bytes = 50, .next = {25}}};
};

TEST_F(LostPlacesTest, LieInSegmentsAndBetween) {
  EXPECT_THAT(Places(), ElementsAre(Pair(4, 6), Pair(8, 20)));
  partition_.bounds.durable = Offset{30};
  EXPECT_THAT(Places(), ElementsAre(Pair(4, 6), Pair(8, 20), Pair(25, 30)));
  partition_.bounds.log_start = Offset{6};
  EXPECT_THAT(Places(), ElementsAre(Pair(8, 20), Pair(25, 30)));
}

TEST_F(LostPlacesTest, ReachToTheNextSegmentWhereNothingReadableIsBehind) {
  segments_[0].unreadable[0].expected = Offset{8};
  segments_[0].unreadable[0].behind.reset();
  EXPECT_THAT(Places(), ElementsAre(Pair(8, 20)));
}

TEST_F(LostPlacesTest, LieWhereASegmentIsKnownToBeMissingIfThereMayBeGaps) {
  partition_.may_have_gaps = true;
  EXPECT_THAT(Places(), ElementsAre(Pair(4, 6)));
  partition_.clean_stop = true;
  partition_.known =
      KnownLog{.segments = {{Offset{0}, 100}, {Offset{12}}, {Offset{20}}},
               .end = Offset{25}};
  EXPECT_THAT(Places(), ElementsAre(Pair(4, 6), Pair(8, 20)));
  partition_.known.reset();
  const std::string index = JoinPath(
      partition_.directory, SegmentFileName(Offset{12}, kOffsetIndexSuffix));
  ASSERT_THAT(WriteAndSyncFile(*files_, index, "left"), IsOk());
  EXPECT_THAT(Places(), ElementsAre(Pair(4, 6), Pair(8, 20)));
}

TEST_F(LostPlacesTest, AreNoneWhereAllIsThere) {
  segments_[0].unreadable.clear();
  segments_[0].next = Offset{20};
  EXPECT_THAT(Places(), IsEmpty());
}

}  // namespace
}  // namespace cauce
