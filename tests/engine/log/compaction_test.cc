#include "engine/log/compaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kExpiration = absl::Hours(24);

// Segments on a disk and passes over them, without a log around: what a pass
// has written takes its place at once.
class CompactionTest : public ::testing::Test {
 protected:
  struct KeyValue {
    std::string key;
    std::optional<std::string> value;
  };

  // One batch, as of the producer if there is one.
  void Add(const std::vector<KeyValue>& records, int64_t producer = -1,
           bool transactional = false) {
    BatchFields fields;
    fields.leader_epoch = LeaderEpoch{3};
    fields.producer_id = ProducerId{producer};
    if (producer >= 0) fields.producer_epoch = 0;
    fields.transactional = transactional;
    std::vector<Record> all;
    for (const KeyValue& each : records) {
      Record record{.key = each.key, .timestamp = Timestamp::From(time_)};
      if (each.value) record.value = *each.value;
      all.push_back(record);
    }
    AddBatch(test::BatchOf(all, fields));
  }
  void AddMarker(int64_t producer, TransactionOutcome outcome) {
    AddBatch(test::MarkerOf({.producer_id = ProducerId{producer},
                             .producer_epoch = 0,
                             .outcome = outcome},
                            Timestamp::From(time_)));
  }
  void AddBatch(const OwnedBatch& batch) {
    const OwnedBatch placed = batch.At(Offset{next_}, LeaderEpoch{3});
    bytes_ += placed.bytes();
    next_ = placed.view().next_offset().value;
  }
  // What follows stands in another segment.
  void Roll() {
    disk_.Write(SegmentFileName(Offset{base_}, kLogSuffix), bytes_);
    segments_.push_back(std::make_shared<Segment>(
        disk_.Place(Offset{base_}), OpenMode::kReadWrite,
        static_cast<int64_t>(bytes_.size()), Offset{next_}));
    base_ = next_;
    bytes_.clear();
  }

  CompactionTask Task() {
    CompactionTask task;
    task.segments = segments_;
    task.first_dirty = first_dirty_;
    task.end = task.known_end = Offset{next_};
    task.place = disk_.Place();
    task.limits = limits_;
    task.now = now_;
    task.delete_retention = absl::Hours(1);
    task.producer_expiration = kExpiration;
    task.memory_bytes_max = memory_;
    task.secret = {1, 2};
    task.missing = missing_;
    return task;
  }

  // One pass, in pieces of one batch each.
  absl::Status Run() {
    Compaction pass(Task(), [this](const SegmentSet::List& sources,
                                   CleanedSegment& cleaned) {
      return Replace(sources, cleaned);
    });
    for (;;) {
      const auto over = pass.Work(1);
      totals_ = pass.totals();
      if (!over.ok()) return over.status();
      if (!*over) continue;
      first_dirty_ = pass.first_dirty_after();
      damage_ = pass.damage();
      return absl::OkStatus();
    }
  }

  absl::StatusOr<bool> Replace(const SegmentSet::List& sources,
                               CleanedSegment& cleaned) {
    const auto at = std::ranges::find(segments_, sources.front());
    const auto made = cleaned.MakeSegment(sources.back()->next());
    EXPECT_THAT(cleaned.BecomeSwap(), IsOk());
    for (const auto& source : sources) EXPECT_THAT(source->Retire(), IsOk());
    EXPECT_THAT(made->TakeOwnName(), IsOk());
    *at = made;
    segments_.erase(at + 1, at + static_cast<std::ptrdiff_t>(sources.size()));
    return true;
  }

