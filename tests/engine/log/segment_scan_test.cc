#include "engine/log/segment_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/log/gap_batch.h"
#include "engine/log/sparse_index.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::Batch;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using test::StatusIs;
using ::testing::ElementsAre;

constexpr Offset kBase{1000};
constexpr int64_t kInterval = 500;

// A segment of `count` batches of two records, each later by a second, and
// the indexes it should have.
struct Sample {
  std::string bytes;
  SegmentIndex index{kBase, kInterval};
  Offset next = kBase;
  LeaderEpoch epoch{0};
};

std::unique_ptr<Sample> Build(int count) {
  auto sample = std::make_unique<Sample>();
  for (int i = 0; i < count; ++i) {
    const Timestamp time{1'700'000'000'000 + i * 1000};
    const OwnedBatch batch =
        Batch({"one", "two"}, time).At(sample->next, LeaderEpoch{i / 10});
    const auto position = static_cast<int64_t>(sample->bytes.size());
    sample->index.Add(BatchFacts::Of(batch.view(), position));
    sample->bytes += batch.bytes();
    sample->next = sample->next + 2;
    sample->epoch = LeaderEpoch{i / 10};
  }
  return sample;
}

class SegmentScanTest : public ::testing::Test {
 protected:
  absl::StatusOr<ScannedSegment> Scan(const std::string& bytes) {
    disk_.Write("a.log", bytes);
    return ScanSegment(OpenLog(), "a.log", RangeOf(bytes));
  }

  // By way of the indexes in `index`, as their files would hold them.
  absl::StatusOr<ScannedSegment> ScanTail(const std::string& bytes,
                                          const SegmentIndex& index) {
    disk_.Write("a.log", bytes);
    auto loaded = SegmentIndex::Decode(kBase, kInterval, index.EncodeOffsets(),
                                       index.EncodeTimes());
    if (!loaded.ok()) return loaded.status();
    return ScanSegmentTail(OpenLog(), "a.log", RangeOf(bytes),
                           *std::move(loaded));
  }

  static ScanRange RangeOf(const std::string& bytes) {
    return {.base = kBase,
            .bytes = static_cast<int64_t>(bytes.size()),
            .index_interval_bytes = kInterval};
  }

  std::shared_ptr<const File> OpenLog() {
    auto file = disk_.files().Open(disk_ / "a.log", OpenMode::kRead);
    return file.ok() ? *std::move(file) : nullptr;
  }

  test::TestDisk disk_;
};

void ExpectSame(const absl::StatusOr<ScannedSegment>& scanned,
                const Sample& sample) {
  ASSERT_THAT(scanned, IsOk());
  EXPECT_THAT(scanned->damage, IsOk());
  EXPECT_EQ(scanned->bytes, static_cast<int64_t>(sample.bytes.size()));
  EXPECT_EQ(scanned->next, sample.next);
  EXPECT_EQ(scanned->index->EncodeOffsets(), sample.index.EncodeOffsets());
  EXPECT_EQ(scanned->index->EncodeTimes(), sample.index.EncodeTimes());
  EXPECT_EQ(scanned->index->largest_timestamp(),
            sample.index.largest_timestamp());
}

TEST_F(SegmentScanTest, BuildsTheIndexesThatAppendsWouldHave) {
  const auto sample = Build(100);

  const auto scanned = Scan(sample->bytes);
  ExpectSame(scanned, *sample);
  EXPECT_EQ(scanned->first_timestamp, Timestamp{1'700'000'000'000});
}

TEST_F(SegmentScanTest, TellsWhereEachEpochIsMetFirst) {
  const auto scanned = Scan(Build(25)->bytes);
  ASSERT_THAT(scanned, IsOk());
  EXPECT_THAT(scanned->epochs.believed(),
              ElementsAre(EpochStart{LeaderEpoch{0}, kBase},
                          EpochStart{LeaderEpoch{1}, kBase + 20},
                          EpochStart{LeaderEpoch{2}, kBase + 40}));
}

