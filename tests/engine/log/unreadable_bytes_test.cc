#include "engine/log/unreadable_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Three batches of ten bytes, of one record each, with rubbish behind the first
// one; what is looked at is what a survey said, not what the file holds.
class Unreadable : public ::testing::Test {
 protected:
  Unreadable() {
    survey_.file_bytes = 40;
    survey_.runs = {Run(0, 4), Run(20, 6), Run(30, 7)};
    survey_.damaged = {{10, "wrong CRC"}};
  }

  static BatchRun Run(int64_t position, int64_t base) {
    return {.position = position,
            .end = position + 10,
            .base = Offset{base},
            .next = Offset{base + 1}};
  }

  std::vector<UnreadableBytes> Find(const std::vector<size_t>& runs,
                                    bool may_have_gaps = true,
                                    Offset log_start = Offset{0}) {
    const auto file = files_->Open("/log", OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes_).ok());
    const auto found = FindUnreadable(**file, survey_,
                                      {.base = Offset{4},
                                       .runs = runs,
                                       .log_start = log_start,
                                       .may_have_gaps = may_have_gaps});
    EXPECT_THAT(found, IsOk());
    return found.value_or(std::vector<UnreadableBytes>());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::string bytes_ = std::string(40, 'x');
  SegmentSurvey survey_;
};

TEST_F(Unreadable, IsWhatNoBatchThatStaysHolds) {
  const auto found = Find({0, 1, 2});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].position, 10);
  EXPECT_EQ(found[0].end, 20);
  EXPECT_EQ(found[0].zeros_from, 20);
  EXPECT_EQ(found[0].expected, Offset{5});
  EXPECT_EQ(found[0].behind, Offset{6});
  EXPECT_EQ(found[0].why, "wrong CRC");
  EXPECT_FALSE(found[0].is_gap());
}

TEST_F(Unreadable, IsABatchThatDoesNotStayWithItsReason) {
  const auto found = Find({0});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].end, 40);
  EXPECT_EQ(found[0].behind, std::nullopt);
  const auto behind = Find({1, 2});
  ASSERT_THAT(behind, SizeIs(1));
  EXPECT_EQ(behind[0].position, 0);
  EXPECT_EQ(behind[0].expected, Offset{4});
  EXPECT_THAT(behind[0].why, HasSubstr("offsets 4 to 4"));
  EXPECT_THAT(behind[0].why, HasSubstr("offset 4 is expected"));
}

TEST_F(Unreadable, IsAllOfAFileOfWhichNothingStays) {
  const auto found = Find({});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].position, 0);
  EXPECT_EQ(found[0].end, 40);
  survey_ = {};
  EXPECT_THAT(Find({}), IsEmpty());
}

TEST_F(Unreadable, EndsInZerosThatNeedNotBeKept) {
  bytes_.replace(14, 6, 6, '\0');
  EXPECT_EQ(Find({0, 1, 2})[0].zeros_from, 14);
  bytes_.replace(10, 10, 10, '\0');
  EXPECT_TRUE(Find({0, 1, 2})[0].is_zeros());
}

// They are gone to the last byte, and their offsets are the only sign.
// As a record without headers does.
TEST_F(Unreadable, KeepsTheZerosThatAWholeBatchEndsIn) {
  bytes_.back() = '\0';
  const auto found = Find({0});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].zeros_from, 40);
}

TEST_F(Unreadable, AreOffsetsThatAreMissingWhereNoneMayBe) {
  survey_.runs = {Run(0, 5), Run(10, 6), Run(20, 9), Run(30, 10)};
  survey_.damaged.clear();
  EXPECT_THAT(Find({0, 1, 2, 3}), IsEmpty());
  const auto found = Find({0, 1, 2, 3}, false);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_TRUE(found[0].is_gap());
  EXPECT_EQ(found[0].position, 0);
  EXPECT_EQ(found[0].expected, Offset{4});
  EXPECT_EQ(found[0].behind, Offset{5});
  EXPECT_TRUE(found[1].is_gap());
  EXPECT_EQ(found[1].position, 20);
  EXPECT_EQ(found[1].expected, Offset{7});
  EXPECT_EQ(found[1].behind, Offset{9});
  // Not those that were deleted.
  EXPECT_THAT(Find({0, 1, 2, 3}, false, Offset{5}), SizeIs(1));
  EXPECT_THAT(Find({0, 1, 2, 3}, false, Offset{9}), IsEmpty());
}

// What is damaged in front of it is told.
TEST_F(Unreadable, MissesNothingTwiceBehindDamage) {
  EXPECT_THAT(Find({0, 1, 2}, false), SizeIs(1));
}

}  // namespace
}  // namespace cauce
