#include "engine/log/surveyed_intruders.h"

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
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kRubbish = "rubbish";

// A segment of one batch with the offsets from 0 to 9, and one of ten batches
// with those from 10 to 19.
class SurveyedIntruders : public ::testing::Test {
 protected:
  SurveyedIntruders() {
    CAUCE_CHECK(files_->CreateDirectories("/p").ok());
    Put(0, Ten(0));
    Put(10, Ones(10, 20));
  }

  static std::string Ten(int64_t base) {
    return test::Batch({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
        .At(Offset{base})
        .bytes();
  }
  static std::string Ones(int64_t base, int64_t next) {
    std::string bytes;
    for (; base < next; ++base) {
      bytes += test::Batch({"one"}).At(Offset{base}).bytes();
    }
    return bytes;
  }

  void Put(int64_t named, std::string_view bytes,
           std::string_view suffix = kLogSuffix) {
    const auto file =
        files_->Open("/p/" + SegmentFileName(Offset{named}, suffix),
                     OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  std::vector<Intruder> Find() {
    const auto listing = logs_.List();
    EXPECT_THAT(listing, IsOk());
    const auto found = FindIntruders(logs_, listing->logs);
    EXPECT_THAT(found, IsOk());
    return found.value_or(std::vector<Intruder>());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  test::FailingFileSystem failing_{*files_};
  PartitionToCheck partition_{.directory = "/p"};
  const PartitionLogs logs_{failing_, partition_};
};

TEST_F(SurveyedIntruders, AreAllThatLieInOneBatch) {
  Put(3, "");
  Put(5, kRubbish);
  Put(7, std::string(100, '\0'));
  EXPECT_THAT(Find(), ElementsAre(Intruder{Offset{3}, Offset{0}, Offset{10}},
                                  Intruder{Offset{5}, Offset{0}, Offset{10}},
                                  Intruder{Offset{7}, Offset{0}, Offset{10}}));
}

TEST_F(SurveyedIntruders, MayHaveAnIndexBesideThem) {
  Put(3, "");
  Put(3, "", kOffsetIndexSuffix);
  EXPECT_THAT(Find(), ElementsAre(Intruder{Offset{3}, Offset{0}, Offset{10}}));
}

TEST_F(SurveyedIntruders, LieInASegmentWhateverElseIsWrongWithIt) {
  std::string damaged = Ones(10, 20);
  damaged[layout::kCrc] ^= 1;
  Put(10, damaged);
  Put(11, "");
  EXPECT_THAT(Find(),
              ElementsAre(Intruder{Offset{11}, Offset{10}, Offset{20}}));
}

// Neither what a copy holds nor rubbish says where a log ends.
TEST_F(SurveyedIntruders, LieInTheLastSegmentThatHasBatchesOfItsOwn) {
  Put(3, Ten(0));
  Put(5, "");
  EXPECT_THAT(Find(), ElementsAre(Intruder{Offset{5}, Offset{0}, Offset{10}}));
}

TEST_F(SurveyedIntruders, AreNoSegmentsThatStandWhereTheOneBeforeThemEnds) {
  Put(20, "");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(SurveyedIntruders, AreNothingInFrontOfWhichIsNothing) {
  Put(0, "");
  Put(10, kRubbish);
  EXPECT_THAT(Find(), IsEmpty());
}

// The name may be wrong, or the bytes in front of them.
TEST_F(SurveyedIntruders, AreNoneThatHoldABatchOfAnyOffset) {
  Put(12, std::string(kRubbish) + Ten(0));
  Put(14, Ten(50));
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(SurveyedIntruders, AreNoneThatHoldAnotherFormat) {
  std::string newer = test::Batch({"a"}).bytes();
  newer[layout::kMagic] = 3;
  newer[layout::kCrc] ^= 1;
  Put(12, newer + newer + newer + newer);
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(SurveyedIntruders, ReadWhatLiesAroundManyOfThemOnce) {
  for (const int64_t named : {11, 12, 13, 14, 15, 16, 17}) Put(named, "");
  int opened = 0;
  failing_.set_during(test::FileCall::kOpen,
                      SegmentFileName(Offset{10}, kLogSuffix),
                      [&opened] { ++opened; });
  EXPECT_EQ(Find().size(), 7U);
  EXPECT_EQ(opened, 2);  // for its front, and for all of it
}

TEST_F(SurveyedIntruders, AreNotToldWhereAReadFails) {
  Put(3, "");
  failing_.Fail(test::FileCall::kOpen, SegmentFileName(Offset{0}, kLogSuffix),
                absl::PermissionDeniedError("forbidden"), 1);
  const auto listing = logs_.List();
  ASSERT_THAT(listing, IsOk());
  EXPECT_THAT(FindIntruders(logs_, listing->logs),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace cauce
