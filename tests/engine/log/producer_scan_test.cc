#include "engine/log/producer_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "engine/log/segment.h"
#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kExpiration = absl::Hours(24);

class ProducerScanTest : public ::testing::Test {
 protected:
  void Data(int64_t producer, int records = 1, bool transactional = true,
            size_t value_bytes = 5, int16_t epoch = 0) {
    BatchFields fields;
    fields.transactional = transactional;
    fields.producer_id = ProducerId{producer};
    fields.producer_epoch = epoch;
    std::vector<Record> all;
    const std::string value(value_bytes, 'v');
    for (int i = 0; i < records; ++i) {
      all.push_back({.key = "k", .value = value, .timestamp = time_});
    }
    Add(test::BatchOf(all, fields));
  }
  void Marker(int64_t producer, TransactionOutcome outcome, int16_t epoch = 0) {
    Add(test::MarkerOf({.producer_id = ProducerId{producer},
                        .producer_epoch = epoch,
                        .outcome = outcome},
                       time_));
  }
  void Plain(int records = 1) {
    Add(test::Batch({"v"}, time_));
    for (int i = 1; i < records; ++i) Add(test::Batch({"v"}, time_));
  }
  void Add(const OwnedBatch& batch) {
    bytes_ += batch.At(Offset{next_}).bytes();
    next_ = batch.At(Offset{next_}).view().next_offset().value;
  }
  // What follows stands in another segment.
  void Roll() {
    const std::string name = SegmentFileName(Offset{base_}, kLogSuffix);
    disk_.Write(name, bytes_);
    segments_.push_back(std::make_shared<Segment>(
        disk_.Place(Offset{base_}), OpenMode::kRead,
        static_cast<int64_t>(bytes_.size()), Offset{next_}));
    base_ = next_;
    bytes_.clear();
  }
  ProducerView Scan(int64_t end = INT64_MAX) {
    if (!bytes_.empty()) Roll();
    ProducerScan scan(
        {.end = Offset{end}, .now = kNow, .expiration = kExpiration});
    for (const auto& segment : segments_) {
      auto came = scan.Take(*segment, piece_bytes_);
      for (; came.ok() && *came == ProducerScan::Came::kWithin; ++pieces_) {
        came = scan.Take(*segment, piece_bytes_);
      }
      EXPECT_THAT(came, IsOk());
      if (!came.ok() || *came == ProducerScan::Came::kToTheEnd) break;
    }
    bytes_read_ = scan.bytes_read();
    return scan.Finish();
  }
  // The last byte of what was added so far is another one.
  void Damage(size_t from_the_end) {
    bytes_[bytes_.size() - from_the_end] ^= 1;
  }

  test::TestDisk disk_{DiskKind::kMemory};
  Timestamp time_ = Timestamp::From(kNow);
  std::vector<std::shared_ptr<Segment>> segments_;
  int64_t base_ = 0;
  int64_t next_ = 0;
  std::string bytes_;
  int64_t piece_bytes_ = INT64_MAX;
  int pieces_ = 0;  // but the last one of each segment
  int64_t bytes_read_ = 0;
};

TEST_F(ProducerScanTest, GoesThroughALongSegmentInPieces) {
  const auto add = [this] {
    for (int i = 0; i < 50; ++i) {
      Data(7, 2, true, 1000);
      Marker(7, i % 2 == 0 ? TransactionOutcome::kAbort
                           : TransactionOutcome::kCommit);
    }
  };
  add();
  Roll();
  add();
  const ProducerView whole = Scan();
  EXPECT_EQ(whole.aborted.size(), 50u);
  EXPECT_EQ(pieces_, 0);
  const int64_t bytes_read = bytes_read_;

  piece_bytes_ = 10'000;
  const ProducerView view = Scan();
  EXPECT_EQ(view.aborted, whole.aborted);
  EXPECT_EQ(view.stable_end, whole.stable_end);
  EXPECT_EQ(view.active, whole.active);
  EXPECT_EQ(bytes_read_, bytes_read);
  EXPECT_GT(pieces_, 10);
}

