#include "engine/log/index_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kIndex = "00000000000000000003.index";
const std::string kTimes = "00000000000000000003.timeindex";

class IndexSurveyTest : public ::testing::Test {
 protected:
  StrayFiles Strays() {
    CAUCE_CHECK(files_->CreateDirectories("/p").ok());
    auto strays = StrayFiles::In(*files_, "/p");
    CAUCE_CHECK(strays.ok());
    return *std::move(strays);
  }

  IndexSurvey Survey(std::set<std::string> names) {
    return IndexSurvey(*files_, "/p", std::move(names), strays_);
  }

  static SurveyedSegment Segment() {
    return {.base = Offset{3}, .named = Offset{3}, .whole_bytes = 100};
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  StrayFiles strays_ = Strays();
};

TEST_F(IndexSurveyTest, LeavesThoseThatAreRight) {
  IndexSurvey indexes = Survey({kIndex, kTimes});
  std::vector<SurveyedSegment> segments = {Segment()};
  ASSERT_THAT(indexes.Check({}, segments[0]), IsOk());
  EXPECT_FALSE(segments[0].needs_indexes);
  ASSERT_THAT(indexes.TakeOrphans({}, segments), IsOk());
  EXPECT_THAT(strays_.Take(), IsEmpty());
}

TEST_F(IndexSurveyTest, WantsNewOnesWhereOneIsWrongOrMissing) {
  IndexSurvey wrong = Survey({kIndex, kTimes});
  SurveyedSegment segment = Segment();
  const Finding finding{.file = "/p/" + kIndex, .what = "leads nowhere"};
  // Found twice, it goes once.
  ASSERT_THAT(wrong.Check(std::vector{finding, finding}, segment), IsOk());
  EXPECT_TRUE(segment.needs_indexes);
  EXPECT_THAT(strays_.Take(), SizeIs(1));

  IndexSurvey missing = Survey({kIndex});
  segment = Segment();
  ASSERT_THAT(missing.Check({}, segment), IsOk());
  EXPECT_TRUE(segment.needs_indexes);
  // Of no batches there is nothing to find.
  segment = {.base = Offset{3}, .named = Offset{3}};
  ASSERT_THAT(missing.Check({}, segment), IsOk());
  EXPECT_FALSE(segment.needs_indexes);
}

// Of a segment that nobody has walked along: a file there is written over.
TEST_F(IndexSurveyTest, TakesWhatIsNoFileWhereNewOnesAreWritten) {
  ASSERT_THAT(files_->CreateDirectories("/p/" + kTimes), IsOk());
  ASSERT_THAT(files_->Open("/p/" + kIndex, OpenMode::kCreate), IsOk());
  IndexSurvey indexes = Survey({kIndex, kTimes});
  SurveyedSegment segment = Segment();
  segment.needs_indexes = true;
  ASSERT_THAT(indexes.TakeOrphans({}, std::vector{segment}), IsOk());
  const std::vector<StrayFile> strays = strays_.Take();
  ASSERT_THAT(strays, SizeIs(1));
  EXPECT_EQ(strays[0].path, "/p/" + kTimes);
  EXPECT_EQ(strays[0].base, std::nullopt);
}

TEST_F(IndexSurveyTest, TakesThoseWhoseLogIsGoneOrCalledOtherwise) {
  IndexSurvey gone = Survey({kIndex});
  ASSERT_THAT(gone.TakeOrphans({.durable = Offset{9}}, {}), IsOk());
  std::vector<StrayFile> strays = strays_.Take();
  ASSERT_THAT(strays, SizeIs(1));
  EXPECT_EQ(strays[0].base, Offset{3});

  IndexSurvey old = Survey({kIndex});
  SurveyedSegment renamed = Segment();
  renamed.base = Offset{5};
  ASSERT_THAT(old.TakeOrphans({.durable = Offset{9}}, std::vector{renamed}),
              IsOk());
  strays = strays_.Take();
  ASSERT_THAT(strays, SizeIs(1));
  EXPECT_EQ(strays[0].base, std::nullopt);
}

// As a stop leaves it where there was no room to save the start.
TEST_F(IndexSurveyTest, MissesNoLogThatRetentionHasTaken) {
  const std::string deleted = "/p/00000000000000000003.log.deleted";
  ASSERT_THAT(files_->Open(deleted, OpenMode::kCreate), IsOk());
  SurveyedSegment first = Segment();
  for (const int64_t base : {5, 2}) {
    first.base = first.named = Offset{base};
    IndexSurvey indexes = Survey({kIndex, kTimes});
    ASSERT_THAT(
        indexes.TakeOrphans({.durable = Offset{9}}, std::vector{first}),
        IsOk());
    // In the midst of a log nobody deletes.
    EXPECT_THAT(strays_.Take(), SizeIs(base == 5 ? 0 : 2));
  }
}

}  // namespace
}  // namespace cauce
