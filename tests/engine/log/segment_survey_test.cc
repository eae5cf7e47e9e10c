#include "engine/log/segment_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/record.h"
#include "engine/base/check.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
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

  SegmentSurvey Look(const std::string& bytes, int64_t named = 0) {
    const auto survey =
        SurveySegment(Put(bytes), "/log",
                      {.named = Offset{named}, .gaps = BatchRuns::Gaps::kNone});
    EXPECT_THAT(survey, IsOk());
    return survey.value_or(SegmentSurvey());
  }

  // Where the runs begin.
  static std::vector<int64_t> BasesOf(const SegmentSurvey& survey) {
    std::vector<int64_t> bases;
    for (const BatchRun& run : survey.runs) bases.push_back(run.base.value);
    return bases;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const std::string a_ = Batch({"a"}).At(Offset{0}).bytes();
  const std::string b_ = Batch({"bb"}).At(Offset{1}).bytes();
  const std::string c_ = Batch({"ccc"}).At(Offset{2}).bytes();
};

TEST_F(Survey, FindsNothingWrongWithWholeBatches) {
  const SegmentSurvey survey = Look(a_ + b_ + c_);
  ASSERT_THAT(survey.runs, SizeIs(1));
  EXPECT_EQ(survey.runs[0].end, survey.file_bytes);
  EXPECT_EQ(survey.runs[0].next, Offset{3});
  EXPECT_THAT(survey.damaged, IsEmpty());
  EXPECT_FALSE(survey.is_blank);
}

TEST_F(Survey, GoesOnBehindADamagedLength) {
  std::string damaged = b_;
  damaged[layout::kBatchLength] ^= 1;
  const SegmentSurvey survey = Look(a_ + damaged + c_);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2));
  ASSERT_THAT(survey.damaged, SizeIs(1));
  EXPECT_EQ(survey.damaged[0].position, static_cast<int64_t>(a_.size()));
  // The place is told apart.
  EXPECT_THAT(survey.damaged[0].why, Not(HasSubstr("/log")));
}

// No CRC covers them: whether they are right is not for the one who reads.
TEST_F(Survey, TakesBatchesWithAnyOffsets) {
  EXPECT_THAT(BasesOf(Look(b_ + a_ + c_)), ElementsAre(1, 0, 2));
  EXPECT_THAT(BasesOf(Look(a_ + c_, 7)), ElementsAre(0, 2));
}

TEST_F(Survey, TellsZerosFromOtherBytes) {
  const std::string zeros(1000, '\0');
  const SegmentSurvey ahead = Look(a_ + zeros);
  ASSERT_THAT(ahead.damaged, SizeIs(1));
  EXPECT_EQ(ahead.damaged[0].why, "zeros");
  EXPECT_FALSE(ahead.is_blank);
  EXPECT_TRUE(Look(zeros).is_blank);
  EXPECT_TRUE(Look("").is_blank);
  EXPECT_FALSE(Look(zeros + "x").is_blank);
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
  EXPECT_THAT(BasesOf(survey), ElementsAre(1));
  EXPECT_THAT(survey.damaged, SizeIs(1));
}

// A value may be a batch itself, of another log.
TEST_F(Survey, TakesNoBatchInARecordThatLiesBelowWhatIsExpected) {
  std::string outer = Batch({a_ + b_}).At(Offset{2}).bytes();
  outer[layout::kBatchLength] ^= 0x40;
  const std::string behind = Batch({"d"}).At(Offset{3}).bytes();
  EXPECT_THAT(BasesOf(Look(a_ + b_ + outer + behind)), ElementsAre(0, 3));
  EXPECT_THAT(BasesOf(Look(outer + behind, 2)), ElementsAre(3));
}

// A copy of a topic may hold each batch as it was, with its offset, where the
// record ends: then it leads to what is behind that.
TEST_F(Survey, TakesNoBatchInARecordForTheDamagedOneThatHoldsIt) {
  const std::string inner = Batch({"as it was"}).At(Offset{2}).bytes();
  const std::vector<Header> headers = {{.key = "original", .value = inner}};
  std::string outer = test::BatchOf({{.key = "k",
                                      .value = "value",
                                      .headers = headers,
                                      .timestamp = {1}}})
                          .At(Offset{2})
                          .bytes();
  const size_t value = outer.find("value");
  ASSERT_NE(value, std::string::npos);
  outer[value] ^= 1;
  const std::string behind = Batch({"d"}).At(Offset{3}).bytes();
  const SegmentSurvey survey = Look(a_ + b_ + outer + behind);
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 3));
  ASSERT_THAT(survey.damaged, SizeIs(1));
  EXPECT_EQ(survey.damaged[0].position,
            static_cast<int64_t>(a_.size() + b_.size()));
}

// A file that is called by a wrong offset seems to claim those behind it.
TEST_F(Survey, TakesABatchThatGoesOnFromADamagedOneWhateverElseClaimsIt) {
  std::string damaged = b_;
  damaged.back() ^= 1;
  const std::string behind = Batch({"c", "d"}).At(Offset{2}).bytes();
  const std::vector<Offset> borders = {Offset{3}};
  const auto look = [&](const std::string& bytes) {
    const auto survey =
        SurveySegment(Put(bytes), "/log",
                      {.named = Offset{0},
                       .borders = borders,
                       .gaps = BatchRuns::Gaps::kNone});
    EXPECT_THAT(survey, IsOk());
    return BasesOf(survey.value_or(SegmentSurvey()));
  };
  EXPECT_THAT(look(a_ + damaged + behind + "rubbish"), ElementsAre(0, 2));
  // Where it does not go on the border counts.
  const std::string astray = Batch({"c", "d"}).At(Offset{5}).bytes();
  EXPECT_THAT(look(a_ + damaged + astray + "rubbish"), ElementsAre(0));
}