  // Every batch that is left: its offsets and what is in it, as in
  // "3-5: a=1 b=- marker".
  std::vector<std::string> Left() {
    std::vector<std::string> all;
    for (const auto& segment : segments_) {
      BatchScanner scanner;
      auto batch = segment->Seek(scanner, segment->base());
      for (;; batch = scanner.Next()) {
        EXPECT_THAT(batch, IsOk());
        if (!batch.ok() || !*batch) break;
        all.push_back(Describe(**batch));
      }
      EXPECT_EQ(scanner.position(), segment->bytes());
    }
    return all;
  }
  static std::string Describe(const RecordBatch& batch) {
    std::string text = fmt::format("{}-{}:", batch.base_offset().value,
                                   batch.last_offset().value);
    RecordReader reader;
    EXPECT_THAT(reader.Open(batch), IsOk());
    RecordView record;
    while (reader.Next(&record)) {
      if (batch.is_control()) {
        text += " marker";
      } else {
        text += fmt::format(" {}={}", *record.key, record.value.value_or("-"));
      }
    }
    return text;
  }

  void AddThreeSegments() {
    Add({{"x", "1"}});
    Roll();
    Add({{"a", "1"}});
    Add({{"b", "1"}});
    Roll();
    Add({{"c", "1"}});
    Roll();
  }
  // A pass over what is written by then, behind all delete horizons so far.
  void RunALittleLater() {
    now_ += absl::Hours(2);
    Add({{"x", "2"}});
    Roll();
    ASSERT_THAT(Run(), IsOk());
  }

  // One bit of the last batch of a segment is another one.
  void Damage(size_t segment) {
    const std::string name =
        SegmentFileName(segments_[segment]->base(), kLogSuffix);
    std::string bytes = *disk_.Read(name);
    bytes.back() ^= 1;
    disk_.Write(name, bytes);
  }

  test::TestDisk disk_{DiskKind::kMemory};
  absl::Time time_ = kNow;  // of records
  absl::Time now_ = kNow;   // of passes
  MergeLimits limits_{.segment_bytes = 1, .index_bytes = 1 << 20};
  int64_t memory_ = 1 << 20;
  SegmentSet::List segments_;
  int64_t base_ = 0;
  int64_t next_ = 0;
  std::string bytes_;
  Offset first_dirty_{0};
  absl::Status damage_;
  CompactionTotals totals_;
  std::vector<OffsetRange> missing_;
};

TEST_F(CompactionTest, KeepsTheLastRecordOfEachKeyWhereItStood) {
  Add({{"a", "1"}, {"b", "1"}});
  Add({{"c", "1"}, {"a", "2"}});
  Roll();
  Add({{"b", "2"}});
  Add({{"d", "1"}, {"a", "3"}});
  Roll();

  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("2-3: c=1", "4-4: b=2", "5-6: d=1 a=3"));
  EXPECT_EQ(first_dirty_, Offset{7});
  EXPECT_EQ(totals_.passes, 1);
  EXPECT_EQ(totals_.records_removed, 3);
}

TEST_F(CompactionTest, FindsInWhatIsCleanTheKeysThatWereWrittenSince) {
  Add({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  Add({{"b", "2"}});
  Roll();

  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("0-2: a=1 c=1", "3-3: b=2"));
  // What was clean is not put into the map again.
  EXPECT_EQ(totals_.records_read, 1);
}

TEST_F(CompactionTest, TakesOutRecordsThatHaveNoKey) {
  AddBatch(test::BatchOf(
      {{.value = "x", .timestamp = Timestamp::From(kNow)},
       {.key = "a", .value = "1", .timestamp = Timestamp::From(kNow)}}));
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("0-1: a=1"));
}

TEST_F(CompactionTest, MergesSegmentsIntoOneThatCoversTheirOffsets) {
  limits_.segment_bytes = 1 << 20;
  Add({{"a", "1"}});
  Roll();
  Add({{"b", "1"}, {"a", "2"}});
  Roll();
  Add({{"a", "3"}});
  Roll();
  // Only the last one says how far the log reaches.
  Add({{"a", "4"}});
  Roll();
  Add({{"z", "1"}, {"a", "5"}});

  const Offset end{base_};
  ASSERT_THAT(Run(), IsOk());
  ASSERT_EQ(segments_.size(), 1u);
  EXPECT_EQ(segments_[0]->base(), Offset{0});
  EXPECT_EQ(segments_[0]->next(), end);
  EXPECT_THAT(Left(), ElementsAre("1-2: b=1", "4-4: a=4"));
  EXPECT_EQ(totals_.segments_before, 4);
  EXPECT_EQ(totals_.segments_after, 1);

  // Once its last record is superseded too, a batch without records says it.
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("1-2: b=1", "5-6: z=1 a=5"));
}

