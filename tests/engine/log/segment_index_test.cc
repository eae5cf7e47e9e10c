#include "engine/log/segment_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "engine/log/gap_batch.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using Pairs = std::vector<std::pair<int64_t, int64_t>>;

Pairs OffsetsOf(const SegmentIndex& index) {
  Pairs all;
  for (size_t i = 0; i < index.offsets().size(); ++i) {
    all.emplace_back(index.offsets()[i].offset.value,
                     index.offsets()[i].position);
  }
  return all;
}

Pairs TimesOf(const SegmentIndex& index) {
  Pairs all;
  for (size_t i = 0; i < index.times().size(); ++i) {
    all.emplace_back(index.times()[i].timestamp.ms,
                     index.times()[i].offset.value);
  }
  return all;
}

// Batches of ten records and `bytes` bytes, each with its largest timestamp.
std::vector<BatchFacts> Batches(const std::vector<int64_t>& timestamps,
                                int64_t bytes) {
  std::vector<BatchFacts> batches;
  for (size_t i = 0; i < timestamps.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    batches.push_back(
        {{number * 10 + 9}, {timestamps[i]}, bytes, number * bytes});
  }
  return batches;
}

SegmentIndex& Fill(SegmentIndex& index,
                   const std::vector<BatchFacts>& batches) {
  for (const BatchFacts& batch : batches) index.Add(batch);
  return index;
}

// Whether no batch between the last entry with at most `time` and what is
// passed has a larger time than that entry.
bool Holds(const TimeStretch& stretch, const std::vector<BatchFacts>& batches) {
  const Timestamp most =
      stretch.entry ? stretch.entry->timestamp : kNoTimestamp;
  for (const BatchFacts& batch : batches) {
    if (batch.last <= stretch.passed && batch.max_timestamp > most) {
      return false;
    }
  }
  return true;
}

TEST(SegmentIndex, PassesNoBatchThatMayHaveATime) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> times(60);
    for (int64_t& time : times) {
      time = static_cast<int64_t>(random() % 100) - 1;
    }
    const std::vector<BatchFacts> batches =
        Batches(times, 20 + static_cast<int64_t>(random() % 200));
    SegmentIndex index(Offset{0}, 100);
    for (const BatchFacts& batch : batches) {
      index.Add(batch);
      for (int64_t time = -2; time < 100; time += 3) {
        const TimeStretch stretch = index.StretchOf({time});
        ASSERT_TRUE(stretch.is_sure);
        ASSERT_TRUE(Holds(stretch, batches)) << time;
      }
    }
  }
}

TEST(SegmentIndex, IsNotSureOfWhatAFileSaysUntilItIsTold) {
  const auto batches = Batches({1, 2, 3, 4, 5, 6, 7, 8}, 120);
  SegmentIndex written(Offset{0}, 100);
  Fill(written, batches);
  const auto read = SegmentIndex::Decode(
      Offset{0}, 100, written.EncodeOffsets(), written.EncodeTimes());
  ASSERT_THAT(read, test::IsOk());
  SegmentIndex& index = **read;
  for (int64_t time = 0; time < 10; ++time) {
    ASSERT_FALSE(index.StretchOf({time}).is_sure) << time;
  }

  index.NoteSure(index.StretchOf({4}));

  for (int64_t time = 0; time < 10; ++time) {
    EXPECT_EQ(index.StretchOf({time}).is_sure, time == 4) << time;
  }
  // Of what is added it knows, from the first entry of its own on.
  index.ResumeBehindEntry(batches.back());
  for (int64_t i = 8; i < 12; ++i) {
    index.Add({{i * 10 + 9}, {i + 1}, 120, i * 120});
  }
  EXPECT_FALSE(index.StretchOf({8}).is_sure);
  EXPECT_TRUE(index.StretchOf({9}).is_sure);
  EXPECT_TRUE(index.StretchOf({12}).is_sure);
}