TEST_F(SegmentScanTest, AnEmptyFileIsAnEmptySegment) {
  const auto scanned = Scan("");
  ASSERT_THAT(scanned, IsOk());
  EXPECT_THAT(scanned->damage, IsOk());
  EXPECT_EQ(scanned->bytes, 0);
  EXPECT_EQ(scanned->next, kBase);
  EXPECT_FALSE(scanned->first_timestamp.has_value());
}

TEST_F(SegmentScanTest, EndsInFrontOfZeros) {
  const auto sample = Build(30);
  ExpectSame(Scan(sample->bytes + std::string(4096, '\0')), *sample);
}

TEST_F(SegmentScanTest, EndsInFrontOfDamageAndSaysWhatItIs) {
  const auto sample = Build(30);
  const auto good = Build(20);
  std::string bytes = sample->bytes;
  bytes[good->bytes.size() + 70] ^= 1;

  const auto scanned = Scan(bytes);
  ASSERT_THAT(scanned, IsOk());
  EXPECT_THAT(scanned->damage, HasReason(Reason::kCorruptBatch));
  EXPECT_EQ(scanned->bytes, static_cast<int64_t>(good->bytes.size()));
  EXPECT_EQ(scanned->next, good->next);
  EXPECT_EQ(scanned->index->EncodeOffsets(), good->index.EncodeOffsets());
}

TEST_F(SegmentScanTest, TakesBatchesOutOfTheirPlaceForDamage) {
  const OwnedBatch good = Batch({"one", "two"});
  const std::string first = good.At(kBase).bytes();
  const std::vector<std::string> wrong = {
      good.At(kBase + -1).bytes(),                 // below the segment
      first + good.At(kBase + 1).bytes(),          // offsets go back
      first + good.At(kBase + INT32_MAX).bytes(),  // too far for an index
  };
  for (const std::string& bytes : wrong) {
    const auto scanned = Scan(bytes);
    ASSERT_THAT(scanned, IsOk());
    EXPECT_THAT(scanned->damage, HasReason(Reason::kCorruptBatch));
  }
}

TEST_F(SegmentScanTest, LetsOffsetsHaveGapsAsCompactionLeavesThem) {
  const OwnedBatch good = Batch({"one", "two"});
  const auto scanned =
      Scan(good.At(kBase + 5).bytes() + good.At(kBase + 100).bytes());
  ASSERT_THAT(scanned, IsOk());
  EXPECT_THAT(scanned->damage, IsOk());
  EXPECT_EQ(scanned->next, kBase + 102);
}

TEST_F(SegmentScanTest, ATailBeginsAtTheLastEntryThatHolds) {
  const auto whole = Build(100);
  for (const int count : {0, 1, 10, 55, 99, 100}) {
    SCOPED_TRACE(count);
    ExpectSame(ScanTail(whole->bytes, Build(count)->index), *whole);
  }
}

TEST_F(SegmentScanTest, ATailDoesNotBelieveAnIndexOfAnotherLog) {
  const auto whole = Build(100);
  SegmentIndex other(kBase, kInterval);
  int64_t position = 0;
  for (int i = 1; i <= 40; ++i) {
    other.Add({kBase + i * 3, {i}, 301, position});
    position += 301;
  }
  ExpectSame(ScanTail(whole->bytes, other), *whole);
}

TEST_F(SegmentScanTest, ATailDoesNotBelieveAnIndexOfALongerLog) {
  const auto longer = Build(200);
  const auto whole = Build(100);
  ExpectSame(ScanTail(whole->bytes, longer->index), *whole);
}

TEST_F(SegmentScanTest, ATailDoesNotBelieveTimesOfALongerLog) {
  const auto whole = Build(100);
  auto mixed =
      SegmentIndex::Decode(kBase, kInterval, whole->index.EncodeOffsets(),
                           Build(200)->index.EncodeTimes());
  ASSERT_THAT(mixed, IsOk());
  ExpectSame(ScanTail(whole->bytes, **mixed), *whole);
}

