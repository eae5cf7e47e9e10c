#include "engine/log/lost_end_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/append.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/catalog/known_log.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/aborted_index.h"
#include "engine/log/partition_check.h"
#include "engine/log/producer_files.h"
#include "engine/log/producer_state.h"
#include "engine/log/segment_name.h"
#include "engine/log/surveyed_segment.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::FailingFileSystem;
using test::FileCall;
using test::IsOk;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kDirectory = "/d/a-0";

// Segments that are laid batch by batch, some of which are lost.
class LostEndSurvey : public ::testing::Test {
 protected:
  LostEndSurvey() {
    CAUCE_CHECK(files_->CreateDirectories(kDirectory).ok());
    partition_ = {.directory = std::string(kDirectory),
                  .may_have_gaps = false};
    Begin();
  }

  // The next batches are in another segment.
  void Begin() { segments_.push_back({.base = next_, .named = next_}); }
  void Lay(const OwnedBatch& batch) {
    const OwnedBatch placed = batch.At(next_);
    next_ = placed.view().next_offset();
    SurveyedSegment& segment = segments_.back();
    bytes_[segment.base.value] += placed.bytes();
    segment.whole_bytes += static_cast<int64_t>(placed.bytes().size());
    segment.next = next_;
  }
  void Lay(const TransactionEnd& end) {
    Lay(test::MarkerOf(end, Timestamp{1}));
  }
  // Bytes of `batch` that are none: but for what its header says of itself, or
  // that too.
  enum class Leaves { kHeader, kNothing };
  void Lose(const OwnedBatch& batch, Leaves leaves = Leaves::kNothing) {
    const OwnedBatch placed = batch.At(next_);
    std::string bytes = placed.bytes();
    if (leaves == Leaves::kNothing) bytes.assign(bytes.size(), '\x5a');
    bytes.back() ^= 1;
    SurveyedSegment& segment = segments_.back();
    std::string& all = bytes_[segment.base.value];
    const auto position = static_cast<int64_t>(all.size());
    all += bytes;
    const auto end = static_cast<int64_t>(all.size());
    const Offset expected = next_;
    next_ = placed.view().next_offset();
    const bool goes_on = !segment.unreadable.empty() &&
                         segment.unreadable.back().end == position;
    if (!goes_on) {
      segment.unreadable.push_back(
          {.position = position, .expected = expected});
    }
    segment.unreadable.back().end = end;
    segment.unreadable.back().behind = next_;
  }
  // Nothing readable is behind what was lost last in the segment.
  void LoseBehind() { segments_.back().unreadable.back().behind.reset(); }

  LostEnds Find() {
    for (SurveyedSegment& segment : segments_) {
      const std::string& bytes = bytes_[segment.base.value];
      segment.file_bytes = static_cast<int64_t>(bytes.size());
      EXPECT_THAT(
          WriteAndSyncFile(*files_, JoinPath(kDirectory, segment.FoundName()),
                           bytes),
          IsOk());
    }
    if (partition_.bounds.durable == Offset{0}) {
      partition_.bounds.durable = next_;
    }
    auto found = FindLostEnds(
        disk_, partition_,
        {.segments = segments_, .refused_lists = refused_, .limits = limits_});
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *std::move(found) : LostEnds();
  }
  std::vector<int64_t> Markers() {
    std::vector<int64_t> markers;
    for (const EndedTransaction& each : Find().ended) {
      markers.push_back(each.marker.value);
    }
    return markers;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  FailingFileSystem disk_{*files_};
  PartitionToCheck partition_;
  LostEndLimits limits_;
  std::set<Offset> refused_;  // lists
  std::vector<SurveyedSegment> segments_;
  std::map<int64_t, std::string> bytes_;  // by base
  Offset next_{0};
  TestProducer one_{1};
  TestProducer two_{2};
  const OwnedBatch plain_ = test::Batch({"plain"});
};

TEST_F(LostEndSurvey, ReadsNothingWhereNothingIsLost) {
  Lay(one_.InTransaction({"a"}));
  const std::string path =
      JoinPath(kDirectory, SegmentFileName(Offset{0}, kLogSuffix));
  EXPECT_THAT(Find().ended, IsEmpty());
  ASSERT_THAT(files_->RemoveFile(path), IsOk());
  EXPECT_THAT(FindLostEnds(*files_, partition_, {.segments = segments_}),
              IsOk());
}

TEST_F(LostEndSurvey, FindsWhoWasOpenInFrontOfWhatIsLost) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lay(two_.Commit());
  Lay(one_.InTransaction({"c", "d"}));  // 3 and 4
  Lose(test::Batch({"x", "y", "z"}));
  Lay(two_.InTransaction({"e"}));
  const LostEnds found = Find();
  ASSERT_THAT(found.ended, SizeIs(1));
  EXPECT_EQ(found.ended[0].producer_id, ProducerId{1});
  EXPECT_EQ(found.ended[0].offsets, (OffsetRange{Offset{0}, Offset{5}}));
  EXPECT_EQ(found.ended[0].marker, Offset{5});
  EXPECT_FALSE(found.ended[0].is_known);
  EXPECT_THAT(found.left, IsEmpty());
}