// The file may have been cut behind that entry.
TEST(SegmentIndex, KnowsNoLargestTimeBehindTheLastEntryOfAFileUntilItIsTold) {
  // By offset the second to the fifth have an entry, by time the second.
  const auto batches = Batches({10, 40, 20, 15, 15}, 120);
  SegmentIndex written(Offset{0}, 100);
  Fill(written, batches);
  EXPECT_TRUE(written.knows_largest());
  const auto read = [&] {
    auto index = SegmentIndex::Decode(Offset{0}, 100, written.EncodeOffsets(),
                                      written.EncodeTimes());
    EXPECT_THAT(index, test::IsOk());
    (*index)->ResumeBehindEntry(batches.back());
    return *std::move(index);
  };
  const auto whole = read();
  EXPECT_FALSE(whole->knows_largest());
  EXPECT_EQ(whole->claimed_behind_times(),
            (OffsetRange{Offset{20}, Offset{50}}));
  // What is added behind a claim is no surer than that.
  whole->Add({{59}, {60}, 120, 600});
  EXPECT_EQ(whole->largest_timestamp(), Timestamp{60});
  EXPECT_FALSE(whole->knows_largest());
  EXPECT_EQ(whole->StretchOf({70}).number, 1u);
  EXPECT_FALSE(whole->StretchOf({70}).is_sure);
  whole->NoteBehindTimes({20}, false);
  EXPECT_FALSE(whole->knows_largest()) << "not all of them could be read";
  whole->NoteBehindTimes({20}, true);
  EXPECT_TRUE(whole->knows_largest());
  EXPECT_FALSE(whole->lacks_times());
  EXPECT_EQ(whole->StretchOf({70}).number, 2u);
  EXPECT_TRUE(whole->StretchOf({70}).is_sure);

  const auto cut = read();
  cut->NoteBehindTimes({1000}, false);
  EXPECT_TRUE(cut->knows_largest());
  EXPECT_TRUE(cut->lacks_times());
  EXPECT_EQ(cut->largest_timestamp(), Timestamp{1000});
  EXPECT_FALSE(cut->StretchOf({70}).is_sure);

  // Nothing lies behind that entry.
  SegmentIndex growing(Offset{0}, 100);
  Fill(growing, Batches({1, 2, 3}, 120));
  const auto grown = SegmentIndex::Decode(
      Offset{0}, 100, growing.EncodeOffsets(), growing.EncodeTimes());
  ASSERT_THAT(grown, test::IsOk());
  EXPECT_TRUE((*grown)->knows_largest());
}

TEST(SegmentIndex, AddsAnEntryForTheFirstBatchBehindMoreThanAnInterval) {
  // 60 bytes each: the third batch lies behind 120, which is more than 100;
  // from there the count begins with that batch itself.
  SegmentIndex index(Offset{0}, 100);
  Fill(index, Batches({1, 2, 3, 4, 5, 6, 7}, 60));

  EXPECT_THAT(OffsetsOf(index),
              ElementsAre(Pair(29, 120), Pair(49, 240), Pair(69, 360)));
}

TEST(SegmentIndex, DoesNotCountExactlyAnIntervalAsMore) {
  SegmentIndex index(Offset{0}, 100);
  Fill(index, Batches({1, 2, 3, 4}, 50));

  // Two batches are exactly 100 bytes; three are more.
  EXPECT_THAT(OffsetsOf(index), ElementsAre(Pair(39, 150)));
}

TEST(SegmentIndex, HasNoEntryForTheFirstBatchHoweverLarge) {
  SegmentIndex index(Offset{0}, 100);
  Fill(index, Batches({1, 2}, 1'000'000));

  EXPECT_THAT(OffsetsOf(index), ElementsAre(Pair(19, 1'000'000)));
}

TEST(SegmentIndex, TimeEntriesTellTheLargestTimestampSoFarAndWhoseItWas) {
  SegmentIndex index(Offset{0}, 100);
  Fill(index, Batches({50, 80, 20, 30, 40, 90, 90}, 60));

  // At offset 29 the largest was that of the second batch; at 49 it still is,
  // so there is no entry; at 69 it is that of the sixth, the first with it.
  EXPECT_THAT(TimesOf(index), ElementsAre(Pair(80, 19), Pair(90, 59)));
}

TEST(SegmentIndex, EndsItsTimesWithTheLargestTimestampWhenItIsSealed) {
  SegmentIndex index(Offset{0}, 100);
  Fill(index, Batches({50, 80, 20, 95}, 60));
  EXPECT_THAT(TimesOf(index), ElementsAre(Pair(80, 19)));

  index.Seal();
  EXPECT_THAT(TimesOf(index), ElementsAre(Pair(80, 19), Pair(95, 39)));
  index.Seal();
  EXPECT_THAT(TimesOf(index), ElementsAre(Pair(80, 19), Pair(95, 39)));
}

