#include <gtest/gtest.h>

#include "cauce/env.h"

namespace cauce {
namespace {

TEST(SystemClock, TellsTheTimeOfThisCentury) {
  const absl::Time now = SystemClock()->Now();
  EXPECT_GT(now, absl::FromUnixSeconds(1'700'000'000));  // November 2023
  EXPECT_LT(now, absl::FromUnixSeconds(4'102'444'800));  // 2100
}

TEST(SystemClock, NeverGoesBackWhereItIsMonotonic) {
  absl::Duration before = SystemClock()->Monotonic();
  for (int i = 0; i < 100'000; ++i) {
    const absl::Duration after = SystemClock()->Monotonic();
    ASSERT_LE(before, after);
    before = after;
  }
}

TEST(SystemClock, IsOneAndTheSame) { EXPECT_EQ(SystemClock(), SystemClock()); }

}  // namespace
}  // namespace cauce