TEST_F(LostEndSurvey, GoesByTheHeadersOfAllThatIsLost) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lose(plain_, Leaves::kHeader);
  Lose(test::MarkerOf(two_.Commit(), Timestamp{1}), Leaves::kHeader);
  Lay(one_.InTransaction({"c"}));
  Lay(one_.Commit());
  const LostEnds found = Find();
  ASSERT_THAT(found.ended, SizeIs(1));
  EXPECT_EQ(found.ended[0].producer_id, ProducerId{2});
  EXPECT_EQ(found.ended[0].marker, Offset{3});
}

TEST_F(LostEndSurvey, GivesEachItsOffsetAmongThoseThatAreLost) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lose(test::Batch({"x", "y", "z"}));
  AbortedIndex list;
  list.Add({{2}, Offset{1}, Offset{2}, Offset{0}});
  ASSERT_THAT(WriteAborted(*files_, std::string(kDirectory), Offset{0}, list),
              IsOk());
  Lay(plain_);
  const LostEnds found = Find();
  ASSERT_THAT(found.ended, SizeIs(2));
  // What is known goes first.
  EXPECT_EQ(found.ended[0].producer_id, ProducerId{2});
  EXPECT_EQ(found.ended[0].marker, Offset{2});
  EXPECT_EQ(found.ended[1].producer_id, ProducerId{1});
  EXPECT_EQ(found.ended[1].marker, Offset{3});
}

TEST_F(LostEndSurvey, LeavesThoseForWhomIsNoOffset) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lose(plain_);
  Lay(one_.InTransaction({"c"}));
  const LostEnds found = Find();
  // The one of which nothing follows.
  ASSERT_THAT(found.ended, SizeIs(1));
  EXPECT_EQ(found.ended[0].producer_id, ProducerId{2});
  ASSERT_THAT(found.left, SizeIs(1));
  EXPECT_THAT(found.left[0].what, HasSubstr("producer 1 with offsets 0 to 0"));
  EXPECT_EQ(found.left[0].offset, Offset{2});
  // Nobody finds it again once the other has its marker.
  EXPECT_EQ(found.left[0].gravity, Gravity::kNote);
}

TEST_F(LostEndSurvey, OneOffsetHeldNoMarkerBesideTheOneThatAListTellsOf) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lose(plain_);
  Lay(one_.InTransaction({"c"}));
  AbortedIndex list;
  list.Add({{2}, Offset{1}, Offset{2}, Offset{0}});
  ASSERT_THAT(WriteAborted(*files_, std::string(kDirectory), Offset{0}, list),
              IsOk());
  const LostEnds found = Find();
  ASSERT_THAT(found.ended, SizeIs(1));
  EXPECT_EQ(found.ended[0].producer_id, ProducerId{2});
  EXPECT_TRUE(found.ended[0].is_known);
  EXPECT_THAT(found.left, IsEmpty());
}

