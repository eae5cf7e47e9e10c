#include "engine/log/emptied_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The one in the middle of three has no byte.
class EmptiedSegments : public ::testing::Test {
 protected:
  EmptiedSegments() {
    CAUCE_CHECK(files_->CreateDirectories("/p-0").ok());
    place_.files = files_.get();
    place_.directory = "/p-0";
    for (const KnownSegment& each : there_) {
      Put(each.base, kLogSuffix, std::string(each.bytes, 'x'));
    }
  }

  void Put(Offset base, std::string_view suffix, std::string_view bytes) {
    const auto file = files_->Open("/p-0/" + SegmentFileName(base, suffix),
                                   OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  SegmentPlace place_;
  std::vector<KnownSegment> there_ = {
      {Offset{0}, 7}, {Offset{10}, 0}, {Offset{20}, 7}};
};

TEST_F(EmptiedSegments, AreThoseThatAnIndexLeadsInto) {
  EXPECT_THAT(FindEmptied(place_, there_), IsOkAndHolds(IsEmpty()));
  char bytes[OffsetEntry::kBytes];
  OffsetEntry{Offset{13}, 200}.Encode(Offset{10}, bytes);
  Put(Offset{10}, kOffsetIndexSuffix, {bytes, sizeof bytes});
  EXPECT_THAT(FindEmptied(place_, there_),
              IsOkAndHolds(ElementsAre(Offset{10})));
  // What it held is above the end, if anything.
  there_.pop_back();
  EXPECT_THAT(FindEmptied(place_, there_), IsOkAndHolds(IsEmpty()));
}

TEST_F(EmptiedSegments, AreThoseThatHaveATimeToo) {
  char bytes[TimeEntry::kBytes];
  TimeEntry{Timestamp{5}, Offset{13}}.Encode(Offset{10}, bytes);
  Put(Offset{10}, kTimeIndexSuffix, {bytes, sizeof bytes});
  EXPECT_THAT(FindEmptied(place_, there_),
              IsOkAndHolds(ElementsAre(Offset{10})));
}

TEST_F(EmptiedSegments, AreNotThoseWhoseIndexesHaveZerosAlone) {
  const std::string zeros(1000, '\0');
  Put(Offset{10}, kOffsetIndexSuffix, zeros);
  Put(Offset{10}, kTimeIndexSuffix, zeros);
  EXPECT_THAT(FindEmptied(place_, there_), IsOkAndHolds(IsEmpty()));
}

}  // namespace
}  // namespace cauce
