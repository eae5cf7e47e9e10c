#include "engine/capi/open_transaction.h"

#include <gtest/gtest.h>

namespace cauce::capi {
namespace {

TEST(CapiOpenTransaction, IsOfOnePartitionAndHasNoId) {
  Arena arena;

  const cauce_transaction_t told =
      TransactionOf({.partition = {"orders", PartitionId{3}},
                     .producer_id = ProducerId{7},
                     .producer_epoch = 2,
                     .start = Offset{5},
                     .end = Offset{9}},
                    arena);

  EXPECT_EQ(told.id, nullptr);
  EXPECT_STREQ(told.state, "Ongoing");
  EXPECT_EQ(told.producer_id, 7);
  EXPECT_EQ(told.producer_epoch, 2);
  ASSERT_EQ(told.partition_count, 1u);
  EXPECT_STREQ(told.partitions[0]->topic, "orders");
  EXPECT_EQ(told.partitions[0]->partition, 3);
  EXPECT_EQ(told.partitions[0]->log_start, 5);
  EXPECT_EQ(told.partitions[0]->log_end, 9);
}

}  // namespace
}  // namespace cauce::capi
