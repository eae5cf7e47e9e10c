#include "engine/log/view_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment_name.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A segment of the offsets 0 to 3 and an empty one behind it.
class ViewListingOn : public ::testing::TestWithParam<test::DiskKind> {
 protected:
  ViewListingOn() {
    Put(0, test::Batch({"a", "b"}).At(Offset{0}).bytes() +
               test::Batch({"c", "d"}).At(Offset{2}).bytes());
    Put(4, "");
  }

  std::string NameOf(int64_t base) const {
    return SegmentFileName(Offset{base}, kLogSuffix);
  }
  void Put(int64_t base, std::string_view bytes) {
    disk_.Write(NameOf(base), bytes);
  }
  void Block(int64_t base, const absl::Status& why) {
    disk_.files().Fail(test::FileCall::kOpen, NameOf(base), why);
  }
  absl::StatusOr<std::vector<int64_t>> List(std::optional<Offset> seen = {}) {
    return List(listing_, seen);
  }
  absl::StatusOr<std::vector<int64_t>> List(ViewListing& listing,
                                            std::optional<Offset> seen = {}) {
    const auto bases = listing.List(durable_, seen);
    if (!bases.ok()) return bases.status();
    std::vector<int64_t> values;
    for (const Offset base : *bases) values.push_back(base.value);
    return values;
  }
  SegmentPlace Place() {
    SegmentPlace place = disk_.Place();
    place.events = &events_;
    place.may_have_gaps = may_have_gaps_;
    return place;
  }
  ViewListing Listing() {
    return ViewListing(
        Place(),
        {.bounds_now = [this]() -> absl::StatusOr<LogBounds> {
           return LogBounds{.recovery_point = point_, .log_start = start_};
         },
         .closed_now = [this] { return is_closed_; }});
  }

  test::TestDisk disk_{GetParam()};
  std::vector<std::string> told_;
  const EventSink events_ = [this](Severity, std::string_view line) {
    told_.emplace_back(line);
  };
  Offset durable_{4};  // as the listing is told,
  Offset point_{4};    // and as was saved since
  Offset start_{0};
  bool is_closed_ = false;
  bool may_have_gaps_ = true;
  ViewListing listing_ = Listing();
};

INSTANTIATE_TEST_SUITE_P(Disks, ViewListingOn,
                         ::testing::Values(test::DiskKind::kMemory,
                                           test::DiskKind::kPosix),
                         test::DiskName);

TEST_P(ViewListingOn, LeavesOutWhatCannotBeOpenedBehindTheRecoveryPoint) {
  Put(9, "");
  Put(12, "");
  Block(9, absl::FailedPreconditionError("a pipe"));
  Block(12, absl::PermissionDeniedError("forbidden"));
  for (int looks = 0; looks < 2; ++looks) {
    EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4)));
    EXPECT_THAT(List(Offset{4}), IsOkAndHolds(ElementsAre(0, 4)));
  }
  EXPECT_THAT(
      told_, ElementsAre(
                 AllOf(HasSubstr("forbidden"), HasSubstr("mend what keeps it")),
                 AllOf(HasSubstr("a pipe"), HasSubstr("cauce log repair"))));
  EXPECT_EQ(listing_.hidden(), Offset{12}) << "which may hold records";
  Block(4, absl::FailedPreconditionError("a link"));
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0)));
  EXPECT_THAT(told_, SizeIs(3));
  // Once it is mended it is a segment as any other.
  disk_.files().Mend();
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 9, 12)));
  EXPECT_EQ(listing_.hidden(), std::nullopt);
}

TEST_P(ViewListingOn, KeepsWhatCannotBeOpenedWhereRecordsWereOrNothingElseIs) {
  Block(4, absl::PermissionDeniedError("forbidden"));
  durable_ = point_ = Offset{5};
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4)));
  durable_ = Offset{4};
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4))) << "it has moved since";

  disk_.Remove(NameOf(4));
  Block(0, absl::FailedPreconditionError("a pipe"));
  durable_ = point_ = Offset{0};
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0)));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_P(ViewListingOn, LeavesOutWhatHoldsNoBatchAboveAnEndThatWasClosed) {
  Put(9, "");
  Put(12, "abc");
  // Whoever writes may have rolled to the first of them.
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 9, 12)));
  is_closed_ = true;
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4)));
  EXPECT_THAT(List(Offset{4}), IsOkAndHolds(ElementsAre(0, 4)));
  EXPECT_THAT(told_, ElementsAre(AllOf(HasSubstr(NameOf(12)),
                                       HasSubstr("the log ends at offset 4")),
                                 HasSubstr(NameOf(9))));

  Put(20, test::Batch({"e"}).At(Offset{20}).bytes());
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 9, 12, 20)))
      << "so the saved end may be wrong";
}

// It comes to them when it opens the log, which may be late.
TEST_P(ViewListingOn, LeavesThemOutBesideAWriterThatHasNotComeToThem) {
  Put(9, "");
  is_closed_ = true;
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4)));
  is_closed_ = false;
  EXPECT_THAT(List(Offset{4}), IsOkAndHolds(ElementsAre(0, 4)));
  EXPECT_THAT(told_, SizeIs(1));

  Put(4, test::Batch({"e"}).At(Offset{4}).bytes());
  Put(5, "");
  disk_.Remove(NameOf(9));
  EXPECT_THAT(List(Offset{4}), IsOkAndHolds(ElementsAre(0, 4, 5)))
      << "it has rolled";
}

