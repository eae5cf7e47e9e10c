#include "engine/log/swap_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/segment.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Segments of two records each at 0, 2 and 4.
class SwapCheckSuite : public ::testing::Test {
 protected:
  SwapCheckSuite() {
    for (const int64_t base : {0, 2, 4}) {
      disk_.Write(SegmentFileName(Offset{base}, kLogSuffix),
                  test::Batch({"a", "b"}).At(Offset{base}).bytes());
    }
  }

  static std::string PathOf(std::string_view suffix) {
    return SegmentFileName(Offset{2}, suffix);
  }
  absl::StatusOr<std::optional<OffsetRange>> Check(
      const std::vector<Offset>& logs = {Offset{0}, Offset{2}, Offset{4}}) {
    findings_.clear();
    const SegmentPlace place{.files = &disk_.files(),
                             .directory = disk_.directory()};
    const std::vector<Offset> swaps = {Offset{2}};
    return CheckSwaps(
        place, swaps, {logs, {}},
        [this](const Finding& finding) { findings_.push_back(finding); });
  }

  const std::string whole_ = test::Batch({"a", "b"}).At(Offset{2}).bytes();
  test::TestDisk disk_;
  std::vector<Finding> findings_;
};

TEST_F(SwapCheckSuite, HasNothingToSayWhereThereIsNone) {
  EXPECT_THAT(Check(), IsOkAndHolds(std::nullopt));
  EXPECT_THAT(findings_, IsEmpty());
}

TEST_F(SwapCheckSuite, SaysWhatAWholeOneTakesThePlaceOf) {
  disk_.Write(PathOf(kSwapLogSuffix), whole_);
  EXPECT_THAT(Check(), IsOkAndHolds(OffsetRange{Offset{2}, Offset{4}}));
  EXPECT_THAT(findings_,
              ElementsAre(Field(&Finding::gravity, Gravity::kNote)));
}

TEST_F(SwapCheckSuite, SaysThatOneWhichIsRefusedTakesThePlaceOfNone) {
  disk_.Write(PathOf(kSwapLogSuffix),
              test::Batch({"a"}).At(Offset{2}).bytes());
  const auto checked = Check();
  ASSERT_TRUE(checked.ok() && *checked);
  EXPECT_EQ((*checked)->count(), 0);
  EXPECT_THAT(findings_,
              ElementsAre(Field(&Finding::gravity, Gravity::kNote)));
}

// Nothing else has what it had.
TEST_F(SwapCheckSuite, TellsOfDamageToOneThatHasNoSourceAnyMore) {
  std::string broken = whole_;
  broken[70] = static_cast<char>(broken[70] ^ 1);
  disk_.Write(PathOf(kSwapLogSuffix), broken);
  ASSERT_THAT(disk_.real_files().RemoveFile(disk_ / PathOf(kLogSuffix)),
              IsOk());
  EXPECT_THAT(Check({Offset{0}, Offset{4}}), IsOk());
  EXPECT_THAT(findings_,
              ElementsAre(Field(&Finding::gravity, Gravity::kNote),
                          Field(&Finding::what, HasSubstr("not whole"))));
}

}  // namespace
}  // namespace cauce
