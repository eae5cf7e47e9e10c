#include "engine/log/segment_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Survey : public ::testing::Test {
 protected:
  std::shared_ptr<const File> Put(std::string_view bytes) {
    auto file = files_->Open("/log", OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
    return *std::move(file);
  }

  SegmentSurvey Look(const std::string& bytes, ScanRange range = {}) {
    if (range.base.value < 0) range.base = Offset{0};
    range.bytes = static_cast<int64_t>(bytes.size());
    const auto survey = SurveySegment(Put(bytes), "/log", range);
    EXPECT_THAT(survey, IsOk());
    return survey.value_or(SegmentSurvey());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const std::string a_ = Batch({"a"}).At(Offset{0}).bytes();
  const std::string b_ = Batch({"bb"}).At(Offset{1}).bytes();
  const std::string c_ = Batch({"ccc"}).At(Offset{2}).bytes();
};

TEST_F(Survey, FindsNothingWrongWithWholeBatches) {
  const SegmentSurvey survey = Look(a_ + b_ + c_);
  EXPECT_THAT(survey.unreadable, IsEmpty());
  EXPECT_EQ(survey.first, Offset{0});
  EXPECT_EQ(survey.next, Offset{3});
  EXPECT_EQ(survey.whole_bytes, survey.file_bytes);
}

// No index leads behind it.
TEST_F(Survey, GoesOnBehindADamagedLength) {
  std::string damaged = b_;
  damaged[layout::kBatchLength] = 0x7f;
  const SegmentSurvey survey = Look(a_ + damaged + c_);
  ASSERT_THAT(survey.unreadable, SizeIs(1));
  const UnreadableBytes& bytes = survey.unreadable[0];
  EXPECT_EQ(bytes.position, static_cast<int64_t>(a_.size()));
  EXPECT_EQ(bytes.end, static_cast<int64_t>(a_.size() + b_.size()));
  EXPECT_EQ(bytes.expected, Offset{1});
  EXPECT_EQ(bytes.behind, Offset{2});
  EXPECT_THAT(bytes.why, HasSubstr("claims"));
  EXPECT_EQ(survey.next, Offset{3});
}

// It is gone to the last byte, and its offsets are the only sign.
TEST_F(Survey, MissesABatchWhereThereAreNoGaps) {
  for (const bool has_no_gaps : {false, true}) {
    const SegmentSurvey middle =
        Look(a_ + c_, {.base = Offset{0}, .has_no_gaps = has_no_gaps});
    EXPECT_EQ(middle.whole_bytes, middle.file_bytes);
    ASSERT_THAT(middle.unreadable, SizeIs(has_no_gaps ? 1 : 0));
    if (!has_no_gaps) continue;
    EXPECT_TRUE(middle.unreadable[0].is_gap());
    EXPECT_EQ(middle.unreadable[0].position, static_cast<int64_t>(a_.size()));
    EXPECT_EQ(middle.unreadable[0].expected, Offset{1});
    EXPECT_EQ(middle.unreadable[0].behind, Offset{2});
  }
  const SegmentSurvey front =
      Look(b_ + c_, {.base = Offset{0}, .has_no_gaps = true});
  ASSERT_THAT(front.unreadable, SizeIs(1));
  EXPECT_EQ(front.unreadable[0].position, 0);
  EXPECT_EQ(front.unreadable[0].behind, Offset{1});
}

// What is damaged in front of it was told.
TEST_F(Survey, MissesNothingTwiceBehindDamage) {
  std::string damaged = b_;
  damaged.back() ^= 1;
  const SegmentSurvey survey =
      Look(a_ + damaged + c_, {.base = Offset{0}, .has_no_gaps = true});
  EXPECT_THAT(survey.unreadable, SizeIs(1));
}

TEST_F(Survey, TellsZerosFromWhatIsToBeKept) {
  const std::string zeros(1000, '\0');
  const SegmentSurvey ahead = Look(a_ + zeros);
  ASSERT_THAT(ahead.unreadable, SizeIs(1));
  EXPECT_TRUE(ahead.unreadable[0].is_zeros());

  const SegmentSurvey torn = Look(a_ + b_.substr(0, 40) + zeros);
  ASSERT_THAT(torn.unreadable, SizeIs(1));
  EXPECT_FALSE(torn.unreadable[0].is_zeros());
  EXPECT_LE(torn.unreadable[0].zeros_from,
            static_cast<int64_t>(a_.size()) + 40);
}

// The log may have ended in what is damaged.
TEST_F(Survey, GoesOnAcrossWhereTheLogWasDurable) {
  std::string damaged = b_;
  damaged.back() ^= 1;
  const SegmentSurvey survey =
      Look(a_ + damaged + c_, {.base = Offset{0}, .boundary = Offset{1}});
  ASSERT_THAT(survey.unreadable, SizeIs(1));
  EXPECT_EQ(survey.next, Offset{3});
}

// The damaged batch ends where another one begins, by accident: it has lost as
// many bytes as the one in between has.
TEST_F(Survey, LooksWithinWhatADamagedBatchClaims) {
  const std::string large =
      test::BatchOfBytes(c_.size() + 400).At(Offset{0}).bytes();
  const std::string next = Batch({"bb"}).At(Offset{1}).bytes();
  const std::string last = Batch({"ccc"}).At(Offset{2}).bytes();
  std::string shortened = large;
  shortened.erase(100, next.size());
  const SegmentSurvey survey = Look(shortened + next + last);
  ASSERT_THAT(survey.unreadable, SizeIs(1));
  EXPECT_EQ(survey.unreadable[0].behind, Offset{1});
}

TEST_F(Survey, LeavesAnotherFormatAlone) {
  std::string newer = b_;
  newer[layout::kMagic] = 3;
  newer[layout::kCrc] ^= 1;
  const SegmentSurvey survey = Look(a_ + newer + newer + newer + newer);
  EXPECT_THAT(survey.other_format, HasSubstr("format 3"));
}

}  // namespace
}  // namespace cauce
