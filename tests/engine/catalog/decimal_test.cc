#include "engine/catalog/decimal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace cauce {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(Decimal, ReadsNumbersUpToTheLargest) {
  EXPECT_THAT(ParseDecimal<int32_t>("0"), Optional(0));
  EXPECT_THAT(ParseDecimal<int32_t>("2147483647"), Optional(2147483647));
  EXPECT_THAT(ParseDecimal<int64_t>("9223372036854775807"),
              Optional(std::numeric_limits<int64_t>::max()));
}

TEST(Decimal, RefusesEveryOtherWayToWriteANumber) {
  for (const char* text :
       {"", " 1", "1 ", "+1", "-1", "-0", "007", "00", "1.0", "0x1", "1e3",
        "2147483648", "99999999999999999999"}) {
    EXPECT_THAT(ParseDecimal<int32_t>(text), Eq(std::nullopt)) << text;
  }
}

}  // namespace
}  // namespace cauce
