#include "engine/log/kept_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class KeptSegments : public ::testing::Test {
 protected:
  // The files that are told of beside segments of [0, 4) and [8, 12).
  std::vector<std::string> Find(Offset log_start = Offset{0}) {
    const std::vector<SurveyedSegment> segments = {
        {.base = Offset{0}, .next = Offset{4}},
        {.base = Offset{8}, .next = Offset{12}}};
    const auto found = FindKeptSegments(disk_.files(), disk_.directory(),
                                        segments, log_start);
    EXPECT_THAT(found, IsOk());
    std::vector<std::string> names;
    for (const Finding& finding : *found) {
      EXPECT_EQ(finding.gravity, Gravity::kNote);
      names.push_back(finding.file.substr(finding.file.rfind('/') + 1));
      advice_ = finding.advice;
    }
    return names;
  }

  static std::string At(int64_t offset) {
    return test::Batch({"a", "b"}).At(Offset{offset}).bytes();
  }

  test::TestDisk disk_{test::DiskKind::kMemory};
  std::string advice_;
};

TEST_F(KeptSegments, AreThoseWhoseOffsetsTheLogDoesNotHave) {
  disk_.Write("00000000000000009999.log.cut", At(4));
  disk_.Write("00000000000000009999.log.cut.1", At(12));
  disk_.Write("00000000000000000009.log.cut", At(9));
  disk_.Write("00000000000000000010.log.cut", At(10));
  disk_.Write("00000000000000000000.log.cut", At(0));
  EXPECT_THAT(Find(), ElementsAre("00000000000000009999.log.cut",
                                  "00000000000000009999.log.cut.1"));
  EXPECT_THAT(advice_, HasSubstr("00000000000000000012.log"));
  // What is below the start was deleted.
  EXPECT_THAT(Find(Offset{5}), ElementsAre("00000000000000009999.log.cut.1"));
}

// Others have that offset by now, and it cannot go back to its place.
TEST_F(KeptSegments, AreReadElsewhereWhereTheLogHasSomeOfTheirOffsets) {
  disk_.Write("00000000000000009999.log.cut", At(11));
  EXPECT_THAT(Find(), ElementsAre("00000000000000009999.log.cut"));
  EXPECT_THAT(advice_, HasSubstr("a partition's directory of its own"));
}

TEST_F(KeptSegments, AreNoneThatBeginWithDamageOrAreNoLogs) {
  std::string damaged = At(4);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  disk_.Write("00000000000000000004.log.cut", damaged);
  disk_.Write("00000000000000000005.log.cut", "");
  disk_.Write("00000000000000000006.log.cut.tmp", At(4));
  disk_.Write("00000000000000000007.index.cut", At(4));
  disk_.Write("notes.log.cut", At(4));
  EXPECT_THAT(disk_.files().CreateDirectories(
                  disk_ / "00000000000000000008.log.cut"),
              IsOk());
  EXPECT_THAT(Find(), IsEmpty());
}

}  // namespace
}  // namespace cauce
