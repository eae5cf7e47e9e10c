#include "engine/log/foreign_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Timestamp kTime{1'700'000'000'000};
constexpr int64_t kNoted = 1000;

// One of three segments was replaced; its time index is the log's own.
class ForeignSegments : public ::testing::Test {
 protected:
  ForeignSegments() {
    CAUCE_CHECK(files_->CreateDirectories("/p-0").ok());
    place_.files = files_.get();
    place_.directory = "/p-0";
    noted_ = {.segments = {{Offset{0}, 0},
                               {Offset{10}, kNoted},
                               {Offset{20}, kNoted}},
                  .end = Offset{30}};
    for (const int64_t base : {0, 10, 20}) Put(base, kLogSuffix, "");
    Put(10, kLogSuffix, Batches(10, kTime));
  }

  void Put(int64_t base, std::string_view suffix, std::string_view bytes) {
    const auto file = files_->Open("/p-0/" + SegmentFileName({base}, suffix),
                                   OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  void PutTime(Timestamp time, int64_t offset) {
    char bytes[TimeEntry::kBytes];
    TimeEntry{time, Offset{offset}}.Encode(Offset{10}, bytes);
    Put(10, kTimeIndexSuffix, {bytes, sizeof bytes});
  }

  static std::string Batches(int64_t base, Timestamp time) {
    return test::Batch({"a", "b"}, time).At(Offset{base}).bytes() +
           test::Batch({"c", "d"}, time).At(Offset{base + 2}).bytes();
  }

  absl::StatusOr<std::vector<ForeignSegment>> Find() {
    const std::vector<Offset> bases = {Offset{0}, Offset{10}, Offset{20}};
    auto all = FindForeign(place_, noted_, bases);
    if (!all.ok()) return all.status();
    EXPECT_TRUE(all->unread.empty());
    return std::move(all->found);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  SegmentPlace place_;
  KnownLog noted_;
};

TEST_F(ForeignSegments, AreThoseOfWhichNothingThatTheirIndexesSayIsTrue) {
  const auto bytes = static_cast<int64_t>(Batches(10, kTime).size());
  const ForeignSegment foreign{Offset{10}, bytes, kNoted};
  PutTime({kTime.ms + 1}, 11);
  EXPECT_THAT(Find(), IsOkAndHolds(ElementsAre(foreign)));
  PutTime(kTime, 12);
  EXPECT_THAT(Find(), IsOkAndHolds(ElementsAre(foreign)));
  PutTime(kTime, 11);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

TEST_F(ForeignSegments, AreNotThoseThatAreAsLongAsTheyWere) {
  PutTime({kTime.ms + 1}, 11);
  noted_.segments[1].bytes =
      static_cast<int64_t>(Batches(10, kTime).size());
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// What was cut off, and what is damaged, is the log's own.
TEST_F(ForeignSegments, AreNotThoseWhoseIndexesGoOnOrWhoseBytesAreNotWhole) {
  PutTime(kTime, 17);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutTime({kTime.ms + 1}, 11);
  std::string damaged = Batches(10, kTime);
  damaged.back() ^= 1;
  Put(10, kLogSuffix, damaged);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// Compaction has taken out records, of the latest time too, and moved the rest.
TEST_F(ForeignSegments, AreNotOlderCopiesOfTheSame) {
  PutTime({kTime.ms - 1}, 11);
  noted_.segments[1].bytes = 10;
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  char bytes[OffsetEntry::kBytes];
  OffsetEntry{Offset{11}, 5}.Encode(Offset{10}, bytes);
  Put(10, kOffsetIndexSuffix, {bytes, sizeof bytes});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// Two files may have been exchanged, or one have got a wrong name.
TEST_F(ForeignSegments, AreNotThoseThatEndAsAnotherSegmentDid) {
  PutTime(kTime, 15);
  const auto put = [this](int64_t base) {
    Put(10, kLogSuffix, Batches(base, kTime));
  };
  put(22);
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  put(26);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// Its own segment was rolled to after the close, which knows of no such end.
TEST_F(ForeignSegments, AreNotThoseThatBeginWhereAnotherNameIsWithoutItsFile) {
  PutTime(kTime, 15);
  Put(10, kLogSuffix, Batches(20, kTime));
  Put(20, kLogSuffix, Batches(10, kTime));
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  Put(20, kLogSuffix, Batches(20, kTime));
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));

  Put(10, kLogSuffix, Batches(40, kTime));
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  for (const auto suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    Put(40, suffix, "");
    EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
    ASSERT_THAT(files_->RemoveFile("/p-0/" + SegmentFileName({40}, suffix)),
                test::IsOk());
  }
}

// A log that was closed when it was short may have grown since.
TEST_F(ForeignSegments, AreNotReadWhereNoIndexHasAnEntry) {
  test::FailingFileSystem counting(*files_);
  place_.files = &counting;
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(counting.Count(test::FileCall::kRead, ".log"), 0);
}

// Behind the end that was noted the end of the log tells of it.
TEST_F(ForeignSegments, AreTheLastOneToo) {
  PutTime({kTime.ms + 1}, 11);
  noted_.segments.pop_back();
  noted_.end = Offset{14};
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  noted_.end = Offset{13};
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

TEST_F(ForeignSegments, AreToldFromThoseThatCannotBeRead) {
  PutTime({kTime.ms + 1}, 11);
  const std::vector<Offset> bases = {Offset{0}, Offset{10}, Offset{20}};
  for (const std::string_view suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    SCOPED_TRACE(suffix);
    Put(10, kOffsetIndexSuffix, std::string(OffsetEntry::kBytes, '\0'));
    test::FailingFileSystem failing(*files_);
    failing.Fail(test::FileCall::kRead, SegmentFileName({10}, suffix),
                 MakeError(Reason::kDiskFailed, "read"));
    place_.files = &failing;
    const auto all = FindForeign(place_, noted_, bases);
    ASSERT_THAT(all, test::IsOk());
    EXPECT_THAT(all->found, IsEmpty());
    ASSERT_THAT(all->unread, ::testing::SizeIs(1));
    EXPECT_EQ(all->unread.front().base, Offset{10});
  }
}

}  // namespace
}  // namespace cauce