TEST_F(LostEndSurvey, OneWhoseMarkerIsNextDidNotEndInOneOffset) {
  Lay(one_.InTransaction({"a"}));
  Lose(plain_);
  Lay(one_.Commit());
  EXPECT_THAT(Markers(), IsEmpty());
}

TEST_F(LostEndSurvey, OneThatWasOpenAtTwoOffsetsEndsAtOneAtMost) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lose(plain_);
  Lay(plain_);
  Lose(plain_);
  Lay(one_.Commit());
  const LostEnds found = Find();
  // Behind both stands the other one's marker.
  ASSERT_THAT(found.ended, SizeIs(1));
  EXPECT_EQ(found.ended[0].producer_id, ProducerId{2});
  EXPECT_EQ(found.ended[0].marker, Offset{2});
  EXPECT_THAT(found.left, IsEmpty());
}

TEST_F(LostEndSurvey, OneThatEndsInAWiderPlaceDidNotEndInFrontOfIt) {
  Lay(one_.InTransaction({"a"}));
  Lose(plain_);
  Lay(plain_);
  Lose(test::Batch({"x", "y"}));
  Lay(plain_);
  EXPECT_THAT(Markers(), ElementsAre(3));
}

TEST_F(LostEndSurvey, EndsWhatBeganBehindOneThatEnded) {
  Lay(one_.InTransaction({"a"}));
  Lose(plain_);
  Lay(one_.InTransaction({"b"}));
  Lose(plain_);
  Lay(plain_);
  const LostEnds found = Find();
  ASSERT_THAT(found.ended, SizeIs(2));
  EXPECT_EQ(found.ended[0].offsets, (OffsetRange{Offset{0}, Offset{1}}));
  EXPECT_EQ(found.ended[1].offsets, (OffsetRange{Offset{2}, Offset{3}}));
}

TEST_F(LostEndSurvey, LooksBetweenSegmentsAndAtTheEnd) {
  Lay(one_.InTransaction({"a"}));
  next_ = Offset{10};
  Begin();
  Lay(two_.InTransaction({"b"}));
  partition_.bounds.durable = Offset{20};
  EXPECT_THAT(Markers(), ElementsAre(1, 11));
  // Where there may be gaps those between segments say nothing.
  partition_.may_have_gaps = true;
  EXPECT_THAT(Markers(), ElementsAre(11, 12));
  // Nothing behind was durable.
  partition_.may_have_gaps = false;
  partition_.bounds.durable = Offset{11};
  EXPECT_THAT(Markers(), ElementsAre(1));
  // It was deleted.
  partition_.bounds.log_start = Offset{10};
  EXPECT_THAT(Markers(), IsEmpty());
}

TEST_F(LostEndSurvey, LooksWhereASegmentIsKnownToBeMissing) {
  partition_.may_have_gaps = true;
  Lay(one_.InTransaction({"a"}));
  next_ = Offset{10};
  Begin();
  Lay(plain_);
  EXPECT_THAT(Markers(), IsEmpty());

  // By what the last close has noted.
  KnownLog known{.segments = {{Offset{0}}, {Offset{5}}, {Offset{10}}},
                 .end = Offset{11}};
  partition_.known = known;
  partition_.clean_stop = true;
  EXPECT_THAT(Markers(), ElementsAre(1));
  // By an index that is left.
  partition_.known = std::nullopt;
  const std::string index =
      JoinPath(kDirectory, SegmentFileName(Offset{5}, kTimeIndexSuffix));
  ASSERT_THAT(WriteAndSyncFile(*files_, index, "left"), IsOk());
  EXPECT_THAT(Markers(), ElementsAre(1));
  // It stood in front of the start.
  partition_.bounds.log_start = Offset{10};
  EXPECT_THAT(Markers(), IsEmpty());
}

TEST_F(LostEndSurvey, DamageInASegmentMakesNoGapBehindItALoss) {
  partition_.may_have_gaps = true;
  Lay(one_.InTransaction({"a"}));
  Lose(plain_, Leaves::kHeader);
  Lay(plain_);
  next_ = Offset{10};
  Begin();
  Lay(one_.Commit());
  const auto bytes = static_cast<int64_t>(bytes_[0].size());
  partition_.known =
      KnownLog{.segments = {{Offset{0}, bytes}, {Offset{10}}},
               .end = Offset{11}};
  EXPECT_THAT(Markers(), IsEmpty());
  // It was longer.
  partition_.known->segments[0].bytes = bytes + 1;
  EXPECT_THAT(Markers(), ElementsAre(3));
}

