#include "engine/log/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/log/segment_writer.h"
#include "tests/engine/log/segment_fixture.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/seed.h"
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
using test::OwnedBatch;
using test::Placed;
using test::SegmentTest;
using test::TimeOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

TEST_P(SegmentTest, FindsBatchesOfEverySize) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  constexpr size_t kValueBytes[] = {1, 20, 70, 130, 400, 1500};
  Write(1500, [](int i) { return i; },
        [&](int) { return kValueBytes[random() % std::size(kValueBytes)]; });
  const auto segment = Open();

  ExpectSeekFindsEveryBatch(*segment);
}

TEST_P(SegmentTest, FindsALargeBatchByOneRead) {
  Write(50, [](int i) { return i; }, [](int) { return size_t{3000}; });
  const auto segment = Open();
  ASSERT_THAT(segment->Index(), IsOk());
  BatchScanner scanner;

  // The first one has no entry.
  for (size_t i = 1; i < batches_.size(); ++i) {
    for (const Offset at : {batches_[i].base, batches_[i].next + -1}) {
      const int before = disk_.files().Count(FileCall::kRead, kLog);
      ASSERT_EQ(BaseOf(segment->Seek(scanner, at)), batches_[i].base);
      // None where the batch is in memory since the look-up before.
      ASSERT_LE(disk_.files().Count(FileCall::kRead, kLog) - before, 1);
    }
  }
}

TEST_P(SegmentTest, FindsASmallBatchByOneRead) {
  Write(500, [](int i) { return i; }, [](int) { return size_t{1}; }, 4096);
  const auto segment = Open();
  ASSERT_THAT(segment->Index(), IsOk());

  // Another one where the batch behind a gap, which agrees to that, is not read
  // yet.
  int reads = 0;
  for (const Placed& batch : batches_) {
    BatchScanner scanner(4096);
    const int before = disk_.files().Count(FileCall::kRead, kLog);
    ASSERT_EQ(BaseOf(segment->Seek(scanner, batch.base)), batch.base);
    reads += disk_.files().Count(FileCall::kRead, kLog) - before;
  }
  EXPECT_LE(reads, static_cast<int>(batches_.size()) * 5 / 4);
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
      if (*found) offset = (*found)->record.offset.value;
      ASSERT_EQ(offset, FirstAtOrAfter(time, from, up_to))
          << "time " << time << " in " << from.value << " to " << up_to.value;
    }
  }
}

TEST_P(SegmentTest, FindsATimeByOneReadOnceItKnowsTheBatchesInFront) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  // Some time entries are many batches apart.
  std::vector<int64_t> times(200);
  for (size_t i = 0; i < times.size(); ++i) {
    times[i] = static_cast<int64_t>(i / 20 * 1000 + random() % 1000);
  }
  Write(100, [&](int i) { return times[static_cast<size_t>(i)]; },
        [](int) { return size_t{3000}; });
  const auto segment = Open();
  const auto find = [&](int64_t time) {
    const int before = disk_.files().Count(FileCall::kRead, kLog);
    const auto found = segment->FindByTime({time}, kBase, next_);
    EXPECT_THAT(found, IsOk());
    EXPECT_EQ(*found ? std::optional((*found)->record.offset.value)
                     : std::nullopt,
              FirstAtOrAfter(time, kBase, next_))
        << time;
    return disk_.files().Count(FileCall::kRead, kLog) - before;
  };
  for (const int64_t time : times) find(time);

  int once = 0;
  for (const int64_t time : times) {
    const Offset found{*FirstAtOrAfter(time, kBase, next_)};
    const auto batch = std::find_if(
        batches_.begin(), batches_.end(),
        [&](const Placed& placed) { return found < placed.next; });
    // The first one has no entry, and what is behind a gap takes a walk.
    if (batch == batches_.begin()) continue;
    if (std::prev(batch)->next != batch->base) continue;
    ASSERT_EQ(find(time), 1) << time;
    ++once;
  }
  EXPECT_GT(once, 100);
}

// As Kafka's ListOffsets does, which clients ask the same.
TEST_P(SegmentTest, FindsTheMarkersOfTransactionsByTheirTimesToo) {
  const auto record = test::Batch({"a"}, {1000}).At(kBase);
  const auto marker =
      test::Batch({"marker"}, {2000}, {.transactional = true, .control = true})
          .At(kBase + 1);
  const std::string both = record.bytes() + marker.bytes();
  disk_.Write(kLog, both);
  bytes_ = static_cast<int64_t>(both.size());
  next_ = kBase + 2;

  const auto found = Open()->FindByTime({1001}, kBase, next_);
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->record, (FoundOffset{kBase + 1, Timestamp{2000}}));
  EXPECT_EQ((*found)->batch_base, kBase + 1);
  EXPECT_TRUE((*found)->front.has_record);
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
  segment->DropIdle();
  segment->DropIdle();
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

  segment->DropIdle();
  ASSERT_THAT(segment->Index(), IsOk());
  EXPECT_EQ(opens(), before + 1);
  segment->DropIdle();
  segment->DropIdle();
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
    ASSERT_EQ((*found)->record.offset, last);
  }
  appender.join();
  EXPECT_FALSE(failed);
}

}  // namespace
}  // namespace cauce
