#include "engine/backup/source_segments.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/log/segment_name.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/engine/backup/compacted_state.h"

namespace cauce::test {
namespace {

const std::string kDirectory(kState);

std::vector<std::string> NamesOf(const std::vector<SourceSegment>& segments) {
  std::vector<std::string> names;
  for (const SourceSegment& each : segments)
    names.push_back(SegmentFileName(each.base, each.log_suffix()));
  return names;
}

TEST(SourceSegments, AreTheLogsThatAreThere) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);

  const auto segments = ListSourceSegments(*files, kDirectory);

  ASSERT_THAT(segments, IsOk());
  EXPECT_GT(segments->size(), 8u);
  EXPECT_EQ(NamesOf(*segments), LogsOf(*files));
}

TEST(SourceSegments, TakeInOneThatIsOnItsWayToItsPlace) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  const auto before = LogsOf(*files);
  StopInFrontOfLastRename(*files);
  const auto left = LogsOf(*files);
  ASSERT_LT(left.size(), before.size());

  const auto segments = ListSourceSegments(*files, kDirectory);

  ASSERT_THAT(segments, IsOk());
  std::vector<std::string> expected = left;
  expected.insert(expected.begin(), before.front() + ".swap");
  EXPECT_EQ(NamesOf(*segments), expected);
}

TEST(SourceSegments, PassOneThatWasNotCompleteWhereItsSourcesAreThere) {
  const auto files = NewMemoryFileSystem();
  MakeState(*files);
  const auto logs = LogsOf(*files);
  // Beside what a cleaner was still writing.
  for (const std::string& name :
       {logs[1] + ".swap", SegmentFileName(Offset{0}, kCleanedLogSuffix)}) {
    ASSERT_THAT(files->Open(kDirectory + "/" + name, OpenMode::kCreate),
                IsOk());
  }

  const auto segments = ListSourceSegments(*files, kDirectory);

  ASSERT_THAT(segments, IsOk());
  EXPECT_EQ(NamesOf(*segments), logs);
}

TEST(SourceSegments, OfADirectoryThatIsGoneAreNotFound) {
  const auto files = NewMemoryFileSystem();

  EXPECT_THAT(ListSourceSegments(*files, "/none"),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce::test
