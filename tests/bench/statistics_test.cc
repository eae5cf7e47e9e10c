#include "bench/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cauce::bench {
namespace {

TEST(Quantile, IsTheOnlyValueOfOne) {
  const std::vector<double> one = {7};
  EXPECT_EQ(Quantile(one, 0), 7);
  EXPECT_EQ(Median(one), 7);
  EXPECT_EQ(Quantile(one, 1), 7);
}

TEST(Quantile, LiesOnTheLineBetweenTwoValues) {
  const std::vector<double> values = {40, 10, 30, 20};
  EXPECT_DOUBLE_EQ(Median(values), 25);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.25), 17.5);
  EXPECT_DOUBLE_EQ(Quantile(values, 1), 40);
}

TEST(Spread, TellsTheQuartilesAndTheEnds) {
  const std::vector<double> values = {5, 1, 4, 2, 3};
  const Spread spread = SpreadOf(values);
  EXPECT_DOUBLE_EQ(spread.median, 3);
  EXPECT_DOUBLE_EQ(spread.low_quartile, 2);
  EXPECT_DOUBLE_EQ(spread.high_quartile, 4);
  EXPECT_DOUBLE_EQ(spread.least, 1);
  EXPECT_DOUBLE_EQ(spread.most, 5);
}

TEST(MedianInterval, IsAPointWhereAllValuesAgree) {
  const std::vector<double> values = {2, 2, 2};
  EXPECT_EQ(MedianInterval(values, 1), (Interval{2, 2}));
}

TEST(MedianInterval, HoldsTheMedianAndStaysWithinTheValues) {
  const std::vector<double> values = {0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 3};
  const Interval interval = MedianInterval(values, 1);
  EXPECT_GE(interval.low, 0.8);
  EXPECT_LE(interval.low, 1.0);
  EXPECT_GE(interval.high, 1.0);
  // One wild value does not reach the median's interval.
  EXPECT_LT(interval.high, 3);
}

TEST(MedianInterval, IsTheSameForTheSameSeed) {
  const std::vector<double> values = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(MedianInterval(values, 5), MedianInterval(values, 5));
}

}  // namespace
}  // namespace cauce::bench
