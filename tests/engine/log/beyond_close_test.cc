#include "engine/log/beyond_close.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The first field of a batch at offset 20, where `known_` ends.
const std::string kBatch20("\0\0\0\0\0\0\0\24", 8);

class BeyondCloseOf : public ::testing::Test {
 protected:
  BeyondCloseOf() { CAUCE_CHECK(files_->CreateDirectories("/p-0").ok()); }

  static std::string PathOf(int64_t base) {
    return "/p-0/" + SegmentFileName({base}, kLogSuffix);
  }
  void Put(int64_t base, std::string_view bytes) {
    const auto file = files_->Open(PathOf(base), OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }
  absl::StatusOr<BeyondClose> Compare() const {
    return CompareWithClose(*files_, "/p-0", known_);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const KnownLog known_{.segments = {{Offset{0}, 3}, {Offset{10}, 3}},
                        .end = Offset{20}};
};

TEST_F(BeyondCloseOf, ALogWhoseLastSegmentHasMoreBehindItGoesOn) {
  Put(10, "xxx" + kBatch20);
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kGoesOn));
}

TEST_F(BeyondCloseOf, ALogWhoseNextSegmentFollowsGoesOn) {
  Put(10, "xxx");
  Put(20, kBatch20);
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kGoesOn));
}

// It is longer, and no batch begins where the last one ended.
TEST_F(BeyondCloseOf, ALogWhoseLastSegmentIsAnotherIsOther) {
  Put(0, "xxx");
  Put(10, "yyyyyyyyyyy");
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kOther));
}

TEST_F(BeyondCloseOf, ALogOfWhichNoSegmentIsThereIsAnother) {
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kAnother));
  Put(0, "yyyy");
  Put(15, kBatch20);
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kAnother));
  Put(10, "yy");
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kAnother));
  // Longer, and cut off in what should be the offset.
  Put(10, "yyy" + kBatch20.substr(0, 7));
  EXPECT_THAT(Compare(), IsOkAndHolds(BeyondClose::kAnother));
}

TEST_F(BeyondCloseOf, WhatCannotBeSeenIsNotKnown) {
  Put(10, "xxx" + kBatch20);
  test::FailingFileSystem failing(*files_);
  failing.Fail(test::FileCall::kOpen, PathOf(10),
               MakeError(Reason::kDiskFailed, "broken"));
  EXPECT_THAT(CompareWithClose(failing, "/p-0", known_),
              HasReason(Reason::kDiskFailed));
}

TEST_F(BeyondCloseOf, ASegmentThatReachesBeyondTheOneBehindItIsFound) {
  std::string log;
  for (const int64_t at : {0, 2, 4}) {
    log += test::Batch({"a", "b"}).At(Offset{at}).bytes();
  }
  Put(0, log);
  const auto bytes = static_cast<int64_t>(log.size());
  const SegmentPlace place{.files = files_.get(), .directory = "/p-0"};
  const std::vector<KnownSegment> there = {{Offset{0}, bytes}};
  const auto find = [&](int64_t noted, int64_t next) {
    const KnownLog known{
        .segments = {{Offset{0}, noted}, {Offset{next}, 1}},
        .end = Offset{8}};
    return FindBeyondNext(place, known, there);
  };
  EXPECT_THAT(find(1, 4), IsOkAndHolds(ElementsAre(BeyondNext{
                              Offset{0}, Offset{6}, Offset{4}})));
  // As long as it was, or longer by what is no batch of one behind it.
  EXPECT_THAT(find(bytes, 4), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(find(1, 6), IsOkAndHolds(IsEmpty()));
  // The last one may have grown.
  const KnownLog last{.segments = {{Offset{0}, 1}}, .end = Offset{2}};
  EXPECT_THAT(FindBeyondNext(place, last, there), IsOkAndHolds(IsEmpty()));
  ASSERT_TRUE(files_->RemoveFile(PathOf(0)).ok());
  EXPECT_THAT(find(1, 4), IsOkAndHolds(IsEmpty()));
}

TEST_F(BeyondCloseOf, ALogIsDescribedByBothEnds) {
  for (const BeyondClose what :
       {BeyondClose::kGoesOn, BeyondClose::kOther, BeyondClose::kAnother}) {
    EXPECT_THAT(DescribeBeyondClose(what, Offset{25}, Offset{20}),
                AllOf(HasSubstr("up to offset 25"),
                      HasSubstr("closed at offset 20"),
                      HasSubstr("another log's")));
  }
  EXPECT_THAT(std::string(AdviceBeyondClose(BeyondClose::kGoesOn)),
              HasSubstr("cauce log repair"));
  EXPECT_THAT(std::string(AdviceBeyondClose(BeyondClose::kAnother)),
              HasSubstr("cauce.segments"));
}

}  // namespace
}  // namespace cauce
