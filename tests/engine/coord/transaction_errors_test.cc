#include "engine/coord/transaction_errors.h"

#include <gtest/gtest.h>

#include "cauce/errors.h"

namespace cauce {
namespace {

TEST(TransactionErrors, NameTheIdAndBothValues) {
  const std::string message(
      MessageOf(ProducerIsFenced("pay", {{7}, 3}, {{7}, 4})));

  EXPECT_NE(message.find("transactional id pay"), std::string::npos);
  EXPECT_NE(message.find("epoch 3"), std::string::npos);
  EXPECT_NE(message.find("epoch 4"), std::string::npos);
}

}  // namespace
}  // namespace cauce
