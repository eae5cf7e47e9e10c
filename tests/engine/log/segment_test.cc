#include "engine/log/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/log/segment_writer.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::BatchOf;
using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::OwnedBatch;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Offset kBase{5000};
constexpr std::string_view kLog = "00000000000000005000.log";
constexpr std::string_view kIndex = "00000000000000005000.index";
constexpr std::string_view kTimeIndex = "00000000000000005000.timeindex";
constexpr int64_t kInterval = 100;  // about one batch

struct Placed {
  Offset base, next;
  int64_t position;
  std::vector<int64_t> timestamps;
};

// How the timestamp of the `i`th record is chosen.
using TimeOf = std::function<int64_t(int i)>;

class SegmentTest : public ::testing::TestWithParam<DiskKind> {
 protected:
  // Writes `count` batches of one to three records with gaps in between, and
  // seals the segment.
  void Write(int count, const TimeOf& time_of = [](int i) { return i; }) {
    auto writer =
        SegmentWriter::Create(disk_.Place(kBase, kInterval), kNoTimestamp);
    ASSERT_THAT(writer, IsOk());
    Offset at = kBase;
    int records = 0;
    for (int i = 0; i < count; ++i) {
      Placed placed{at, at, (*writer)->segment()->bytes(), {}};
      std::vector<Record> all;
      for (int record = 0; record <= i % 3; ++record) {
        const int64_t time = time_of(records++);
        placed.timestamps.push_back(time);
        all.push_back({.key = "key", .value = "value", .timestamp = {time}});
      }
      const OwnedBatch batch = BatchOf(all).At(at);
      placed.next = batch.view().next_offset();
      const std::string_view part = batch.bytes();
      ASSERT_THAT((*writer)->Append({&part, 1}, BatchFacts::Of(batch.view(), 0),
                                    WriteAhead::kNone),
                  IsOk());
      batches_.push_back(placed);
      at = placed.next + (i % 7 == 0 ? 3 : 0);
    }
    ASSERT_THAT((*writer)->Seal(), IsOk());
    bytes_ = (*writer)->segment()->bytes();
    next_ = (*writer)->segment()->next();
  }

  // The segment as another process would find it.
  std::shared_ptr<Segment> Open() {
    return std::make_shared<Segment>(disk_.Place(kBase, kInterval),
                                     OpenMode::kRead, bytes_, next_);
  }

  // What Seek should find.
  std::optional<Offset> FirstBatchEndingAbove(Offset offset) const {
    for (const Placed& batch : batches_) {
      if (batch.next > offset) return batch.base;
    }
    return std::nullopt;
  }

  // What FindByTime should find.
  std::optional<int64_t> FirstAtOrAfter(int64_t time, Offset from,
                                        Offset up_to) const {
    for (const Placed& batch : batches_) {
      Offset at = batch.base;
      for (const int64_t timestamp : batch.timestamps) {
        if (timestamp >= time && at >= from && at < up_to) return at.value;
        at = at + 1;
      }
    }
    return std::nullopt;
  }

  static std::optional<Offset> BaseOf(
      const absl::StatusOr<std::optional<RecordBatch>>& batch) {
    if (!batch.ok() || !*batch) return std::nullopt;
    return (*batch)->base_offset();
  }

  // Seeks every offset of the segment and compares with a walk over all.
  void ExpectSeekFindsEveryBatch(Segment& segment, int64_t step = 1) {
    BatchScanner scanner(4096);
    for (Offset at = kBase + -3; at < next_ + 3; at = at + step) {
      const auto found = segment.Seek(scanner, at);
      ASSERT_THAT(found, IsOk());
      ASSERT_EQ(BaseOf(found), FirstBatchEndingAbove(at)) << at.value;
    }
  }

  test::TestDisk disk_{GetParam()};
  std::vector<Placed> batches_;
  int64_t bytes_ = 0;
  Offset next_;
};

