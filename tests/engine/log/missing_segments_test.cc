#include "engine/log/missing_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class MissingSegmentsOf : public ::testing::Test {
 protected:
  MissingSegmentsOf() {
    CAUCE_CHECK(files_->CreateDirectories("/p-0").ok());
    for (const int64_t base : {0, 10, 40}) Put(base, kLogSuffix);
    place_.files = files_.get();
    place_.directory = "/p-0";
  }

  void Put(int64_t base, std::string_view suffix, size_t bytes = 3) {
    const auto file = files_->Open("/p-0/" + SegmentFileName({base}, suffix),
                                   OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, std::string(bytes, 'x')).ok());
  }

  absl::StatusOr<std::vector<MissingPart>> Look() {
    return LookForMissing(
        place_,
        {.known_now =
             [this] {
               ++looks_;
               const bool counts = known_ && looks_ <= counts_for_;
               return counts ? std::optional(NotedLog{*known_, was_last_stop_})
                             : std::nullopt;
             },
         .bounds_now = [this]() -> absl::StatusOr<LogBounds> {
           return bounds_;
         }});
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  SegmentPlace place_;
  std::optional<KnownLog> known_;
  bool was_last_stop_ = true;
  int looks_ = 0;
  int counts_for_ = 100;
  LogBounds bounds_{.recovery_point = Offset{50}};
};

constexpr MissingPart kBehind20{.range = {Offset{20}, Offset{30}}};
constexpr MissingPart kBehind30{.range = {Offset{30}, Offset{40}}};

TEST_F(MissingSegmentsOf, ALogAreThoseOfItsIndexesThatStandAlone) {
  EXPECT_THAT(Look(), IsOkAndHolds(IsEmpty()));
  for (const int64_t base : {0, 10, 20, 30, 40}) Put(base, kTimeIndexSuffix);
  Put(20, kOffsetIndexSuffix);
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(kBehind20, kBehind30)));
  // What was deleted is not missed, nor what was not durable.
  bounds_ = {.recovery_point = Offset{30}, .log_start = Offset{15}};
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(
                          MissingPart{.range = {Offset{20}, Offset{40}}})));
  bounds_.log_start = Offset{40};
  EXPECT_THAT(Look(), IsOkAndHolds(IsEmpty()));
}

TEST_F(MissingSegmentsOf, ALogAreNotThoseOfIndexesAtItsEnds) {
  CAUCE_CHECK(files_->RemoveFile("/p-0/00000000000000000000.log").ok());
  Put(0, kOffsetIndexSuffix);
  Put(45, kOffsetIndexSuffix);
  EXPECT_THAT(Look(), IsOkAndHolds(IsEmpty()));
}

// Compaction has retired the log at 20, and comes to its index next.
TEST_F(MissingSegmentsOf, ALogAreNotThoseThatGiveWayToACompactedOne) {
  Put(20, kOffsetIndexSuffix);
  Put(10, kSwapLogSuffix);
  EXPECT_THAT(Look(), IsOkAndHolds(IsEmpty()));
}

TEST_F(MissingSegmentsOf, ALogAreThoseThatItsCloseHadNoted) {
  known_ = KnownLog{.segments = {{Offset{0}, 3},
                                 {Offset{10}, 7},
                                 {Offset{20}, 3},
                                 {Offset{40}, 3}},
                    .end = Offset{50}};
  const MissingPart part{{Offset{10}, Offset{20}}, true, 4};
  const MissingPart whole{{Offset{20}, Offset{40}}};
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(part, whole)));
  // Each once.
  Put(20, kOffsetIndexSuffix);
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(part, whole)));
  bounds_.log_start = Offset{20};
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(whole)));
}

TEST_F(MissingSegmentsOf, ALogAreUnknownOnceSomebodyHasOpenedTheDirectory) {
  known_ = KnownLog{.segments = {{Offset{0}, 3}, {Offset{20}, 3}},
                    .end = Offset{50}};
  counts_for_ = 1;  // somebody does while the files are looked at
  EXPECT_THAT(Look(), IsOkAndHolds(IsEmpty()));
}

