#include "engine/log/transaction_sweep.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/batches.h"

namespace cauce {
namespace {

using test::OwnedBatch;

OwnedBatch Data(int64_t producer, int64_t offset, bool transactional = true) {
  BatchFields fields;
  fields.transactional = transactional;
  fields.producer_id = ProducerId{producer};
  fields.producer_epoch = 0;
  fields.base_offset = Offset{offset};
  return test::Batch({"value"}, {1}, fields);
}

OwnedBatch Marker(int64_t producer, int64_t offset) {
  BatchFields fields;
  fields.transactional = fields.control = true;
  fields.producer_id = ProducerId{producer};
  fields.producer_epoch = 0;
  fields.base_offset = Offset{offset};
  return test::Batch({"marker"}, {1}, fields);
}

TEST(TransactionSweep, KnowsTheBatchesOfAnAbortedTransaction) {
  const std::vector<AbortedTransaction> aborted = {
      {ProducerId{7}, Offset{10}, Offset{14}, Offset{15}}};
  TransactionSweep sweep(aborted);

  EXPECT_FALSE(sweep.IsAborted(Data(7, 8).view()));
  EXPECT_TRUE(sweep.IsAborted(Data(7, 10).view()));
  EXPECT_FALSE(sweep.IsAborted(Data(8, 11).view()));
  EXPECT_FALSE(sweep.IsAborted(Data(7, 12, false).view()));
  EXPECT_TRUE(sweep.IsAborted(Data(7, 13).view()));
  EXPECT_TRUE(sweep.IsIdleMarker(Marker(7, 14).view()));
  // The next transaction of the same producer was committed.
  EXPECT_FALSE(sweep.IsAborted(Data(7, 15).view()));
}

TEST(TransactionSweep, KeepsTransactionsOfOneProducerApart) {
  const std::vector<AbortedTransaction> aborted = {
      {ProducerId{7}, Offset{0}, Offset{2}, Offset{3}},
      {ProducerId{7}, Offset{6}, Offset{8}, Offset{9}}};
  TransactionSweep sweep(aborted);

  EXPECT_TRUE(sweep.IsAborted(Data(7, 0).view()));
  EXPECT_TRUE(sweep.IsIdleMarker(Marker(7, 2).view()));
  EXPECT_FALSE(sweep.IsAborted(Data(7, 3).view()));
  EXPECT_TRUE(sweep.IsIdleMarker(Marker(7, 5).view()));
  EXPECT_TRUE(sweep.IsAborted(Data(7, 6).view()));
}

TEST(TransactionSweep, CallsAMarkerIdleOnlyWhereNothingOfItsWasKept) {
  TransactionSweep sweep({});
  sweep.Keep(Data(7, 0).view());
  sweep.Keep(Data(8, 1).view());

  EXPECT_FALSE(sweep.IsIdleMarker(Marker(7, 2).view()));
  // That was its transaction: the next one has nothing.
  EXPECT_TRUE(sweep.IsIdleMarker(Marker(7, 3).view()));
  EXPECT_FALSE(sweep.IsIdleMarker(Marker(8, 4).view()));
  EXPECT_TRUE(sweep.IsIdleMarker(Marker(9, 5).view()));
}

TEST(TransactionSweep, TakesNoNoticeOfWhatIsOutsideOfTransactions) {
  TransactionSweep sweep({});
  sweep.Keep(Data(7, 0, false).view());
  EXPECT_TRUE(sweep.IsIdleMarker(Marker(7, 1).view()));
}

}  // namespace
}  // namespace cauce
