#include "engine/base/check.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(Check, IsSilentAndLooksOnceWhenTheConditionHolds) {
  int looked = 0;
  CAUCE_CHECK(++looked == 1);
  EXPECT_EQ(looked, 1);
}

TEST(CheckDeathTest, NamesTheConditionAndThePlaceThenStops) {
  EXPECT_DEATH(CAUCE_CHECK(1 + 1 == 3),
               "check_test.cc:[0-9]+: CAUCE_CHECK failed: 1 \\+ 1 == 3");
}

TEST(Check, IsOneStatementAfterAnIf) {
  bool reached = false;
  if (reached)
    CAUCE_CHECK(false);
  else
    reached = true;
  EXPECT_TRUE(reached);
}

}  // namespace
}  // namespace cauce
