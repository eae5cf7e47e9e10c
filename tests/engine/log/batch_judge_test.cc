#include "engine/log/batch_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "engine/log/batch_compactor.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::IsOk;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const KeyHasher kHasher(KeySecret{1, 2});

// A pass that has mapped [10, 20), of a log that is filtered up to 18.
class BatchJudgeTest : public ::testing::Test {
 protected:
  BatchJudge Begin() {
    return BatchJudge({.map = &map_,
                       .hasher = &kHasher,
                       .producers = &producers_,
                       .aborted = producers_.aborted,
                       .first_dirty = Offset{10},
                       .filter_end = Offset{18},
                       .now = kNow});
  }
  static OwnedBatch BatchAt(int64_t base, const std::vector<Record>& records,
                            const BatchFields& fields = {}) {
    return test::BatchOf(records, fields).At(Offset{base});
  }
  // Which of its records stay.
  static std::vector<bool> Staying(BatchJudge& judge, const OwnedBatch& batch) {
    BatchCompactor compactor;
    const RecordBatch view = batch.view();
    const auto records = compactor.Decode(view);
    EXPECT_THAT(records, IsOk());
    judge.JudgeRecords(view, *records);
    std::vector<bool> stay;
    for (const StoredRecord& record : *records) stay.push_back(record.stays);
    return stay;
  }

  KeyMap map_{Offset{10}, Offset{20}, KeyMap::kBytesMin};
  ProducerView producers_;
};

TEST_F(BatchJudgeTest, TakesOutWhatWasWrittenAgain) {
  ASSERT_TRUE(map_.Put(kHasher("a"), Offset{11}));
  ASSERT_TRUE(map_.Put(kHasher("b"), Offset{12}));
  ASSERT_TRUE(map_.Put(kHasher("a"), Offset{13}));
  BatchJudge judge = Begin();

  EXPECT_THAT(Staying(judge, BatchAt(5, {{.key = "a", .value = "old"},
                                         {.key = "c", .value = "only"}})),
              ElementsAre(false, true));
  EXPECT_THAT(Staying(judge, BatchAt(11, {{.key = "a", .value = "1"},
                                          {.key = "b", .value = "1"},
                                          {.key = "a", .value = "2"}})),
              ElementsAre(false, true, true));
}

TEST_F(BatchJudgeTest, LeavesWholeWhatLiesBehindOrIsNotMarked) {
  ASSERT_TRUE(map_.Put(kHasher("a"), Offset{11}));
  ASSERT_TRUE(map_.Put(kHasher("a"), Offset{13}));
  BatchJudge judge = Begin();
  const std::vector<Record> one = {{.key = "a", .value = "v"}};

  EXPECT_FALSE(judge.Judge(BatchAt(11, one).view(), false).stays_whole);
  EXPECT_TRUE(judge.Judge(BatchAt(12, one).view(), false).stays_whole);
  EXPECT_TRUE(judge.Judge(BatchAt(18, one).view(), false).stays_whole);
  // In front of the map each record is looked up.
  EXPECT_FALSE(judge.Judge(BatchAt(5, one).view(), false).stays_whole);
}

TEST_F(BatchJudgeTest, KeepsTombstonesUntilTheirTimeIsOver) {
  BatchJudge judge = Begin();
  const std::vector<Record> tombstone = {{.key = "a"}};
  BatchFields fields;
  fields.delete_horizon = Timestamp::From(kNow + absl::Milliseconds(1));
  EXPECT_THAT(Staying(judge, BatchAt(5, tombstone, fields)), ElementsAre(true));
  fields.delete_horizon = Timestamp::From(kNow);
  EXPECT_THAT(Staying(judge, BatchAt(6, tombstone, fields)),
              ElementsAre(false));
  EXPECT_FALSE(judge.was_never_clean());
  EXPECT_TRUE(judge.Judge(BatchAt(11, tombstone).view(), false).gets_horizon);

  // One without a horizon, where a pass should have been: the next one has it
  // in its map, and what it deletes.
  EXPECT_THAT(Staying(judge, BatchAt(8, tombstone)), ElementsAre(true));
  EXPECT_TRUE(judge.was_never_clean());
  EXPECT_FALSE(judge.Judge(BatchAt(8, tombstone).view(), false).gets_horizon);
}

TEST_F(BatchJudgeTest, BeginsNoTimeBehindWhatCannotBeRead) {
  BatchJudge judge = Begin();
  judge.KeepExpired();
  const std::vector<Record> tombstone = {{.key = "a"}};
  BatchFields fields;
  fields.delete_horizon = Timestamp::From(kNow);
  EXPECT_THAT(Staying(judge, BatchAt(7, tombstone, fields)), ElementsAre(true));
  EXPECT_FALSE(judge.Judge(BatchAt(11, tombstone).view(), false).gets_horizon);
  // A pass may have been there, and was behind it too.
  EXPECT_THAT(Staying(judge, BatchAt(8, tombstone)), ElementsAre(true));
  EXPECT_FALSE(judge.was_never_clean());
}

TEST_F(BatchJudgeTest, CallsAMarkerIdleOnceNothingOfItsWasKept) {
  TestProducer one(1);
  TestProducer two(2);
  producers_.aborted = {{one.id(), Offset{1}, Offset{3}, Offset{4}}};
  BatchJudge judge = Begin();
  const OwnedBatch aborted = one.InTransaction({"v"}).At(Offset{1});
  const OwnedBatch committed = two.InTransaction({"v"}).At(Offset{2});

  EXPECT_TRUE(judge.Judge(aborted.view(), false).discards_records);
  EXPECT_FALSE(judge.Judge(committed.view(), false).discards_records);
  judge.Keep(committed.view());
  const OwnedBatch abort = test::MarkerOf(one.Abort(), {1}).At(Offset{3});
  const OwnedBatch commit = test::MarkerOf(two.Commit(), {1}).At(Offset{4});
  EXPECT_TRUE(judge.Judge(abort.view(), false).is_idle_marker);
  EXPECT_FALSE(judge.Judge(abort.view(), false).discards_records);
  EXPECT_FALSE(judge.Judge(commit.view(), false).is_idle_marker);
}

TEST_F(BatchJudgeTest, KeepsWhatTellsTheEndOfAProducerOrOfTheSegment) {
  producers_.active[7] = {.last_data = Offset{12}, .epoch = 0};
  producers_.active[8] = {.last_data = std::nullopt, .epoch = 3};
  BatchJudge judge = Begin();
  TestProducer seven(7);
  TestProducer eight(8, 3);
  const auto stays = [&judge](const OwnedBatch& batch, int64_t base,
                              bool is_last = false) {
    return judge.Judge(batch.At(Offset{base}).view(), is_last).stays_empty;
  };

  EXPECT_FALSE(stays(seven.Plain({"v"}), 11));
  EXPECT_TRUE(stays(seven.Plain({"v"}), 12));
  EXPECT_TRUE(stays(test::MarkerOf(eight.Commit(), {1}), 13));
  EXPECT_FALSE(stays(test::MarkerOf(TestProducer(8, 2).Commit(), {1}), 14));
  EXPECT_TRUE(stays(seven.Plain({"v"}), 15, true));
}

}  // namespace
}  // namespace cauce
