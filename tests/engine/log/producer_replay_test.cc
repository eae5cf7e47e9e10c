#include "engine/log/producer_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/log/segment_name.h"
#include "engine/record/layout.h"
#include "tests/engine/log/log_fixture.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProducerReplayTest : public test::LogFixture {
 protected:
  // Batches of two records in segments of two batches.
  void Fill(int batches) {
    UseSmallSegments();
    Open();
    for (int i = 0; i < batches; ++i) Append({"one", "two"});
    ASSERT_GT(Logs().size(), 2);
  }
  std::vector<int64_t> Replayed(int64_t from, int64_t up_to) {
    std::vector<int64_t> bases;
    damage_.clear();
    EXPECT_THAT(ReplayBatches(*log().segments(), Offset{from}, Offset{up_to},
                              {.take =
                                   [&](const RecordBatch& batch,
                                       const Segment&) {
                                     bases.push_back(batch.base_offset().value);
                                   },
                               .pass_damage =
                                   [&](Offset end) {
                                     damage_.push_back(end.value);
                                   },
                               .is_missing =
                                   [&](const OffsetRange&) {
                                     return !may_have_gaps_;
                                   }}),
                IsOk());
    return bases;
  }

  bool may_have_gaps_ = false;
  std::vector<int64_t> damage_;  // behind which Replayed() has gone on
};

INSTANTIATE_TEST_SUITE_P(Disks, ProducerReplayTest,
                         ::testing::Values(DiskKind::kMemory, DiskKind::kPosix),
                         test::DiskName);

TEST_P(ProducerReplayTest, ReadsEveryBatchThatHoldsAnOffsetOfTheRange) {
  Fill(10);
  EXPECT_THAT(Replayed(0, 20), ElementsAre(0, 2, 4, 6, 8, 10, 12, 14, 16, 18));
  EXPECT_THAT(Replayed(5, 9), ElementsAre(4, 6, 8));
  EXPECT_THAT(Replayed(6, 6), IsEmpty());
  EXPECT_THAT(Replayed(18, 100), ElementsAre(18));
}

TEST_P(ProducerReplayTest, PassesDamageBy) {
  Fill(10);
  ASSERT_THAT(rig_.Close(), IsOk());
  const std::string first = SegmentFileName(Offset{0}, kLogSuffix);
  std::string bytes = *rig_.disk().Read(first);
  bytes[layout::kRecords] ^= 1;
  rig_.disk().Write(first, bytes);
  rig_.Leaves(test::Left::kDamaged);
  Open();

  EXPECT_THAT(Replayed(0, 8), ElementsAre(2, 4, 6));
  EXPECT_THAT(damage_, ElementsAre(2));
  // In front of what was asked for, or behind it.
  EXPECT_THAT(Replayed(2, 8), ElementsAre(2, 4, 6));
  EXPECT_THAT(damage_, IsEmpty());
}

TEST_P(ProducerReplayTest, TellsWhatIsMissingWhereThatIsDamage) {
  Fill(10);
  ASSERT_THAT(rig_.Close(), IsOk());
  rig_.disk().Remove(Logs()[1]);
  rig_.Leaves(test::Left::kDamaged);
  Open();

  EXPECT_THAT(Replayed(0, 20), ElementsAre(0, 2, 4, 12, 14, 16, 18));
  EXPECT_THAT(damage_, ElementsAre(12));
  // Up to the end of what was asked for.
  Replayed(0, 9);
  EXPECT_THAT(damage_, ElementsAre(9));
  may_have_gaps_ = true;
  Replayed(0, 20);
  EXPECT_THAT(damage_, IsEmpty());
}

}  // namespace
}  // namespace cauce