// Nobody has written there but who compacts, or cuts: these files hold no
// batch, so that each ends where it begins.
TEST_F(MissingSegmentsOf, ALogAreThoseAfterAKillThatNoFileInFrontCovers) {
  place_.may_have_gaps = true;
  was_last_stop_ = false;
  known_ = KnownLog{.segments = {{Offset{0}, 3},
                                 {Offset{10}, 7},
                                 {Offset{20}, 3},
                                 {Offset{30}, 0},
                                 {Offset{40}, 3}},
                    .end = Offset{50}};
  // What was noted of no directory, or of another, says nothing of this one.
  EXPECT_THAT(Look(), IsOkAndHolds(IsEmpty()));
  known_->directory.id = files_->Info("/p-0")->id;
  const MissingPart part{{Offset{10}, Offset{20}}, true, 4};
  const MissingPart whole{{Offset{20}, Offset{30}}};
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(part, whole)));
  // What was not durable is not missed.
  bounds_.recovery_point = Offset{20};
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(part)));
  // A pass may be on its way, or have been stopped.
  Put(10, kSwapLogSuffix);
  EXPECT_TRUE(absl::IsUnavailable(Look().status()));
}

TEST_F(MissingSegmentsOf, ALogAreMissedWhereARangeMeetsThem) {
  const std::vector<MissingPart> missing = {kBehind20};
  EXPECT_TRUE(Misses(missing, {Offset{0}, Offset{21}}));
  EXPECT_TRUE(Misses(missing, {Offset{29}, Offset{50}}));
  EXPECT_FALSE(Misses(missing, {Offset{0}, Offset{20}}));
  EXPECT_FALSE(Misses(missing, {Offset{30}, Offset{50}}));
}

// As a link: after a kill it is asked where the file ends.
TEST_F(MissingSegmentsOf, ALogAreThoseInWhosePlaceIsNoFile) {
  known_ = KnownLog{
      .segments = {{Offset{0}, 3}, {Offset{10}, 5}, {Offset{40}, 3}},
      .end = Offset{50}};
  known_->directory.id = files_->Info("/p-0")->id;
  was_last_stop_ = false;
  test::FailingFileSystem linked(*files_);
  linked.Fail(test::FileCall::kOpen, SegmentFileName({10}, kLogSuffix),
              absl::FailedPreconditionError("10.log: is a link"));
  place_.files = &linked;
  const MissingPart unread{.range = {Offset{10}, Offset{40}},
                           .is_short = true,
                           .bytes_gone = 2};
  EXPECT_THAT(Look(), IsOkAndHolds(ElementsAre(unread)));
}

// Of one that is shorter most of it may be read.
TEST_F(MissingSegmentsOf, ALogAreDescribedByWhatBecameOfTheirFiles) {
  const MissingPart gone{.range = {Offset{20}, Offset{30}}};
  EXPECT_THAT(DescribeMissing(place_, gone),
              AllOf(HasSubstr("20.log: is missing"),
                    HasSubstr("held of offsets 20 to 29 cannot be read")));
  MissingPart less{.range = {Offset{10}, Offset{20}},
                   .is_short = true,
                   .bytes_gone = 7};
  EXPECT_THAT(
      DescribeMissing(place_, less),
      AllOf(HasSubstr("10.log: holds less than it did"),
            HasSubstr("it is 7 bytes shorter"),
            HasSubstr("some of what it held of offsets 10 to 19 is gone")));
  // An earlier close has noted it, and that file may have every byte.
  less.bytes_gone = 0;
  EXPECT_THAT(
      DescribeMissing(place_, less),
      AllOf(HasSubstr("10.log: holds less than it did, and nobody cut it, or "
                      "part of it cannot be read"),
            Not(HasSubstr("shorter")), HasSubstr("cauce log verify"),
            HasSubstr("held of offsets 10 to 19 is gone, or damaged")));

  // A link is told as what it is, by who opens the file.
  test::FailingFileSystem linked(*files_);
  linked.Fail(test::FileCall::kOpen, SegmentFileName({10}, kLogSuffix),
              absl::FailedPreconditionError("10.log: is a link"));
  place_.files = &linked;
  EXPECT_THAT(DescribeMissing(place_, less),
              AllOf(HasSubstr("10.log: is a link"),
                    Not(HasSubstr("shorter")), HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace cauce
