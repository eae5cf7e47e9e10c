// What a Segment makes of indexes that are absent or lead astray, and of
// damage in its log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/log/segment.h"
#include "engine/record/layout.h"
#include "fmt/format.h"
#include "tests/engine/log/segment_fixture.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::kBase;
using test::kIndex;
using test::kInterval;
using test::kLog;
using test::kTimeIndex;
using test::SegmentTest;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

INSTANTIATE_TEST_SUITE_P(Disks, SegmentTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(SegmentTest, RebuildsAnIndexThatIsGone) {
  Write(2500);
  disk_.Remove(kIndex);
  disk_.Remove(kTimeIndex);
  ExpectSeekFindsEveryBatch(*Open(), 37);
  EXPECT_THAT(Open()->LargestTimestamp(),
              IsOkAndHolds(Timestamp{batches_.back().timestamps.back()}));
  EXPECT_THAT(disk_.Names("index"), IsEmpty()) << "a reader writes nothing";
}

TEST_P(SegmentTest, RebuildsAnIndexThatCannotBeRead) {
  Write(2500);
  disk_.Write(kIndex, "this is no index, of nine");
  ExpectSeekFindsEveryBatch(*Open(), 37);
}

TEST_P(SegmentTest, RebuildsAnIndexThatCannotBeOpenedAsAFile) {
  Write(2500);
  disk_.Remove(kTimeIndex);
  ASSERT_THAT(disk_.real_files().CreateDirectories(disk_ / kTimeIndex),
              test::IsOk());
  ExpectSeekFindsEveryBatch(*Open(), 37);

  disk_.files().Fail(test::FileCall::kOpen, kIndex,
                     absl::PermissionDeniedError("not for you"));
  ExpectSeekFindsEveryBatch(*Open(), 37);
}

TEST_P(SegmentTest, DoesNotBelieveEntriesThatLeadElsewhere) {
  Write(2500);
  // Plausible: offsets and positions grow, and some are right.
  std::string index = *disk_.Read(kIndex);
  for (size_t at = 0; at + 8 <= index.size(); at += 24) {
    const int32_t position = LoadBig<int32_t>(index.data() + at + 4);
    StoreBig<int32_t>(index.data() + at + 4, position + 1);
  }
  disk_.Write(kIndex, index);
  ExpectSeekFindsEveryBatch(*Open(), 37);
}

TEST_P(SegmentTest, DoesNotBelieveEntriesForOffsetsOfOtherBatches) {
  Write(2500);
  // Every entry leads to the batch of the entry behind it.
  const std::string index = *disk_.Read(kIndex);
  std::string shifted = index;
  for (size_t at = 0; at + 16 <= index.size(); at += 8) {
    shifted.replace(at + 4, 4, index, at + 12, 4);
  }
  shifted.resize(index.size() - 8);
  disk_.Write(kIndex, shifted);
  ExpectSeekFindsEveryBatch(*Open(), 37);
}

TEST_P(SegmentTest, CompletesAnIndexThatIsShorterThanTheLog) {
  Write(2500);
  const std::string index = *disk_.Read(kIndex);
  const std::string times = *disk_.Read(kTimeIndex);
  disk_.Write(kIndex, index.substr(0, 8 * 100));
  disk_.Write(kTimeIndex, times.substr(0, 12 * 100));

  const auto segment = Open();
  const auto completed = segment->Index();
  ASSERT_THAT(completed, IsOk());
  EXPECT_EQ((*completed)->EncodeOffsets(), index);
  EXPECT_THAT(segment->LargestTimestamp(),
              IsOkAndHolds(Timestamp{batches_.back().timestamps.back()}));
  ExpectSeekFindsEveryBatch(*segment, 37);
}

TEST_P(SegmentTest, FindsTimesThoughTheTimeIndexLies) {
  Write(400, [](int i) { return 1000 + i * 3; });
  // Plausible again: times and offsets grow, and none is right.
  std::string times = *disk_.Read(kTimeIndex);
  for (size_t at = 0; at + 12 <= times.size(); at += 12) {
    const int64_t time = LoadBig<int64_t>(times.data() + at);
    StoreBig<int64_t>(times.data() + at, time - 1);
  }
  disk_.Write(kTimeIndex, times);

  const auto segment = Open();
  for (int64_t time = 990; time < 3500; time += 7) {
    const auto found = segment->FindByTime({time}, kBase, next_);
    ASSERT_THAT(found, IsOk());
    std::optional<int64_t> offset;
    if (*found) offset = (*found)->record.offset.value;
    ASSERT_EQ(offset, FirstAtOrAfter(time, kBase, next_)) << time;
  }
}

TEST_P(SegmentTest, FindsTimesThoughTheTimeIndexLacksEntries) {
  Write(100, [](int i) { return 1000 + i * 3; });
  const std::string whole = *disk_.Read(kTimeIndex);
  for (size_t lost = 0; lost + 24 <= whole.size(); lost += 12) {
    std::string times = whole;
    times.erase(lost, 12);
    disk_.Write(kTimeIndex, times);
    const auto segment = Open();
    // Downwards and then upwards: what was found once leads no look-up astray.
    for (int64_t i = 0; i < 1200; i += 7) {
      const int64_t time = 1000 + (i < 600 ? 600 - i : i - 600);
      const auto found = segment->FindByTime({time}, kBase, next_);
      ASSERT_THAT(found, IsOk());
      std::optional<int64_t> offset;
      if (*found) offset = (*found)->record.offset.value;
      ASSERT_EQ(offset, FirstAtOrAfter(time, kBase, next_)) << time;
    }
  }
}

// Whether the index was written before or made anew over it, and however often
// somebody asks: the batch may hold the first record of that time.
TEST_P(SegmentTest, TellsOfDamageWhereATimeIsThatIsAskedFor) {
  Write(400, [](int i) { return 1000 + i * 3; });
  const test::Placed& damaged = batches_[200];
  FlipABitOf(damaged);
  const Timestamp inside{damaged.timestamps.front()};
  const Timestamp behind{batches_[300].timestamps.front()};
  for (const bool has_index : {true, false}) {
    SCOPED_TRACE(has_index);
    if (!has_index) {
      disk_.Remove(kIndex);
      disk_.Remove(kTimeIndex);
    }
    const auto segment = Open();
    for (int times = 0; times < 3; ++times) {
      EXPECT_THAT(segment->FindByTime(inside, kBase, next_),
                  HasReason(Reason::kCorruptBatch));
      const auto found = segment->FindByTime(behind, kBase, next_);
      ASSERT_THAT(found, IsOk());
      ASSERT_TRUE(found->has_value());
      EXPECT_EQ((*found)->record.timestamp, behind);
    }
  }
}

// Retention would delete early, and a look-up would pass by.
TEST_P(SegmentTest, DoesNotBelieveALargestTimeThatItsBatchDoesNotHave) {
  Write(400, [](int i) { return 1000 + i * 3; });
  const std::string whole = *disk_.Read(kTimeIndex);
  const Timestamp largest{batches_.back().timestamps.back()};
  const size_t last = whole.size() - 12;
  for (const int64_t change : {-1, 1, 1'000'000}) {
    std::string times = whole;
    StoreBig<int64_t>(times.data() + last, largest.ms + change);
    disk_.Write(kTimeIndex, times);
    EXPECT_THAT(Open()->LargestTimestamp(), IsOkAndHolds(largest)) << change;
  }
  std::string offset = whole;
  StoreBig<int32_t>(offset.data() + last + 8,
                    LoadBig<int32_t>(whole.data() + last + 8) - 1);
  disk_.Write(kTimeIndex, offset);
  EXPECT_THAT(Open()->LargestTimestamp(), IsOkAndHolds(largest));
}

TEST_P(SegmentTest, DoesNotBelieveATimeIndexThatLostItsEntries) {
  Write(400, [](int i) { return 1000 + i * 3; });
  const std::string whole = *disk_.Read(kTimeIndex);
  const Timestamp largest{batches_.back().timestamps.back()};
  for (const size_t entries : {0, 1, 50}) {
    disk_.Write(kTimeIndex, whole.substr(0, 12 * entries));
    EXPECT_THAT(Open()->LargestTimestamp(), IsOkAndHolds(largest)) << entries;
    const auto index = Open()->Index();
    ASSERT_THAT(index, IsOk());
    EXPECT_GT((*index)->times().size(), 100u);
  }
  disk_.Remove(kTimeIndex);
  EXPECT_THAT(Open()->LargestTimestamp(), IsOkAndHolds(largest));
}

// Retention would delete what is young, and a look-up would pass it by. A peak
// is hidden best where what follows is older than what is left in front.
TEST_P(SegmentTest, DoesNotBelieveATimeIndexThatLostALargeTimeInTheMiddle) {
  const auto time_of = [](int i) {
    return int64_t{i == 6 ? 1000 : i < 6 ? 10 + 2 * i : 15 + i % 5};
  };
  // Near by, and too far behind to be looked at with the rest.
  for (const size_t value_bytes : {size_t{5}, size_t{9000}}) {
    for (const int64_t interval : {int64_t{1}, int64_t{30'000}}) {
      SCOPED_TRACE(testing::Message() << value_bytes << ", " << interval);
      const bool is_first = std::exchange(batches_, {}).empty();
      for (const auto name : {kLog, kIndex, kTimeIndex}) {
        if (!is_first) disk_.Remove(name);
      }
      Write(
          25, time_of, [&](int) { return value_bytes; }, interval);
      const std::string whole = *disk_.Read(kTimeIndex);
      for (size_t left = 0; left <= whole.size(); left += 12) {
        SCOPED_TRACE(left);
        disk_.Write(kTimeIndex, whole.substr(0, left));
        EXPECT_THAT(Open()->LargestTimestamp(), IsOkAndHolds(Timestamp{1000}));
        const auto segment = Open();
        EXPECT_THAT(segment->LargestTimestamp({500}),
                    IsOkAndHolds(testing::Ge(Timestamp{500})));
        EXPECT_THAT(segment->LargestTimestamp({1001}),
                    IsOkAndHolds(Timestamp{1000}));
        for (const int64_t time : {9, 14, 15, 16, 21, 22, 500, 1000, 1001}) {
          const auto found = Open()->FindByTime({time}, kBase, next_);
          ASSERT_THAT(found, IsOk());
          std::optional<int64_t> offset;
          if (*found) offset = (*found)->record.offset.value;
          EXPECT_EQ(offset, FirstAtOrAfter(time, kBase, next_)) << time;
        }
      }
    }
  }
}

// Where the largest time lies far ahead of all others, most of the segment
// lies behind its entry: it is read once, and only by who has to know.
TEST_P(SegmentTest, ReadsWhatLiesBehindItsLargestTimeOnceAndNotToBeOpened) {
  Write(
      200, [](int i) { return int64_t{i == 3 ? 1000 : 10}; },
      [](int) { return size_t{2000}; });
  const auto segment = Open();
  const auto reads = [&] {
    return disk_.files().Count(FileCall::kRead, kLog);
  };
  const int before = reads();
  EXPECT_THAT(segment->LargestTimestamp({1000}), IsOkAndHolds(Timestamp{1000}));
  EXPECT_LE(reads() - before, 4);
  EXPECT_THAT(segment->LargestTimestamp({1001}), IsOkAndHolds(Timestamp{1000}));
  const int looked = reads();
  EXPECT_THAT(segment->LargestTimestamp(), IsOkAndHolds(Timestamp{1000}));
  segment->DropIdle();
  segment->DropIdle();
  EXPECT_THAT(segment->LargestTimestamp(), IsOkAndHolds(Timestamp{1000}));
  EXPECT_EQ(reads(), looked);
}

// It says no more than what a file said.
TEST_P(SegmentTest, TakesTheTimeThatACloseHasNotedForTheLeastItHas) {
  Write(40, [](int i) { return 1000 + i * 3; });
  const Timestamp largest{batches_.back().timestamps.back()};
  const auto segment = Open();
  segment->NoteLargestTimestamp({500});
  EXPECT_EQ(segment->KnownLargestTimestamp(), Timestamp{500});
  EXPECT_THAT(segment->LargestTimestamp({400}), IsOkAndHolds(Timestamp{500}));
  EXPECT_THAT(segment->LargestTimestamp({501}), IsOkAndHolds(largest));
  EXPECT_EQ(segment->KnownLargestTimestamp(), largest);
}

TEST_P(SegmentTest, BelievesATimeIndexWithoutEntriesWhereNothingHasATime) {
  Write(400, [](int) { return -1; });
  ASSERT_EQ(disk_.Read(kTimeIndex), "");
  const int before = disk_.files().Count(FileCall::kRead, kLog);
  EXPECT_THAT(Open()->LargestTimestamp(), IsOkAndHolds(kNoTimestamp));
  EXPECT_LE(disk_.files().Count(FileCall::kRead, kLog) - before, 4);
}

TEST_P(SegmentTest, RepairsIndexFilesThatLeadAstrayWhereItMayWrite) {
  Write(400, [](int i) { return 1000 + i * 3; });
  const std::string index = *disk_.Read(kIndex);
  const std::string times = *disk_.Read(kTimeIndex);
  const std::vector<std::function<void()>> damages = {
      [&] { disk_.Remove(kIndex); },
      [&] { disk_.Remove(kTimeIndex); },
      [&] { disk_.Write(kTimeIndex, ""); },
      [&] { disk_.Write(kIndex, "no index"); },
      [&] {
        std::string lies = index;
        for (size_t at = 7; at < lies.size(); at += 8) lies[at] ^= 1;
        disk_.Write(kIndex, lies);
      },
  };
  for (const auto& damage : damages) {
    damage();
    ExpectSeekFindsEveryBatch(*Open(), 37);
    EXPECT_TRUE(disk_.Read(kIndex) != index || disk_.Read(kTimeIndex) != times)
        << "who only reads writes nothing";

    Segment segment(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
                    next_);
    ExpectSeekFindsEveryBatch(segment, 37);
    EXPECT_EQ(disk_.Read(kIndex), index);
    EXPECT_EQ(disk_.Read(kTimeIndex), times);
  }
}

TEST_P(SegmentTest, TellsOnceWhyItsIndexesAreMadeAnew) {
  Write(100);
  const std::string index = *disk_.Read(kIndex);
  std::string lies = index;
  for (size_t at = 7; at < lies.size(); at += 8) lies[at] ^= 1;
  const std::vector<std::pair<std::optional<std::string>, std::string>> cases =
      {{std::nullopt, disk_ / kIndex},
       {"these are no entries", disk_ / kIndex},
       {lies, "lead to other batches"},
       {"", "index.interval.bytes asks for one behind every"}};
  for (const auto& [bytes, why] : cases) {
    SCOPED_TRACE(bytes ? why : "missing");
    disk_.Remove(kIndex);
    if (bytes) disk_.Write(kIndex, *bytes);
    std::vector<std::string> told;
    const EventSink events = [&](Severity, std::string_view line) {
      told.emplace_back(line);
    };
    SegmentPlace place = disk_.Place(kBase, kInterval);
    place.events = &events;
    Segment segment(place, OpenMode::kReadWrite, bytes_, next_);
    ExpectSeekFindsEveryBatch(segment, 7);
    EXPECT_THAT(told,
                ElementsAre(AllOf(HasSubstr(disk_ / kLog), HasSubstr(why))));

    // Spoiled again while it is open, it is told of no more.
    disk_.Remove(kIndex);
    for (int idle = 0; idle < 2; ++idle) segment.DropIdle();
    ExpectSeekFindsEveryBatch(segment, 7);
    EXPECT_EQ(disk_.Read(kIndex), index);
    EXPECT_THAT(told, SizeIs(1));
  }
}

// The writer adds to the index what it publishes next, and may seal the segment
// while somebody looks something up.
TEST_P(SegmentTest, TakesNoIndexThatIsAheadOfWhatIsPublishedForALie) {
  Write(100, [](int i) { return 1000 + i / 2; });
  const auto& last = batches_.back();
  const Timestamp time{last.timestamps.back()};
  const auto index = Open()->Index();
  ASSERT_THAT(index, IsOk());
  ASSERT_EQ((*index)->times().last()->timestamp, time);
  const std::string offsets = *disk_.Read(kIndex);
  const std::string times = *disk_.Read(kTimeIndex);

  // At each read of a look-up, and once at none.
  int reads = 0;
  for (int sealed_at = 1; sealed_at <= reads + 1; ++sealed_at) {
    SCOPED_TRACE(fmt::format("sealed at read {}", sealed_at));
    std::vector<std::string> told;
    const EventSink events = [&](Severity, std::string_view line) {
      told.emplace_back(line);
    };
    SegmentPlace place = disk_.Place(kBase, kInterval);
    place.events = &events;
    Segment segment(place, OpenMode::kReadWrite, last.position, last.base);
    segment.ShareLiveIndex(*index);
    reads = 0;
    disk_.files().set_during(FileCall::kRead, kLog, [&] {
      if (++reads != sealed_at) return;
      segment.Publish(bytes_, next_);
      segment.ShareLiveIndex(nullptr);
    });
    const auto found = segment.FindByTime(time, kBase, last.base);
    disk_.files().Mend();

    EXPECT_THAT(found, IsOkAndHolds(std::nullopt));
    EXPECT_THAT(segment.LargestTimestamp(), IsOkAndHolds(time));
    EXPECT_EQ(disk_.Read(kIndex), offsets);
    EXPECT_EQ(disk_.Read(kTimeIndex), times);
    EXPECT_THAT(told, IsEmpty());
  }
  EXPECT_GT(reads, 0);
}

TEST_P(SegmentTest, RepairsNoFilesOfASegmentThatLeftTheLog) {
  Write(100);
  disk_.Remove(kIndex);
  disk_.Remove(kTimeIndex);
  Segment cut(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
              next_);
  cut.Supersede();
  ExpectSeekFindsEveryBatch(cut, 7);
  EXPECT_THAT(disk_.Names("index"), IsEmpty());
}

TEST_P(SegmentTest, RepairsNoIndexOfADamagedSegmentAndFindsWhatIsBehind) {
  Write(100, [](int i) { return 1000 + i * 3; });
  disk_.Remove(kIndex);
  FlipABitOf(batches_[50]);
  Segment segment(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
                  next_);

  EXPECT_THAT(segment.LargestTimestamp(),
              IsOkAndHolds(Timestamp{batches_.back().timestamps.back()}));
  BatchScanner scanner;
  EXPECT_EQ(BaseOf(segment.Seek(scanner, batches_[80].base)),
            batches_[80].base);
  EXPECT_EQ(disk_.Read(kIndex), std::nullopt);
}

TEST_P(SegmentTest, SaysWhereADamagedBatchStands) {
  Write(100);
  FlipABitOf(batches_[50]);

  BatchScanner scanner;
  const auto segment = Open();
  EXPECT_THAT(segment->Seek(scanner, batches_[50].base),
              HasReason(Reason::kCorruptBatch));
  EXPECT_EQ(scanner.position(), batches_[50].position);
  EXPECT_EQ(BaseOf(segment->Seek(scanner, batches_[10].base)),
            batches_[10].base);
}

TEST_P(SegmentTest, FindsTheNextBatchBehindADamagedOne) {
  Write(100);
  FlipABitOf(batches_[50]);

  BatchScanner scanner;
  const auto segment = Open();
  EXPECT_EQ(BaseOf(segment->SeekBehind(scanner, batches_[50].position,
                                       batches_[50].base)),
            batches_[51].base);
}

// The batch cannot say where it ends; only the index leads behind it.
TEST_P(SegmentTest, FindsABatchBehindDamageThatHidesTheLength) {
  Write(100);
  std::string bytes = *disk_.Read(kLog);
  for (const int bad : {50, 51, 52}) {
    char* const batch = bytes.data() + batches_[bad].position;
    StoreBig<int32_t>(batch + layout::kBatchLength, 7);
  }
  disk_.Write(kLog, bytes);

  for (const Offset sought : {batches_[50].base, batches_[52].base}) {
    const auto segment = Open();
    BatchScanner scanner;
    ASSERT_THAT(segment->Seek(scanner, sought),
                HasReason(Reason::kCorruptBatch));
    const auto behind =
        segment->SeekBehind(scanner, scanner.position(), sought);
    ASSERT_THAT(behind, IsOk());
    ASSERT_TRUE(behind->has_value());
    EXPECT_GE((*behind)->base_offset(), batches_[53].base);
    EXPECT_LE((*behind)->base_offset(), batches_[57].base);
  }
}

TEST_P(SegmentTest, FindsNothingBehindDamageAtItsEnd) {
  Write(20);
  std::string bytes = *disk_.Read(kLog);
  bytes.back() ^= 1;
  disk_.Write(kLog, bytes);

  BatchScanner scanner;
  EXPECT_EQ(BaseOf(Open()->SeekBehind(scanner, batches_.back().position,
                                      batches_.back().base)),
            std::nullopt);
}

TEST_P(SegmentTest, TellsAFailedReadAsItIs) {
  Write(50);
  const auto segment = Open();
  disk_.files().Fail(FileCall::kRead, kLog,
                     MakeError(Reason::kDiskFailed, "no"));
  BatchScanner scanner;
  EXPECT_THAT(segment->Seek(scanner, kBase), HasReason(Reason::kDiskFailed));

  disk_.files().Mend();
  ExpectSeekFindsEveryBatch(*segment, 7);
}

}  // namespace
}  // namespace cauce
