#include "engine/log/segment_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SegmentPlaces : public ::testing::Test {
 protected:
  static SurveyedSegment Segment(int64_t base, int64_t next, int64_t named) {
    return {.base = Offset{base},
            .named = Offset{named},
            .first = Offset{base},
            .next = Offset{next}};
  }
  static SurveyedSegment Segment(int64_t base, int64_t next) {
    return Segment(base, next, base);
  }

  StrayFiles Strays() {
    CAUCE_CHECK(files_->CreateDirectories("/p").ok());
    auto strays = StrayFiles::In(*files_, "/p");
    CAUCE_CHECK(strays.ok());
    return *std::move(strays);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const PartitionToCheck partition_{.directory = "/p"};
  const PartitionLogs logs_{*files_, partition_};
  StrayFiles strays_ = Strays();
};

TEST_F(SegmentPlaces, AreBetweenTheOthersWhereTheyFit) {
  std::vector<SurveyedSegment> segments = {Segment(0, 3), Segment(5, 8)};
  ASSERT_THAT(PlaceMisnamed(logs_, {Segment(3, 5, 9), Segment(7, 8, 11)},
                            segments, strays_),
              IsOk());
  ASSERT_THAT(segments, SizeIs(3));
  EXPECT_EQ(segments[1].named, Offset{9});
  const std::vector<StrayFile> strays = strays_.Take();
  ASSERT_THAT(strays, SizeIs(1));
  EXPECT_EQ(strays[0].path, "/p/00000000000000000011.log");
}

// Called by what another one holds, it says by its first batch where it begins.
TEST_F(SegmentPlaces, AreMadeByWhoBeginsLater) {
  SurveyedSegment later = Segment(5, 8, 4);
  later.base = Offset{4};
  std::vector<SurveyedSegment> segments = {Segment(0, 3), later};
  ASSERT_THAT(PlaceMisnamed(logs_, {Segment(3, 5, 9)}, segments, strays_),
              IsOk());
  ASSERT_THAT(segments, SizeIs(3));
  EXPECT_EQ(segments[2].base, Offset{5});
}

TEST_F(SegmentPlaces, AreTakenInAnOrderInWhichNoneIsWrittenOver) {
  std::vector<SurveyedSegment> segments = {Segment(0, 3, 3), Segment(3, 5, 5),
                                           Segment(5, 8)};
  segments[2].named = Offset{9};
  EXPECT_THAT(OrderFileNames(segments, strays_),
              ElementsAre(Offset{0}, Offset{3}, Offset{5}));
  EXPECT_THAT(strays_.Take(), IsEmpty());
}

TEST_F(SegmentPlaces, OfACircleAreTakenByWayOfOneThatWaits) {
  std::vector<SurveyedSegment> segments = {Segment(0, 1, 1), Segment(1, 2, 0)};
  EXPECT_THAT(OrderFileNames(segments, strays_),
              ElementsAre(Offset{1}, Offset{0}));
  EXPECT_TRUE(segments[0].is_waiting);
  EXPECT_THAT(strays_.Take(), SizeIs(1));
}

}  // namespace
}  // namespace cauce