// Or one bit would take out what was committed.
TEST_F(ProducerScanTest, BelievesNoMarkerOfWhichABitIsAnother) {
  Data(7);  // 0
  const size_t from = bytes_.size();
  Marker(7, TransactionOutcome::kCommit);  // 1
  const size_t end = bytes_.size();
  Data(7);                                // 2
  Marker(7, TransactionOutcome::kAbort);  // 3
  const std::string bytes = bytes_;
  for (size_t bit = from * 8; bit < end * 8; ++bit) {
    SCOPED_TRACE(bit - from * 8);
    bytes_ = bytes;
    bytes_[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    next_ = 4;
    base_ = 0;
    segments_.clear();
    const ProducerView view = Scan();
    for (const AbortedTransaction& aborted : view.aborted) {
      EXPECT_EQ(aborted.first, Offset{2});
    }
    // Either it is whole, but for its epoch, or nothing behind it counts.
    EXPECT_TRUE(view.damage.ok() ? view.stable_end == Offset{INT64_MAX}
                                 : view.stable_end <= Offset{1});
  }
}

TEST_F(ProducerScanTest, FindsTransactionsThatWereAbortedAcrossSegments) {
  Data(7, 2);  // 0, 1
  Data(8);     // 2
  Roll();
  Plain();                                 // 3
  Data(7);                                 // 4
  Marker(7, TransactionOutcome::kAbort);   // 5
  Marker(8, TransactionOutcome::kCommit);  // 6
  Data(7);                                 // 7
  Roll();
  Marker(7, TransactionOutcome::kAbort);  // 8

  const ProducerView view = Scan();
  EXPECT_THAT(view.aborted,
              ElementsAre(AbortedTransaction{{7}, {0}, {5}, {2}},
                          AbortedTransaction{{7}, {7}, {8}, {9}}));
  EXPECT_EQ(view.stable_end, Offset{INT64_MAX});
}

TEST_F(ProducerScanTest, EndsWhatIsStableAtTheFirstOpenTransaction) {
  Plain(3);  // 0 to 2
  Data(7);   // 3
  Data(8);   // 4
  Marker(8, TransactionOutcome::kCommit);
  Data(9, 1, false);

  EXPECT_EQ(Scan().stable_end, Offset{3});
}

TEST_F(ProducerScanTest, TakesNoNoticeOfWhatLiesAboveTheEnd) {
  Data(7);                                // 0
  Marker(7, TransactionOutcome::kAbort);  // 1

  // The marker is not there yet for who reads up to it.
  EXPECT_EQ(Scan(1).stable_end, Offset{0});
  EXPECT_THAT(Scan(1).aborted, IsEmpty());
  EXPECT_THAT(Scan(2).aborted,
              ElementsAre(AbortedTransaction{{7}, {0}, {1}, {2}}));
}

TEST_F(ProducerScanTest, KnowsTheLastBatchOfEachProducer) {
  Data(7, 3, false);  // 0 to 2
  Data(8, 1, true, 5, 4);
  Marker(8, TransactionOutcome::kCommit, 4);
  Marker(9, TransactionOutcome::kCommit, 5);  // its data is gone
  Data(7, 2, false, 5, 1);                    // 6, 7

  const ProducerView view = Scan();
  EXPECT_EQ(view.active.size(), 3u);
  EXPECT_EQ(view.active.at(7), (ProducerEnd{Offset{7}, 1}));
  EXPECT_EQ(view.active.at(8), (ProducerEnd{Offset{3}, 4}));
  EXPECT_EQ(view.active.at(9), (ProducerEnd{std::nullopt, 5}));
}

TEST_F(ProducerScanTest, ForgetsProducersThatWroteNothingForADay) {
  time_ = Timestamp::From(kNow - kExpiration);
  Data(7, 1, false);
  Data(8, 1, true);  // and has not ended it
  time_ = Timestamp::From(kNow - kExpiration + absl::Milliseconds(1));
  Data(9, 1, false);

  const ProducerView view = Scan();
  EXPECT_FALSE(view.active.contains(7));
  EXPECT_TRUE(view.active.contains(8));
  EXPECT_TRUE(view.active.contains(9));
}

// It fences whoever goes on in the older one.
TEST_F(ProducerScanTest, GoesByTheMarkerWhereThatAloneHasTheNewestEpoch) {
  Data(7, 1, true, 5, 3);
  Marker(7, TransactionOutcome::kAbort, 4);

  EXPECT_EQ(Scan().active.at(7), (ProducerEnd{std::nullopt, 4}));
}

TEST_F(ProducerScanTest, FollowsBatchesOfEverySize) {
  for (const size_t bytes : {1u, 3900u, 4000u, 4096u, 5000u, 70'000u}) {
    Data(7, 1, false, bytes);
    Data(8, 1, false, bytes);
  }
  const ProducerView view = Scan();
  EXPECT_EQ(view.active.at(7).last_data, Offset{10});
  EXPECT_EQ(view.active.at(8).last_data, Offset{11});
}

TEST_F(ProducerScanTest, CallsNothingStableFromADamagedHeaderOn) {
  Data(7);
  Marker(7, TransactionOutcome::kCommit);
  Roll();
  Plain();
  Data(8);
  const size_t batch = bytes_.size();
  Plain();
  bytes_[batch + layout::kMagic] = 9;

  const ProducerView view = Scan();
  EXPECT_EQ(view.stable_end, Offset{2});
  EXPECT_THAT(view.damage, HasReason(Reason::kCorruptBatch));
}

TEST_F(ProducerScanTest, CallsNothingStableFromADamagedMarkerOn) {
  Data(7);
  Marker(7, TransactionOutcome::kCommit);
  Damage(1);

  const ProducerView view = Scan();
  EXPECT_EQ(view.stable_end, Offset{0});
  EXPECT_THAT(view.damage, HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
