#include "engine/log/aborted_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "engine/log/aborted_index.h"
#include "engine/log/end_marker.h"
#include "engine/log/producer_files.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"
#include "tests/testing/test_producer.h"

namespace cauce {
namespace {

using test::IsOk;
using test::OwnedBatch;
using test::TestProducer;
using ::testing::Eq;

constexpr Offset kBase{10};

class AbortedCheckTest : public ::testing::Test {
 protected:
  void Add(const OwnedBatch& batch) {
    batches_.push_back(batch.At(next_));
    next_ = batches_.back().view().next_offset();
  }
  void Add(const TransactionEnd& end) { Add(test::MarkerOf(end, {1000})); }
  bool IsWrong(const std::vector<AbortedTransaction>& listed,
               Offset log_start = {0}) {
    AbortedIndex index;
    for (const AbortedTransaction& each : listed) index.Add(each);
    EXPECT_THAT(WriteAborted(disk_.files(), disk_.directory(), kBase, index),
                IsOk());
    AbortedCheck check(disk_.files(),
                       {disk_.directory(), kBase, log_start, may_have_gaps_});
    for (const OwnedBatch& batch : batches_) check.See(batch.view());
    return check.Finish().has_value();
  }
  static AbortedTransaction Aborted(int64_t producer, int64_t first,
                                    int64_t last) {
    return {{producer}, {first}, {last}, {last + 1}};
  }

  test::TestDisk disk_;
  std::vector<OwnedBatch> batches_;
  bool may_have_gaps_ = false;
  Offset next_ = kBase;
};

TEST_F(AbortedCheckTest, FindsNothingInAListThatIsRight) {
  TestProducer one(1);
  TestProducer two(2);
  Add(one.InTransaction({"a"}));  // 10
  Add(two.InTransaction({"b"}));  // 11
  Add(one.Abort());               // 12
  Add(one.InTransaction({"c"}));  // 13
  Add(two.Commit());              // 14
  Add(one.Abort());               // 15
  Add(one.Abort());               // 16, of nothing

  AbortedTransaction beside = Aborted(1, 10, 12);
  beside.last_stable = Offset{11};
  EXPECT_FALSE(IsWrong({beside, Aborted(1, 13, 15)}));
}

TEST_F(AbortedCheckTest, FindsWhatIsMissing) {
  TestProducer one(1);
  Add(one.InTransaction({"a"}));
  Add(one.Abort());
  EXPECT_TRUE(IsWrong({}));
  // It may be gone with what lies below the log's start.
  EXPECT_FALSE(IsWrong({}, Offset{11}));
}

TEST_F(AbortedCheckTest, FindsWhatIsNotSo) {
  TestProducer one(1);
  Add(one.InTransaction({"a"}));  // 10
  Add(one.Commit());              // 11
  Add(one.InTransaction({"b"}));  // 12
  Add(one.Abort());               // 13
  Add(test::Batch({"plain"}));    // 14

  EXPECT_FALSE(IsWrong({Aborted(1, 12, 13)}));
  EXPECT_TRUE(IsWrong({Aborted(1, 10, 11), Aborted(1, 12, 13)}));
  EXPECT_TRUE(IsWrong({Aborted(2, 12, 13)}));
  EXPECT_TRUE(IsWrong({Aborted(1, 10, 13)}));
  EXPECT_TRUE(IsWrong({Aborted(1, 12, 14)}));
  EXPECT_TRUE(IsWrong({Aborted(1, 12, 13), Aborted(1, 12, 14)}));
}

TEST_F(AbortedCheckTest, BelievesWhatBeganInASegmentBefore) {
  TestProducer one(1);
  TestProducer two(2);
  Add(one.InTransaction({"a"}));  // 10
  Add(one.Abort());               // 11
  Add(two.Abort());               // 12

  EXPECT_FALSE(IsWrong({Aborted(1, 3, 11), Aborted(2, 4, 12)}));
  EXPECT_FALSE(IsWrong({Aborted(1, 10, 11)}));
}

TEST_F(AbortedCheckTest, FindsATransactionThatBeganElsewhereInItsSegment) {
  TestProducer one(1);
  Add(test::Batch({"plain"}));    // 10
  Add(one.InTransaction({"a"}));  // 11
  Add(one.Abort());               // 12

  EXPECT_FALSE(IsWrong({Aborted(1, 11, 12)}));
  EXPECT_TRUE(IsWrong({Aborted(1, 10, 12)}));
  // It may have begun before.
  EXPECT_FALSE(IsWrong({Aborted(1, 9, 12)}));
}

TEST_F(AbortedCheckTest, FindsAnotherOffsetUpToWhichAllHadEnded) {
  TestProducer one(1);
  TestProducer two(2);
  Add(test::Batch({"plain"}));    // 10
  Add(two.InTransaction({"b"}));  // 11
  Add(one.InTransaction({"a"}));  // 12
  Add(one.Abort());               // 13

  AbortedTransaction entry = Aborted(1, 12, 13);
  for (const int64_t stable : {10, 12, 13, 14}) {
    entry.last_stable = Offset{stable};
    EXPECT_TRUE(IsWrong({entry})) << stable;
  }
  entry.last_stable = Offset{11};
  EXPECT_FALSE(IsWrong({entry}));
  // Another may be open since before the segment.
  entry.last_stable = Offset{9};
  EXPECT_FALSE(IsWrong({entry}));
}

TEST_F(AbortedCheckTest, ExpectsNoBatchThatCompactionMayHaveTaken) {
  TestProducer one(1);
  Add(one.Commit());              // 10
  Add(one.InTransaction({"b"}));  // 11
  Add(one.Abort());               // 12

  const std::vector<AbortedTransaction> listed = {Aborted(1, 9, 12)};
  EXPECT_TRUE(IsWrong(listed));
  may_have_gaps_ = true;
  EXPECT_FALSE(IsWrong(listed));
}

TEST_F(AbortedCheckTest, MissesNothingBehindDamage) {
  TestProducer one(1);
  Add(one.InTransaction({"a"}));
  Add(one.Abort());
  AbortedCheck check(disk_.files(), {disk_.directory(), kBase});
  check.See(batches_[0].view());
  check.PassDamage();
  check.See(batches_[1].view());
  EXPECT_THAT(check.Finish(), Eq(std::nullopt));
}

TEST_F(AbortedCheckTest, TellsAListThatCannotBeRead) {
  disk_.Write("00000000000000000010.txnindex", "rubbish");
  AbortedCheck check(disk_.files(), {disk_.directory(), kBase});
  EXPECT_TRUE(check.Finish().has_value());
}

}  // namespace
}  // namespace cauce