// As imported logs may have it: the one behind begins where 31 bits of an index
// do not reach.
TEST_F(CompactionTest, LeavesAGapBetweenSegmentsThatNoSegmentCanCover) {
  constexpr int64_t kFar = int64_t{5} << 30;
  Add({{"a", "1"}, {"a", "2"}});
  next_ = kFar;
  Roll();
  Add({{"b", "1"}});
  Roll();

  // So many offsets are more than one map has room for.
  for (int passes = 0; passes < 2; ++passes) ASSERT_THAT(Run(), IsOk());

  EXPECT_THAT(Left(),
              ElementsAre("0-1: a=2", fmt::format("{0}-{0}: b=1", kFar)));
  EXPECT_EQ(first_dirty_, Offset{kFar + 1});
}

// Beside them an opening would take what a stop leaves of this one for a swap
// that was not complete, and remove it.
TEST_F(CompactionTest, RemovesWhatACleanerBeforeItHasLeft) {
  Add({{"a", "1"}, {"a", "2"}});
  Roll();
  disk_.Write(SegmentFileName(Offset{0}, kCleanedLogSuffix), "half a log");
  disk_.Write("00000000000000000001.timeindex.cleaned", "");
  disk_.Write("00000000000000000500.log.cleaned", "another");

  ASSERT_THAT(Run(), IsOk());

  EXPECT_THAT(Left(), ElementsAre("0-1: a=2"));
  EXPECT_THAT(disk_.Names(".cleaned"), IsEmpty());
}

TEST_F(CompactionTest, TellsHowFarItHasComeAndWhatItWorked) {
  for (int i = 0; i < 20; ++i) {
    Add({{"a", std::string(1000, 'v')}});
    if (i % 5 == 4) Roll();
  }
  Compaction pass(Task(), [this](const SegmentSet::List& sources,
                                 CleanedSegment& cleaned) {
    return Replace(sources, cleaned);
  });
  double before = pass.progress();
  EXPECT_EQ(before, 0);
  std::vector<double> halves(2);
  int pieces = 0;
  for (bool over = false; !over; ++pieces) {
    const auto worked = pass.Work(1);
    ASSERT_THAT(worked, IsOk());
    over = *worked;
    EXPECT_GE(pass.progress(), before);
    before = pass.progress();
    ++halves[before < 0.5 ? 0 : 1];
  }

  EXPECT_EQ(before, 1);
  // It neither stands still nor jumps to its end.
  EXPECT_GT(halves[0], pieces / 4);
  EXPECT_GT(halves[1], pieces / 4);
  // Headers are read too.
  EXPECT_GT(pass.worked_bytes(),
            pass.totals().bytes_read + pass.totals().bytes_written);
}