TEST_F(LostEndSurvey, LooksAtTheTornEndOfASegment) {
  for (const bool may_have_gaps : {false, true}) {
    partition_.may_have_gaps = may_have_gaps;
    Lay(one_.InTransaction({"a"}));
    const Offset lost = next_;
    Lose(plain_);
    LoseBehind();
    Begin();
    Lay(plain_);
    EXPECT_THAT(Markers().back(), lost.value);
    Begin();
  }
}

// What it costs where `places` are lost, in front of each of which two
// transactions are open that go on behind.
class LostEndCosts : public LostEndSurvey {
 protected:
  struct Cost {
    int reads_of_logs = 0;
    int reads_of_lists = 0;
    int reads_of_snapshots = 0;
    int64_t weighed = 0;
  };

  void LayPlaces(int places) {
    Lay(one_.InTransaction({"a"}));
    Lay(two_.InTransaction({"b"}));
    AbortedIndex list;
    for (int i = 0; i < places; ++i) {
      Lose(plain_, Leaves::kHeader);
      Lay(plain_);
      list.Add({{3}, next_ + -2, next_ + -1, Offset{0}});
    }
    const std::string directory(kDirectory);
    ASSERT_THAT(WriteAborted(*files_, directory, Offset{0}, list), IsOk());
    const std::vector<ProducerState> open = {
        {ProducerId{1}, {.epoch = 0, .transaction = Offset{0}}}};
    ASSERT_THAT(WriteSnapshot(*files_, directory, next_, open), IsOk());
  }

  Cost CostOf(int places) {
    segments_.clear();
    bytes_.clear();
    next_ = Offset{0};
    partition_.bounds.durable = Offset{0};
    Begin();
    LayPlaces(places);
    const auto count = [this] {
      return Cost{.reads_of_logs = disk_.Count(FileCall::kRead, ".log"),
                  .reads_of_lists = disk_.Count(FileCall::kRead, ".txnindex"),
                  .reads_of_snapshots =
                      disk_.Count(FileCall::kOpen, ".snapshot")};
    };
    const Cost before = count();
    const LostEnds found = Find();
    EXPECT_THAT(found.ended, IsEmpty());
    EXPECT_THAT(found.left, IsEmpty());
    const Cost after = count();
    EXPECT_THAT(RemoveSnapshot(*files_, std::string(kDirectory), next_),
                IsOk());
    return {after.reads_of_logs - before.reads_of_logs,
            after.reads_of_lists - before.reads_of_lists,
            after.reads_of_snapshots - before.reads_of_snapshots,
            found.weighed};
  }
};

TEST_F(LostEndCosts, GrowWithThePlacesAndNotWithTheirSquare) {
  const Cost few = CostOf(50);
  const Cost some = CostOf(100);
  const Cost many = CostOf(200);
  EXPECT_EQ(few.weighed, 2 * 50);
  EXPECT_EQ(some.weighed, 2 * 100);
  EXPECT_EQ(many.weighed, 2 * 200);
  EXPECT_EQ(many.reads_of_logs - some.reads_of_logs,
            2 * (some.reads_of_logs - few.reads_of_logs));
  EXPECT_LE(many.reads_of_logs, 3 * 200);
  // These once.
  EXPECT_EQ(many.reads_of_lists, few.reads_of_lists);
  EXPECT_EQ(few.reads_of_snapshots, 1);
  EXPECT_EQ(many.reads_of_snapshots, 1);
}