INSTANTIATE_TEST_SUITE_P(Disks, SegmentTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(SegmentTest, FindsTheBatchOfEveryOffsetAndBehindEveryGap) {
  Write(2500);
  const auto segment = Open();
  const auto index = segment->Index();
  ASSERT_THAT(index, IsOk());
  ASSERT_GT((*index)->offsets().size(), 1000u);

  ExpectSeekFindsEveryBatch(*segment);
}

TEST_P(SegmentTest, GoesOnBehindTheBatchItFound) {
  Write(100);
  const auto segment = Open();
  BatchScanner scanner;

  ASSERT_EQ(BaseOf(segment->Seek(scanner, batches_[40].base)),
            batches_[40].base);
  EXPECT_EQ(scanner.batch_position(), batches_[40].position);
  EXPECT_EQ(BaseOf(scanner.Next()), batches_[41].base);
}

TEST_P(SegmentTest, AnEmptySegmentHasNothingToFind) {
  Write(0);
  const auto segment = Open();
  BatchScanner scanner;

  EXPECT_EQ(BaseOf(segment->Seek(scanner, kBase)), std::nullopt);
  EXPECT_THAT(segment->FindByTime({0}, kBase, kBase),
              IsOkAndHolds(std::nullopt));
  EXPECT_THAT(segment->LargestTimestamp(), IsOkAndHolds(kNoTimestamp));
}

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

TEST_P(SegmentTest, FindsTimesAsAWalkOverAllRecordsDoes) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  const std::vector<std::pair<std::string, TimeOf>> kinds = {
      {"growing", [](int i) { return 1000 + i * 3; }},
      {"equal", [](int) { return 1000; }},
      {"falling", [](int i) { return 10'000 - i * 3; }},
      {"absent", [](int) { return -1; }},
      {"any", [&random](int) { return static_cast<int64_t>(random() % 5000); }},
      {"in steps", [](int i) { return 1000 + i / 50 * 100; }},
  };
  for (const auto& [name, time_of] : kinds) {
    SCOPED_TRACE(name);
    batches_.clear();
    for (const std::string& file : disk_.Names()) disk_.Remove(file);
    Write(400, time_of);
    const auto segment = Open();
    for (int i = 0; i < 300; ++i) {
      const int64_t time = static_cast<int64_t>(random() % 12'000) - 2;
      const Offset from = kBase + static_cast<int64_t>(random() % 900);
      const Offset up_to = kBase + static_cast<int64_t>(random() % 1200);
      const auto found = segment->FindByTime({time}, from, up_to);
      ASSERT_THAT(found, IsOk());
      std::optional<int64_t> offset;
      if (*found) offset = (*found)->offset.value;
      ASSERT_EQ(offset, FirstAtOrAfter(time, from, up_to))
          << "time " << time << " in " << from.value << " to " << up_to.value;
    }
  }
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
    if (*found) offset = (*found)->offset.value;
    ASSERT_EQ(offset, FirstAtOrAfter(time, kBase, next_)) << time;
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
    for (int idle = 0; idle < 2; ++idle) segment.DropIdleIndex();
    ExpectSeekFindsEveryBatch(segment, 7);
    EXPECT_EQ(disk_.Read(kIndex), index);
    EXPECT_THAT(told, SizeIs(1));
  }
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
  std::string bytes = *disk_.Read(kLog);
  bytes[static_cast<size_t>(batches_[50].position) + 65] ^= 1;
  disk_.Write(kLog, bytes);
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
  std::string bytes = *disk_.Read(kLog);
  bytes[static_cast<size_t>(batches_[50].position) + 65] ^= 1;
  disk_.Write(kLog, bytes);

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
  std::string bytes = *disk_.Read(kLog);
  bytes[static_cast<size_t>(batches_[50].position) + 65] ^= 1;
  disk_.Write(kLog, bytes);

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

TEST_P(SegmentTest, StaysReadableOnceItIsRetired) {
  Write(500);
  const auto segment = Open();
  ASSERT_THAT(segment->OpenFile(), IsOk());

  ASSERT_THAT(segment->Retire(), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre(std::string(kIndex) + ".deleted",
                                         std::string(kLog) + ".deleted",
                                         std::string(kTimeIndex) + ".deleted"));
  ExpectSeekFindsEveryBatch(*segment, 37);

  // Even after its file was closed in between.
  disk_.pool()->CloseIdle();
  disk_.pool()->CloseIdle();
  ASSERT_EQ(disk_.pool()->open_count(), 0);
  segment->DropIdleIndex();
  segment->DropIdleIndex();
  ExpectSeekFindsEveryBatch(*segment, 37);
  EXPECT_THAT(segment->Retire(), IsOk()) << "a second time is no error";
}

TEST_P(SegmentTest, IsGoneOnceItIsUnlinked) {
  Write(10);
  disk_.Write("00000000000000005000.txnindex", "");
  disk_.Write("00000000000000005000.snapshot", "");
  disk_.Write("00000000000000005001.log", "another's");
  const auto segment = Open();
  ASSERT_THAT(segment->Retire(), IsOk());
  ASSERT_THAT(segment->Unlink(), IsOk());

  EXPECT_THAT(disk_.Names(), ElementsAre("00000000000000005001.log"));
}

TEST_P(SegmentTest, IsGoneAlsoWhereItWasRetiredInTwoAttempts) {
  Write(10);
  const auto segment = Open();
  disk_.files().Fail(test::FileCall::kRename, kTimeIndex,
                     MakeError(Reason::kDiskFailed, "no"), 0, 1);
  ASSERT_THAT(segment->Retire(), test::HasReason(Reason::kDiskFailed));
  ASSERT_THAT(segment->Retire(), IsOk());
  EXPECT_THAT(disk_.Names(), ElementsAre(std::string(kIndex) + ".deleted",
                                         std::string(kLog) + ".deleted",
                                         std::string(kTimeIndex) + ".deleted"));
  ASSERT_THAT(segment->Unlink(), IsOk());
  EXPECT_THAT(disk_.Names(), ::testing::IsEmpty());
}

TEST_P(SegmentTest, MayBeUnlinkedWhenSomebodyWasFaster) {
  Write(10);
  const auto segment = Open();
  ASSERT_THAT(segment->Retire(), IsOk());
  for (const std::string& name : disk_.Names()) disk_.Remove(name);

  EXPECT_THAT(segment->Unlink(), IsOk());
}

TEST_P(SegmentTest, ForgetsOnlyIndexesThatNobodyUses) {
  Write(500);
  const auto segment = Open();
  const auto opens = [this] {
    return disk_.files().Count(FileCall::kOpen, kIndex);
  };
  const int before = opens();
  ASSERT_THAT(segment->Index(), IsOk());
  ASSERT_EQ(opens(), before + 1);

  segment->DropIdleIndex();
  ASSERT_THAT(segment->Index(), IsOk());
  EXPECT_EQ(opens(), before + 1);
  segment->DropIdleIndex();
  segment->DropIdleIndex();
  ASSERT_THAT(segment->Index(), IsOk());
  EXPECT_EQ(opens(), before + 2);
}

TEST_P(SegmentTest, SyncsOnlyWhatIsDirty) {
  Write(3);
  const auto syncs = [this] {
    return disk_.files().Count(FileCall::kSync, kLog);
  };
  Segment segment(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
                  next_);
  ASSERT_THAT(segment.OpenFile(), IsOk());
  const int before = syncs();
  EXPECT_THAT(segment.Sync(), IsOk());
  EXPECT_EQ(syncs(), before);

  segment.MarkDirty();
  segment.MarkDirty();
  EXPECT_THAT(segment.Sync(), IsOk());
  EXPECT_THAT(segment.Sync(), IsOk());
  EXPECT_EQ(syncs(), before + 1);
}

// A sync that runs while a batch is being written may have begun before it,
// so it must not be the last one.
TEST_P(SegmentTest, SyncsAgainForWhatIsWrittenDuringASync) {
  auto writer = SegmentWriter::Create(disk_.Place(kBase), kNoTimestamp);
  ASSERT_THAT(writer, IsOk());
  const auto segment = (*writer)->segment();
  disk_.files().set_during(FileCall::kWrite, kLog, [&segment] {
    EXPECT_THAT(segment->Sync(), IsOk());
  });
  const OwnedBatch batch = test::Batch({"a"}).At(kBase);
  const std::string_view part = batch.bytes();
  ASSERT_THAT((*writer)->Append({&part, 1}, BatchFacts::Of(batch.view(), 0),
                                WriteAhead::kNone),
              IsOk());
  disk_.files().Mend();

  const int before = disk_.files().Count(FileCall::kSync, kLog);
  EXPECT_THAT(segment->Sync(), IsOk());
  EXPECT_EQ(disk_.files().Count(FileCall::kSync, kLog), before + 1);
}

// A cut syncs past the committer: neither may call durable what the other's
// sync has not yet made so.
TEST_P(SegmentTest, ASyncThatComesDuringAnotherSharesItsFailure) {
  Write(3);
  Segment segment(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
                  next_);
  ASSERT_THAT(segment.OpenFile(), IsOk());
  segment.MarkDirty();
  absl::Status second;
  std::thread syncer;
  disk_.files().set_during(FileCall::kSync, kLog, [&] {
    if (syncer.joinable()) return;
    syncer = std::thread([&] { second = segment.Sync(); });
  });
  disk_.files().Fail(FileCall::kSync, kLog,
                     MakeError(Reason::kDiskFailed, "gone"), 0, /*bad=*/1);
  EXPECT_THAT(segment.Sync(), HasReason(Reason::kDiskFailed));
  syncer.join();
  EXPECT_THAT(second, HasReason(Reason::kDiskFailed));
}

TEST_P(SegmentTest, NoSyncIsBelievedAfterOneThatFailed) {
  Write(3);
  Segment segment(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
                  next_);
  ASSERT_THAT(segment.OpenFile(), IsOk());
  segment.MarkDirty();
  disk_.files().Fail(FileCall::kSync, kLog,
                     MakeError(Reason::kDiskFailed, "gone"), 0, /*bad=*/1);
  EXPECT_THAT(segment.Sync(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(segment.Sync(), HasReason(Reason::kDiskFailed));
  segment.MarkDirty();
  EXPECT_THAT(segment.Sync(), HasReason(Reason::kDiskFailed));
}

TEST_P(SegmentTest, KeepsADirtyFileOpen) {
  Write(3);
  Segment segment(disk_.Place(kBase, kInterval), OpenMode::kReadWrite, bytes_,
                  next_);
  ASSERT_THAT(segment.OpenFile(), IsOk());
  segment.MarkDirty();
  disk_.pool()->CloseIdle();
  disk_.pool()->CloseIdle();
  EXPECT_EQ(disk_.pool()->open_count(), 1);

  ASSERT_THAT(segment.Sync(), IsOk());
  disk_.pool()->CloseIdle();
  disk_.pool()->CloseIdle();
  EXPECT_EQ(disk_.pool()->open_count(), 0);
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

TEST_P(SegmentTest, ReadersFindWhatTheWriterPublishesWhileItWrites) {
  auto writer =
      SegmentWriter::Create(disk_.Place(kBase, kInterval), kNoTimestamp);
  ASSERT_THAT(writer, IsOk());
  constexpr int kBatches = 3000;
  const auto segment = (*writer)->segment();
  std::atomic<bool> failed = false;
  std::thread appender([&] {
    for (int i = 0; i < kBatches; ++i) {
      const OwnedBatch batch = test::Batch({"value"}, {i}).At(kBase + i);
      const std::string_view part = batch.bytes();
      const absl::Status written = (*writer)->Append(
          {&part, 1}, BatchFacts::Of(batch.view(), 0), WriteAhead::kZeros);
      if (!written.ok()) failed = true;
    }
    if (!(*writer)->Seal().ok()) failed = true;
  });

  BatchScanner scanner(4096);
  Offset seen = kBase;
  while (seen < kBase + kBatches && !failed) {
    seen = segment->next();
    if (seen == kBase) continue;
    const Offset last = seen + -1;
    ASSERT_EQ(BaseOf(segment->Seek(scanner, last)), last);
    const auto found = segment->FindByTime({last - kBase}, kBase, seen);
    ASSERT_THAT(found, IsOk());
    ASSERT_TRUE(found->has_value());
    ASSERT_EQ((*found)->offset, last);
  }
  appender.join();
  EXPECT_FALSE(failed);
}

}  // namespace
}  // namespace cauce