// A roll begins a segment where the one in front of it ends.
TEST_P(ViewListingOn, LeavesThemOutBesideAnyWriterOfALogWithoutGaps) {
  may_have_gaps_ = false;
  Put(9, "");
  Put(12, "abc");
  ViewListing listing = Listing();
  for (int looks = 0; looks < 2; ++looks) {
    EXPECT_THAT(List(listing), IsOkAndHolds(ElementsAre(0, 4)));
    EXPECT_THAT(List(listing, Offset{4}), IsOkAndHolds(ElementsAre(0, 4)));
  }
  EXPECT_THAT(told_, ElementsAre(AllOf(HasSubstr(NameOf(12)),
                                       HasSubstr("the log ends at offset 4")),
                                 HasSubstr(NameOf(9))));
  EXPECT_EQ(listing.hidden(), std::nullopt);

  // Damage or a deletion may be what it went on behind.
  point_ = Offset{9};
  EXPECT_THAT(List(listing), IsOkAndHolds(ElementsAre(0, 4, 9)));
  point_ = Offset{4};
  start_ = Offset{12};
  EXPECT_THAT(List(listing), IsOkAndHolds(ElementsAre(0, 4, 9, 12)));
  start_ = Offset{0};
  // It may be all that has these records.
  Put(12, test::Batch({"b"}).At(Offset{1}).bytes());
  EXPECT_THAT(List(listing), IsOkAndHolds(ElementsAre(0, 4)));
  EXPECT_EQ(listing.hidden(), Offset{12});
}

// No writer puts a batch below a segment's name there, closed or killed, so
// this one is a segment by another name, and what it holds is not read. Below
// the recovery point who reads comes to it.
TEST_P(ViewListingOn, LeavesOutALastSegmentThatLiesBelowItsName) {
  const std::string batch = test::Batch({"e", "f"}).At(Offset{4}).bytes();
  for (const int64_t name : {5, 6, 9999}) {
    for (const int64_t point : {0, 4, 6}) {
      for (is_closed_ = false;; is_closed_ = true) {
        SCOPED_TRACE(testing::Message() << name << " " << point << " "
                                        << is_closed_);
        told_.clear();
        durable_ = point_ = Offset{point};
        Put(name, batch);
        disk_.Remove(NameOf(4));
        ViewListing listing = Listing();
        if (name < point) {
          EXPECT_THAT(List(listing), IsOkAndHolds(ElementsAre(0, name)));
          EXPECT_THAT(told_, IsEmpty());
        } else {
          for (int looks = 0; looks < 2; ++looks) {
            EXPECT_THAT(List(listing), IsOkAndHolds(ElementsAre(0)));
            EXPECT_THAT(List(listing, Offset{0}), IsOkAndHolds(ElementsAre(0)));
          }
          EXPECT_EQ(listing.hidden(), Offset{name});
          EXPECT_THAT(told_,
                      ElementsAre(AllOf(HasSubstr(NameOf(name)),
                                        HasSubstr("begins at offset 4"),
                                        HasSubstr("cauce log repair"))));
        }
        disk_.Remove(NameOf(name));
        Put(4, "");
        if (is_closed_) break;
      }
    }
  }
}

// Damage there is for who reads it to tell.
TEST_P(ViewListingOn, KeepsALastSegmentThatHasABatchOfItsName) {
  Put(5, test::Batch({"e"}).At(Offset{4}).bytes() +
             test::Batch({"f"}).At(Offset{5}).bytes());
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 5)));
  disk_.Remove(NameOf(5));
  std::string torn = test::Batch({"e", "f"}).At(Offset{3}).bytes();
  torn.back() = static_cast<char>(torn.back() ^ 1);
  Put(4, torn);
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4)));
  // Compaction took the batches in front of it.
  Put(4, test::Batch({"e"}).At(Offset{7}).bytes());
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4)));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_P(ViewListingOn, GoesByTheEndThatIsSavedWhereSomebodyClosedMeanwhile) {
  Put(4, test::Batch({"e"}).At(Offset{4}).bytes());
  Put(5, "");
  is_closed_ = true;
  point_ = Offset{5};
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 5)));
  EXPECT_THAT(told_, IsEmpty());
  Put(9, "");
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 5)));
  EXPECT_THAT(told_, ElementsAre(HasSubstr("the log ends at offset 5")));
}

// Who reads up to it is told, rather than that there is nothing.
TEST_P(ViewListingOn, ListsADirectoryInThePlaceOfALog) {
  Put(8, test::Batch({"e"}).At(Offset{8}).bytes());
  durable_ = point_ = Offset{9};
  disk_.Remove(NameOf(4));
  ASSERT_THAT(disk_.files().CreateDirectories(disk_ / NameOf(4)), IsOk());
  EXPECT_THAT(List(), IsOkAndHolds(ElementsAre(0, 4, 8)));
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace cauce