TEST_F(SegmentScanTest, ATailMissesTimesBesideBatchesWithoutRecords) {
  for (const int count : {2, 100}) {
    SCOPED_TRACE(count);
    const auto whole = Build(count);
    const size_t entries = whole->index.offsets().size();
    while (whole->index.offsets().size() < entries + 2) {
      const Offset next = whole->next + 1;
      const std::string gap = GapBatch(
          whole->next, next, {.epoch = whole->epoch, .time = Timestamp{5}});
      const auto batch = RecordBatch::Parse(gap);
      ASSERT_THAT(batch, IsOk());
      const auto position = static_cast<int64_t>(whole->bytes.size());
      whole->index.Add(BatchFacts::Of(*batch, position));
      whole->bytes += gap;
      whole->next = next;
    }
    const std::string times = whole->index.EncodeTimes();
    for (const size_t left : {size_t{0}, TimeEntry::kBytes}) {
      const auto cut =
          SegmentIndex::Decode(kBase, kInterval, whole->index.EncodeOffsets(),
                               times.substr(0, std::min(left, times.size())));
      ASSERT_THAT(cut, IsOk());
      ExpectSame(ScanTail(whole->bytes, **cut), *whole);
    }
  }
}

TEST_F(SegmentScanTest, ATailFindsDamageBehindTheLastEntry) {
  const auto whole = Build(101);
  std::string bytes = whole->bytes;
  bytes.back() ^= 1;

  const auto scanned = ScanTail(bytes, whole->index);
  ASSERT_THAT(scanned, IsOk());
  EXPECT_THAT(scanned->damage, HasReason(Reason::kCorruptBatch));
  EXPECT_EQ(scanned->next, whole->next + -2);
}

TEST_F(SegmentScanTest, LoadsIndexesFromTheirFiles) {
  const auto sample = Build(50);
  disk_.Write("a.index", sample->index.EncodeOffsets());
  disk_.Write("a.timeindex", sample->index.EncodeTimes());

  const auto loaded = LoadIndexFiles(disk_.files(), disk_ / "a.index",
                                     disk_ / "a.timeindex", kBase, kInterval);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ((*loaded)->EncodeOffsets(), sample->index.EncodeOffsets());
  EXPECT_EQ((*loaded)->EncodeTimes(), sample->index.EncodeTimes());
}

TEST_F(SegmentScanTest, TellsMissingIndexesFromCorruptOnes) {
  const auto load = [this] {
    return LoadIndexFiles(disk_.files(), disk_ / "a.index",
                          disk_ / "a.timeindex", kBase, kInterval);
  };
  EXPECT_THAT(load(), StatusIs(absl::StatusCode::kNotFound));
  disk_.Write("a.index", "");
  EXPECT_THAT(load(), StatusIs(absl::StatusCode::kNotFound));
  disk_.Write("a.timeindex", "short");
  EXPECT_THAT(load(), HasReason(Reason::kCorruptFile));
}

TEST_F(SegmentScanTest, RefusesAnIndexFileTooLargeToBeOne) {
  disk_.Write("a.index", "");
  disk_.Write("a.timeindex", "");
  auto file = disk_.files().Open(disk_ / "a.index", OpenMode::kReadWrite);
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT((*file)->Truncate(int64_t{1} << 40), IsOk());

  EXPECT_THAT(LoadIndexFiles(disk_.files(), disk_ / "a.index",
                             disk_ / "a.timeindex", kBase, kInterval),
              HasReason(Reason::kCorruptFile));
}

TEST_F(SegmentScanTest, TellsAFailedReadFromDamage) {
  disk_.Write("a.log", Build(3)->bytes);
  disk_.files().Fail(test::FileCall::kRead, "a.log",
                     MakeError(Reason::kDiskFailed, "no"));

  EXPECT_THAT(ScanSegment(OpenLog(), "a.log", RangeOf(std::string(100, 'x'))),
              HasReason(Reason::kDiskFailed));
}

}  // namespace
}  // namespace cauce