TEST_F(LostEndSurvey, TellsWhereMoreIsOpenThanItWeighs) {
  Lay(one_.InTransaction({"a"}));
  Lay(two_.InTransaction({"b"}));
  Lose(plain_, Leaves::kHeader);
  Lay(plain_);
  Lose(test::Batch({"x", "y"}));  // from 4 on
  Lay(plain_);
  limits_.weighed_max = 4;
  EXPECT_THAT(Find().ended, SizeIs(2));
  limits_.weighed_max = 3;
  const LostEnds found = Find();
  EXPECT_THAT(found.ended, IsEmpty());
  ASSERT_THAT(found.left, SizeIs(1));
  EXPECT_EQ(found.left[0].offset, Offset{4});
  EXPECT_THAT(found.left[0].what, HasSubstr("of the 2 that are open here"));
  EXPECT_EQ(found.weighed, 2);
}

TEST_F(LostEndSurvey, GoesByAListThatWasSetAside) {
  Lay(one_.InTransaction({"a"}));
  Lose(test::Batch({"x", "y"}));
  Lay(one_.InTransaction({"b"}));
  Lay(one_.Abort());  // at 4
  AbortedIndex list;
  list.Add({{1}, Offset{0}, Offset{2}, Offset{3}});
  const std::string kept = JoinPath(
      kDirectory, SegmentFileName(Offset{0}, kTxnIndexSuffix) + ".cut.1");
  ASSERT_THAT(WriteAndSyncFile(*files_, kept, list.Encode()), IsOk());
  EXPECT_THAT(Markers(), ElementsAre(2));
  // It does not say that what it lacks was committed; nor does one that is to
  // be set aside.
  AbortedIndex next;
  next.Add({{1}, Offset{3}, Offset{4}, Offset{5}});
  const std::string bytes = next.Encode();
  ASSERT_THAT(WriteAndSyncFile(*files_, kept, bytes), IsOk());
  EXPECT_FALSE(Find().ended.at(0).is_known);
  ASSERT_THAT(files_->RemoveFile(kept), IsOk());
  const std::string directory(kDirectory);
  ASSERT_THAT(WriteAborted(*files_, directory, Offset{0}, next), IsOk());
  EXPECT_EQ(Find().ended.at(0).outcome, TransactionOutcome::kCommit);
  refused_ = {Offset{0}};
  EXPECT_FALSE(Find().ended.at(0).is_known);
}

TEST_F(LostEndSurvey, TellsWhereListsHaveMoreThanItGoesBy) {
  Lay(one_.InTransaction({"a"}));
  Lose(test::MarkerOf(one_.Abort(), Timestamp{1}));
  Lay(one_.InTransaction({"b"}));
  Lay(one_.Abort());  // at 3
  AbortedIndex list;
  list.Add({{1}, Offset{0}, Offset{1}, Offset{2}});
  list.Add({{1}, Offset{2}, Offset{3}, Offset{4}});
  const std::string directory(kDirectory);
  ASSERT_THAT(WriteAborted(*files_, directory, Offset{0}, list), IsOk());
  EXPECT_TRUE(Find().ended.at(0).is_known);
  limits_.listed_max = 0;
  const LostEnds found = Find();
  // What is left of a list does not say that one was committed.
  ASSERT_THAT(found.ended, SizeIs(1));
  EXPECT_FALSE(found.ended[0].is_known);
  EXPECT_EQ(found.ended[0].outcome, TransactionOutcome::kAbort);
  ASSERT_THAT(found.left, SizeIs(1));
  EXPECT_THAT(found.left[0].what, HasSubstr(".txnindex"));
}

TEST_F(LostEndSurvey, CountsThoseThatItDoesNotTellByThemselves) {
  TestProducer three(3);
  TestProducer four(4);
  for (TestProducer* each : {&one_, &two_, &three, &four}) {
    Lay(each->InTransaction({"a"}));
  }
  Lose(plain_);
  Lay(plain_);
  limits_.told_max = 1;
  const LostEnds found = Find();
  EXPECT_THAT(found.ended, SizeIs(1));
  ASSERT_THAT(found.left, SizeIs(2));
  EXPECT_THAT(found.left[0].what, HasSubstr("producer 2"));
  EXPECT_THAT(found.left[1].what, HasSubstr("2 more transactions"));
}

}  // namespace
}  // namespace cauce
