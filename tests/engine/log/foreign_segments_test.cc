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

  template <class Entry>
  static std::string Encoded(const std::vector<Entry>& entries) {
    std::string bytes;
    for (const Entry& entry : entries) {
      char encoded[Entry::kBytes];
      entry.Encode(Offset{10}, encoded);
      bytes.append(encoded, sizeof encoded);
    }
    return bytes;
  }

  void PutTimes(const std::vector<TimeEntry>& entries) {
    Put(10, kTimeIndexSuffix, Encoded(entries));
  }
  void PutTime(Timestamp time, int64_t offset) {
    PutTimes({{time, Offset{offset}}});
  }
  // Of two batches, neither of which is so late.
  void PutWrongTimes() {
    PutTimes({{{kTime.ms + 1}, Offset{11}}, {{kTime.ms + 2}, Offset{13}}});
  }

  void PutPositions(const std::vector<OffsetEntry>& entries) {
    Put(10, kOffsetIndexSuffix, Encoded(entries));
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
  PutWrongTimes();
  EXPECT_THAT(Find(), IsOkAndHolds(ElementsAre(foreign)));
  PutTimes({{kTime, Offset{10}}, {{kTime.ms + 1}, Offset{12}}});
  EXPECT_THAT(Find(), IsOkAndHolds(ElementsAre(foreign)));
  PutTimes({{kTime, Offset{11}}, {{kTime.ms + 1}, Offset{12}}});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

TEST_F(ForeignSegments, AreNotThoseThatAreAsLongAsTheyWere) {
  PutWrongTimes();
  noted_.segments[1].bytes =
      static_cast<int64_t>(Batches(10, kTime).size());
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// What was cut off, and what is damaged, is the log's own.
TEST_F(ForeignSegments, AreNotThoseWhoseIndexesGoOnOrWhoseBytesAreNotWhole) {
  PutTime(kTime, 17);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutWrongTimes();
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
  PutTimes({{kTime, Offset{11}}, {{kTime.ms + 1}, Offset{15}}});
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
  PutTimes({{kTime, Offset{11}}, {{kTime.ms + 1}, Offset{15}}});
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

// The log may have been written behind the end that was noted: what an index
// says of that speaks against nothing, and where all of it is there the end of
// the log tells.
TEST_F(ForeignSegments, AreTheLastOneToo) {
  PutWrongTimes();
  noted_.segments.pop_back();
  noted_.end = Offset{14};
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  for (const int64_t end : {13, 12, 11}) {
    noted_.end = Offset{end};
    EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty())) << end;
  }
  PutTimes({{kTime, Offset{10}}, {{kTime.ms + 1}, Offset{11}}});
  noted_.end = Offset{12};
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  Put(10, kLogSuffix, Batches(12, kTime));
  noted_.end = Offset{12};
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// What was cut out in front of a batch moved it: in other logs whose records
// have the same sizes it lies there, too.
TEST_F(ForeignSegments, AreThoseWithoutTheirFrontHoweverFarTheRestHasMoved) {
  const auto bytes = static_cast<int64_t>(Batches(14, kTime).size());
  noted_.segments.pop_back();
  noted_.segments.back().bytes = 2 * bytes;
  noted_.end = Offset{18};
  Put(10, kLogSuffix, Batches(14, kTime));
  PutPositions({{Offset{17}, bytes + bytes / 2}});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutPositions({{Offset{13}, bytes / 2}, {Offset{17}, bytes + bytes / 2}});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutPositions({{Offset{11}, 1},
                {Offset{13}, bytes / 2},
                {Offset{17}, bytes + bytes / 2}});
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
}

TEST_F(ForeignSegments, AreNotThoseThatWereWrittenSinceAndLackBatches) {
  const std::string own = Batches(10, kTime);
  const auto batch = static_cast<int64_t>(own.size()) / 2;
  noted_.segments.pop_back();
  noted_.segments.back().bytes = 3 * batch;
  noted_.end = Offset{16};
  // Without those from 12 on.
  Put(10, kLogSuffix,
      own.substr(0, static_cast<size_t>(batch)) + Batches(14, kTime) +
          Batches(18, kTime));
  PutPositions({{Offset{13}, batch}, {Offset{15}, 2 * batch}});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutPositions({{Offset{13}, batch}, {Offset{15}, 2 * batch + 1}});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutPositions({{Offset{12}, batch - 1},
                {Offset{13}, batch},
                {Offset{15}, 2 * batch + 1}});
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
}

// The last had no larger time, and where nothing is ever compacted that one.
TEST_F(ForeignSegments, AreThoseOfOtherTimesThanWereNotedWhereverTheyLie) {
  const auto batch = static_cast<int64_t>(Batches(10, kTime).size()) / 2;
  PutPositions({{Offset{13}, batch}});
  PutTime({kTime.ms - 1}, 11);
  noted_.segments.pop_back();
  noted_.end = Offset{14};
  noted_.times.largest = {kTime.ms - 1};
  noted_.times.largest_at = Offset{11};
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  noted_.times.largest = kTime;
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  noted_.times.largest = {kTime.ms + 1};
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutTime({kTime.ms + 1}, 11);
  place_.may_have_gaps = false;
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
  // One of them is true.
  PutTime(kTime, 11);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// No checksum keeps an index from saying what is wrong.
TEST_F(ForeignSegments, AreNotThoseOfWhichATimeIndexAloneIsWrong) {
  const auto batch = static_cast<int64_t>(Batches(10, kTime).size()) / 2;
  PutPositions({{Offset{13}, batch}});
  for (const bool may_have_gaps : {true, false}) {
    place_.may_have_gaps = may_have_gaps;
    for (const int64_t by : {-1, 1}) {
      PutTime({kTime.ms + by}, 11);
      EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty())) << by;
    }
  }
}

// It may be one bit of an index, or of a base offset, of the log's own file.
TEST_F(ForeignSegments, AreNotThoseOfWhichOneBatchAloneIsSpokenAgainst) {
  const auto batch = static_cast<int64_t>(Batches(10, kTime).size()) / 2;
  PutTime({kTime.ms + 1}, 11);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutTime(kTime, 12);
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutPositions({{Offset{12}, batch}});
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  PutPositions({{Offset{10}, 1}});
  EXPECT_THAT(Find(), IsOkAndHolds(::testing::SizeIs(1)));
}

TEST_F(ForeignSegments, AreNotThoseThatHaveGrownAndWhoseTimeIndexIsWrong) {
  const auto batch = static_cast<int64_t>(Batches(10, kTime).size()) / 2;
  noted_.segments.pop_back();
  noted_.segments.back().bytes = batch;
  noted_.end = Offset{12};
  for (const bool has_times : {true, false}) {
    if (has_times) noted_.times = {.largest = kTime, .largest_at = Offset{11}};
    if (!has_times) noted_.times = {};
    PutTime({kTime.ms + 1}, 11);
    EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
    PutTime(kTime, 10);
    EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
  }
}

// What the close has noted is checked: whatever indexes say against it.
TEST_F(ForeignSegments, AreNotThoseThatHaveTheTimeThatWasNoted) {
  PutWrongTimes();
  noted_.segments.pop_back();
  noted_.end = Offset{14};
  noted_.times = {.largest = kTime, .largest_at = Offset{13}};
  EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty()));
}

// A base offset that says too much seems to swallow all that follows.
TEST_F(ForeignSegments, AreNotThoseWhoseBatchesDoNotFollowOneAnother) {
  PutWrongTimes();
  for (const int64_t second : {4, 10, 11}) {
    Put(10, kLogSuffix,
        test::Batch({"a", "b"}, kTime).At(Offset{10}).bytes() +
            test::Batch({"c", "d"}, kTime).At(Offset{second}).bytes());
    EXPECT_THAT(Find(), IsOkAndHolds(IsEmpty())) << second;
  }
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