TEST_F(CompactionTest, LeavesABatchWithoutRecordsWhereTheLastOneGoes) {
  Add({{"a", "1"}, {"b", "1"}});
  Roll();
  Add({{"a", "2"}, {"b", "2"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("0-1:", "2-3: a=2 b=2"));
  EXPECT_EQ(segments_[0]->bytes(), kBatchHeaderBytes);
}

TEST_F(CompactionTest, DoesNotWriteAgainWhatStaysAsItIs) {
  Add({{"a", "1"}});
  Roll();
  Add({{"b", "1"}});
  Roll();
  const auto before = segments_;
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(segments_, before);
  EXPECT_EQ(first_dirty_, Offset{2});
  EXPECT_THAT(disk_.Names(".cleaned"), IsEmpty());
}

TEST_F(CompactionTest, GoesOnInTheNextPassWhereTheMapWasFull) {
  memory_ = 64 << 10;
  constexpr int kKeys = 5000;
  for (int round = 0; round < 2; ++round) {
    for (int key = 0; key < kKeys; key += 10) {
      std::vector<KeyValue> batch;
      for (int i = 0; i < 10; ++i) {
        batch.push_back({fmt::format("{}", key + i), fmt::format("{}", round)});
      }
      Add(batch);
      if (key % 500 == 490) Roll();
    }
  }
  ASSERT_THAT(Run(), IsOk());
  EXPECT_GT(first_dirty_, Offset{1000});
  EXPECT_LT(first_dirty_, Offset{kKeys});
  int passes = 1;
  for (; first_dirty_ < Offset{2 * kKeys}; ++passes) {
    const Offset before = first_dirty_;
    ASSERT_THAT(Run(), IsOk());
    ASSERT_GT(first_dirty_, before);
  }
  EXPECT_LT(passes, 10);
  std::vector<std::string> expected;
  for (int key = 0; key < kKeys; key += 10) {
    // The last batch of each segment tells how far it reaches.
    if (key % 500 == 490) {
      expected.push_back(fmt::format("{}-{}:", key, key + 9));
    }
  }
  for (int key = 0; key < kKeys; key += 10) {
    std::string batch = fmt::format("{}-{}:", kKeys + key, kKeys + key + 9);
    for (int i = 0; i < 10; ++i) batch += fmt::format(" {}=1", key + i);
    expected.push_back(batch);
  }
  EXPECT_EQ(Left(), expected);
}

TEST_F(CompactionTest, KeepsTombstonesForTheirTimeAndTakesThemOutThen) {
  Add({{"a", "1"}, {"b", "1"}});
  Add({{"a", std::nullopt}, {"c", "1"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("0-1: b=1", "2-3: a=- c=1"));

  // A pass only comes where something is dirty.
  const auto pass_at = [&](absl::Time time, std::string value) {
    Add({{"z", std::move(value)}});
    Roll();
    now_ = time;
    ASSERT_THAT(Run(), IsOk());
  };
  pass_at(kNow + absl::Hours(1) - absl::Milliseconds(1), "1");
  EXPECT_THAT(Left(), ElementsAre("0-1: b=1", "2-3: a=- c=1", "4-4: z=1"));
  pass_at(kNow + absl::Hours(1), "2");
  EXPECT_THAT(Left(), ElementsAre("0-1: b=1", "2-3: c=1", "4-4:", "5-5: z=2"));
}

TEST_F(CompactionTest, TakesOutAbortedDataAtOnceAndItsMarkerLater) {
  Add({{"a", "1"}}, -1);                     // 0
  Add({{"a", "2"}, {"b", "2"}}, 7, true);    // 1, 2
  AddMarker(7, TransactionOutcome::kAbort);  // 3
  Add({{"c", "1"}});                         // 4
  Roll();
  time_ = now_ = kNow + absl::Hours(25);  // nobody waits for the producer
  Add({{"d", "1"}});
  Roll();

  ASSERT_THAT(Run(), IsOk());
  // What was aborted supersedes nothing.
  EXPECT_THAT(Left(),
              ElementsAre("0-0: a=1", "3-3: marker", "4-4: c=1", "5-5: d=1"));
  now_ += absl::Hours(1);
  Add({{"e", "1"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(),
              ElementsAre("0-0: a=1", "4-4: c=1", "5-5: d=1", "6-6: e=1"));
}

TEST_F(CompactionTest, KeepsTheMarkerOfWhatWasCommittedAsLongAsThatIsThere) {
  Add({{"a", "1"}}, 7, true);
  AddMarker(7, TransactionOutcome::kCommit);
  Roll();
  for (int day = 2; day < 6; day += 2) {
    time_ = now_ = kNow + absl::Hours(24 * day);
    Add({{"z", "1"}});
    Roll();
    ASSERT_THAT(Run(), IsOk());
    EXPECT_THAT(Left(), ::testing::Contains("1-1: marker"));
  }
  Add({{"a", "2"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ::testing::Contains("1-1: marker"));
  now_ += absl::Hours(1);
  Add({{"y", "1"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  // It was the last of its segment.
  EXPECT_THAT(Left(), ::testing::Contains("1-1:"));
}

// Its marker may stand in the one that is missing: what comes behind may be
// another transaction's.
TEST_F(CompactionTest, DoesNotGoPastAMissingSegmentThatATransactionReaches) {
  Add({{"a", "1"}});           // 0
  Add({{"a", "2"}}, 7, true);  // 1
  missing_ = {{Offset{2}, Offset{4}}};
  next_ = 4;
  Roll();
  Add({{"b", "1"}}, 7, true);                // 4
  AddMarker(7, TransactionOutcome::kAbort);  // 5
  Roll();
  Add({{"c", "1"}});
  Roll();
  const std::vector<std::string> before = Left();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(Left(), before);
  EXPECT_EQ(first_dirty_, Offset{0});
}

TEST_F(CompactionTest, DoesNotGoPastAnOpenTransaction) {
  Add({{"a", "1"}});
  Roll();
  Add({{"a", "2"}}, 7, true);
  Roll();
  Add({{"a", "3"}});
  Roll();

  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("0-0: a=1", "1-1: a=2", "2-2: a=3"));
  EXPECT_EQ(first_dirty_, Offset{1});
}

TEST_F(CompactionTest, KeepsTheLastBatchOfAnActiveProducerWithoutItsRecords) {
  Add({{"a", "1"}}, 7);
  Add({{"a", "2"}}, 7);
  Add({{"a", "3"}});
  Roll();

  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("1-1:", "2-2: a=3"));

  // Until it is not active any more.
  time_ = now_ = kNow + kExpiration;
  Add({{"a", "4"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("2-2:", "3-3: a=4"));
}

TEST_F(CompactionTest, EndsInFrontOfADirtySegmentThatIsDamaged) {
  Add({{"a", "1"}, {"b", "1"}});
  Roll();
  Add({{"c", "1"}, {"a", "2"}});
  Roll();
  Add({{"a", "3"}});
  Add({{"d", "1"}});
  Roll();
  Damage(2);

  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(first_dirty_, Offset{4});
  EXPECT_THAT(damage_, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(MessageOf(damage_),
              HasSubstr(SegmentFileName(Offset{4}, kLogSuffix)));
  // The record that can be read there supersedes those in front of it.
  segments_.pop_back();
  EXPECT_THAT(Left(), ElementsAre("0-1: b=1", "2-3: c=1"));
}

TEST_F(CompactionTest, LeavesACleanSegmentThatIsDamagedAndWhatItBearsOn) {
  limits_.segment_bytes = 1 << 20;
  Add({{"x", "1"}});
  Roll();
  Add({{"a", "1"}, {"b", "1"}});
  Add({{"c", "1"}});
  Roll();
  Add({{"a", std::nullopt}, {"d", "1"}});
  Roll();
  limits_.segment_bytes = 1;
  ASSERT_THAT(Run(), IsOk());
  Damage(1);
  limits_.segment_bytes = 1 << 20;
  now_ = kNow + absl::Hours(2);
  Add({{"x", "2"}});
  Roll();

  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(damage_, HasReason(Reason::kCorruptBatch));
  ASSERT_EQ(segments_.size(), 3u);
  const auto damaged = segments_[1];
  segments_.erase(segments_.begin() + 1);
  // The tombstone's time is over, and a value may still stand below it.
  EXPECT_THAT(Left(), ElementsAre("0-0:", "4-5: a=- d=1", "6-6: x=2"));
  EXPECT_EQ(damaged->base(), Offset{1});
}

// Else its time is over before a pass has met what it deletes, and that would
// be the last record of its key.
TEST_F(CompactionTest, GivesATombstoneNoTimeBehindADamagedSegmentItLeaves) {
  AddThreeSegments();
  ASSERT_THAT(Run(), IsOk());
  Damage(1);
  Add({{"a", std::nullopt}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(damage_, HasReason(Reason::kCorruptBatch));

  Damage(1);  // whole again
  for (int passes = 0; passes < 4; ++passes) {
    RunALittleLater();
    EXPECT_THAT(Left(), AnyOf(Contains("4-4: a=-"), Not(Contains("1-1: a=1"))));
  }
  EXPECT_THAT(Left(), Not(Contains(HasSubstr("a="))));
  EXPECT_THAT(Left(), Contains("2-2: b=1"));
}

TEST_F(CompactionTest, GivesATombstoneNoTimeBehindAMissingSegment) {
  AddThreeSegments();
  ASSERT_THAT(Run(), IsOk());
  const auto missing = segments_[1];
  segments_.erase(segments_.begin() + 1);
  missing_ = {{missing->base(), missing->next()}};
  Add({{"a", std::nullopt}});
  Roll();
  ASSERT_THAT(Run(), IsOk());

  segments_.insert(segments_.begin() + 1, missing);
  missing_.clear();
  for (int passes = 0; passes < 4; ++passes) {
    RunALittleLater();
    EXPECT_THAT(Left(), AnyOf(Contains("4-4: a=-"), Not(Contains("1-1: a=1"))));
  }
  EXPECT_THAT(Left(), Not(Contains(HasSubstr("a="))));
  EXPECT_THAT(Left(), Contains("2-2: b=1"));
}

TEST_F(CompactionTest, DoesNotBelieveThatWhatNoPassHasMetIsClean) {
  Add({{"a", "1"}});
  Add({{"a", std::nullopt}, {"b", "1"}});
  Roll();
  first_dirty_ = Offset{3};
  Add({{"z", "1"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_EQ(first_dirty_, Offset{0});
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("1-2: a=- b=1", "3-3: z=1"));
  EXPECT_EQ(first_dirty_, Offset{4});
}

TEST_F(CompactionTest, LeavesNothingBehindWhereTheDiskIsFull) {
  Add({{"a", "1"}});
  Add({{"a", "2"}});
  Roll();
  const auto before = disk_.Names();
  disk_.files().Fail(FileCall::kWrite, ".log.cleaned",
                     MakeError(Reason::kDiskFull, "no room"));
  EXPECT_THAT(Run(), HasReason(Reason::kDiskFull));
  EXPECT_EQ(disk_.Names(), before);
  EXPECT_THAT(Left(), ElementsAre("0-0: a=1", "1-1: a=2"));
  disk_.files().Mend();
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("1-1: a=2"));
}

TEST_F(CompactionTest, DoesWithoutIndexFilesThatDoNotFit) {
  Add({{"a", "1"}});
  Add({{"a", "2"}});
  Roll();
  disk_.files().Fail(FileCall::kWrite, ".index.cleaned",
                     MakeError(Reason::kDiskFull, "no room"));
  ASSERT_THAT(Run(), IsOk());
  EXPECT_THAT(Left(), ElementsAre("1-1: a=2"));
}

TEST_F(CompactionTest, KnowsTheLargestTimestampOfWhatIsLeft) {
  time_ = kNow + absl::Hours(5);
  Add({{"a", "1"}});
  time_ = kNow + absl::Hours(2);
  Add({{"b", "1"}});
  time_ = kNow + absl::Hours(1);
  Add({{"a", "2"}});
  Roll();
  ASSERT_THAT(Run(), IsOk());
  const auto largest = segments_[0]->LargestTimestamp();
  ASSERT_THAT(largest, IsOk());
  EXPECT_EQ(largest->ToTime(), kNow + absl::Hours(2));
  const auto found = segments_[0]->FindByTime(
      Timestamp::From(kNow + absl::Minutes(1)), Offset{0}, Offset{3});
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->record.offset, Offset{1});
}

}  // namespace
}  // namespace cauce