// Then it is the name that is wrong.
TEST_F(Survey, TakesBatchesBelowTheNameWhereNoOthersAre) {
  EXPECT_THAT(BasesOf(Look("rubbish" + a_ + b_, 70)), ElementsAre(0));
}

TEST_F(Survey, LeavesAnotherFormatAlone) {
  std::string newer = b_;
  newer[layout::kMagic] = 3;
  newer[layout::kCrc] ^= 1;
  const SegmentSurvey survey = Look(a_ + newer + newer + newer + newer);
  EXPECT_THAT(survey.other_format, HasSubstr("format 3"));
  EXPECT_FALSE(Look(newer + newer + newer + newer).is_blank);
}

// Counts what is read of it.
class CountedFile final : public File {
 public:
  explicit CountedFile(std::shared_ptr<const File> file)
      : file_(std::move(file)) {}

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override {
    auto read = file_->Read(position, into);
    if (read.ok()) bytes_read_ += static_cast<int64_t>(*read);
    return read;
  }
  absl::StatusOr<int64_t> Size() const override { return file_->Size(); }
  absl::Status Write(int64_t, std::span<const std::string_view>) override {
    return absl::UnimplementedError("only read");
  }
  absl::Status Sync() override { return absl::UnimplementedError("only read"); }
  absl::Status Truncate(int64_t) override {
    return absl::UnimplementedError("only read");
  }

  int64_t bytes_read() const { return bytes_read_; }

 private:
  const std::shared_ptr<const File> file_;
  mutable int64_t bytes_read_ = 0;
};

// Each batch with a body that is damaged, or a length, behind so many others.
std::string DamagedLog(size_t field, int64_t batches) {
  const size_t apart = 3;
  std::string bytes;
  for (int64_t i = 0; i < batches; ++i) {
    std::string batch =
        Batch({std::string(3000, 'v')}).At(Offset{i}).bytes();
    if (static_cast<size_t>(i) % apart == 1) batch[field] ^= 1;
    bytes += batch;
  }
  return bytes;
}

// However much is damaged, and whatever its file is called.
TEST_F(Survey, ReadsNoByteMoreOftenThanItsBounds) {
  for (const size_t field : {layout::kBatchLength + 3, layout::kCrc}) {
    const std::string bytes = DamagedLog(field, 3000);
    for (const int64_t named : {0, 1000, 999'999}) {
      // A border in front of nearly all of it makes nothing expected.
      for (const int64_t border : {2, 4000}) {
        const std::vector<Offset> borders = {Offset{border}};
        const auto file = std::make_shared<CountedFile>(Put(bytes));
        const auto survey = SurveySegment(
            file, "/log", {.named = Offset{named}, .borders = borders});
        ASSERT_THAT(survey, IsOk());
        EXPECT_THAT(survey->damaged, SizeIs(1000));
        const auto size = static_cast<int64_t>(bytes.size());
        EXPECT_LE(file->bytes_read(), (SegmentSurvey::kVainFactor + 8) * size);
      }
    }
  }
}

TEST_F(Survey, GivesUpWhereTooManyPlacesAreDamaged) {
  // Each is one that the next does not continue.
  std::string bytes;
  for (size_t i = 0; i <= SegmentSurvey::kPlacesMax; ++i) bytes += a_;
  EXPECT_THAT(SurveySegment(Put(bytes), "/log", {.named = Offset{0}}),
              test::StatusIs(absl::StatusCode::kFailedPrecondition));
}

// It is whole: others are to blame.
TEST_F(Survey, SplitsAWholeLogAtAnyNumberOfBorders) {
  std::string bytes;
  std::vector<Offset> borders;
  const auto count = static_cast<int64_t>(SegmentSurvey::kPlacesMax) + 9;
  for (int64_t i = 0; i < count; ++i) {
    borders.push_back(Offset{i});
    bytes += Batch({"a"}).At(Offset{i}).bytes();
  }
  SegmentSurvey survey = Look(bytes);
  ASSERT_THAT(SplitRuns(Put(bytes), "/log", borders, survey), IsOk());
  EXPECT_THAT(survey.runs, SizeIs(count));
}

TEST_F(Survey, SplitsRunsWhereOthersHaveBorders) {
  SegmentSurvey survey = Look(a_ + b_ + c_);
  const auto file = Put(a_ + b_ + c_);
  ASSERT_THAT(SplitRuns(file, "/log", std::vector<Offset>{Offset{0}}, survey),
              IsOk());
  EXPECT_THAT(BasesOf(survey), ElementsAre(0));
  ASSERT_THAT(SplitRuns(file, "/log", std::vector<Offset>{Offset{2}}, survey),
              IsOk());
  EXPECT_THAT(BasesOf(survey), ElementsAre(0, 2));
  EXPECT_EQ(survey.runs[1].position, static_cast<int64_t>((a_ + b_).size()));
  EXPECT_TRUE(survey.runs[1].is_linked);
}

}  // namespace
}  // namespace cauce