TEST(SegmentIndex, HasNoTimesForRecordsWithoutTimestamps) {
  SegmentIndex index(Offset{0}, 100);
  Fill(index, Batches({-1, -1, -1, -1}, 60));
  index.Seal();

  EXPECT_THAT(TimesOf(index), IsEmpty());
  EXPECT_EQ(index.largest_timestamp(), kNoTimestamp);
  EXPECT_THAT(OffsetsOf(index), ElementsAre(Pair(29, 120)));
}

// Kafka finds none in the log that would have the time of its header.
TEST(SegmentIndex, HasNoTimeOfABatchWithoutRecords) {
  const std::string gap =
      GapBatch(Offset{0}, Offset{9}, {.time = Timestamp{5000}});
  const auto batch = RecordBatch::Parse(gap);
  ASSERT_TRUE(batch.ok());
  SegmentIndex index(Offset{0}, 100);
  index.Add(BatchFacts::Of(*batch, 0));
  index.Seal();

  EXPECT_THAT(TimesOf(index), IsEmpty());
}

TEST(SegmentIndex, IsFullBeforeAnEntryWouldNotFit) {
  // Room for three offset entries: without timestamps there are no others.
  SegmentIndex by_offsets(Offset{0}, 0);
  EXPECT_FALSE(Fill(by_offsets, Batches({-1, -1, -1}, 60)).IsFull(24));
  EXPECT_TRUE(Fill(by_offsets, {{{39}, {-1}, 60, 180}}).IsFull(24));

  // Room for two time entries and the one that seals.
  SegmentIndex by_times(Offset{0}, 0);
  EXPECT_FALSE(Fill(by_times, Batches({1, 2}, 60)).IsFull(36));
  EXPECT_TRUE(Fill(by_times, {{{29}, {3}, 60, 120}}).IsFull(36));
}

TEST(SegmentIndex, SaysWhichOfItsFilesCannotBeRead) {
  const std::string torn(5, '\1');
  EXPECT_THAT(SegmentIndex::Decode(Offset{0}, 100, torn, ""),
              test::HasReason(Reason::kCorruptFile));
  EXPECT_THAT(SegmentIndex::Decode(Offset{0}, 100, "", torn),
              test::HasReason(Reason::kCorruptFile));
}

TEST(SegmentIndex, GoesOnFromItsFilesAsIfItHadNeverStopped) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  constexpr Offset kBase{500};
  constexpr int64_t kInterval = 300;
  std::vector<BatchFacts> batches;
  Offset last = kBase;
  int64_t position = 0;
  for (int i = 0; i < 3000; ++i) {
    const int64_t bytes = 61 + static_cast<int64_t>(random() % 400);
    const int64_t time = static_cast<int64_t>(random() % 100'000) + i * 50;
    last = last + 1 + static_cast<int64_t>(random() % 4);
    batches.push_back({last, {time}, bytes, position});
    position += bytes;
  }
  SegmentIndex whole(kBase, kInterval);
  Fill(whole, batches);
  ASSERT_GT(whole.offsets().size(), 1000u);

  for (int round = 0; round < 20; ++round) {
    // given the files as they were after some of the batches,
    const size_t stop = random() % batches.size();
    SegmentIndex before(kBase, kInterval);
    for (size_t i = 0; i < stop; ++i) before.Add(batches[i]);
    auto resumed = SegmentIndex::Decode(
        kBase, kInterval, before.EncodeOffsets(), before.EncodeTimes());
    ASSERT_THAT(resumed, test::IsOk());

    // when the batches behind their last entry are added,
    size_t next = 0;
    if (const auto entry = before.offsets().last()) {
      while (batches[next].last != entry->offset) ++next;
      (*resumed)->ResumeBehindEntry(batches[next++]);
    }
    for (; next < batches.size(); ++next) (*resumed)->Add(batches[next]);

    // then nobody can tell.
    ASSERT_EQ((*resumed)->EncodeOffsets(), whole.EncodeOffsets()) << stop;
    ASSERT_EQ((*resumed)->EncodeTimes(), whole.EncodeTimes()) << stop;
    ASSERT_EQ((*resumed)->largest_timestamp(), whole.largest_timestamp());
  }
}

}  // namespace
}  // namespace cauce
