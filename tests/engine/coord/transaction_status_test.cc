#include "cauce/transaction_status.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(TransactionStatus, HasTheNamesOfKafkasTools) {
  EXPECT_EQ(TransactionStatusName(TransactionStatus::kEmpty), "Empty");
  EXPECT_EQ(TransactionStatusName(TransactionStatus::kPrepareEpochFence),
            "PrepareEpochFence");
}

}  // namespace
}  // namespace cauce
