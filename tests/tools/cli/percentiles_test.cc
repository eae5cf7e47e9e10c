#include "tools/cli/percentiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/testing/seed.h"

namespace cauce::cli {
namespace {

TEST(Percentiles, AreZeroWithoutSamples) {
  const Percentiles none;
  EXPECT_EQ(none.count(), 0);
  EXPECT_EQ(none.At(0.5), absl::ZeroDuration());
}

TEST(Percentiles, AreExactForShortTimes) {
  Percentiles some;
  for (int ns = 1; ns <= 100; ++ns) some.Add(absl::Nanoseconds(ns));
  EXPECT_EQ(some.At(0.5), absl::Nanoseconds(50));
  EXPECT_EQ(some.At(0.99), absl::Nanoseconds(99));
  EXPECT_EQ(some.At(1), absl::Nanoseconds(100));
  EXPECT_EQ(some.max(), absl::Nanoseconds(100));
}

TEST(Percentiles, AreWithinTwoPercentOfTheTruth) {
  const test::Seed seed;
  std::mt19937_64 random(seed.value());
  Percentiles buckets;
  std::vector<int64_t> all;
  for (int i = 0; i < 20'000; ++i) {
    // As many short ones as long ones, up to hours.
    const auto ns = static_cast<int64_t>(random() >> (20 + random() % 40));
    all.push_back(ns);
    buckets.Add(absl::Nanoseconds(ns));
  }
  std::sort(all.begin(), all.end());
  for (const double share : {0.01, 0.5, 0.9, 0.999}) {
    const size_t rank = static_cast<size_t>(share * 20'000) - 1;
    const double truth = static_cast<double>(all[rank]);
    const double told = absl::ToDoubleNanoseconds(buckets.At(share));
    EXPECT_GE(told, truth);
    EXPECT_LE(told, truth * 1.02 + 1);
  }
}

TEST(Percentiles, TakeTheLongestAndTheNegative) {
  Percentiles extremes;
  extremes.Add(absl::Nanoseconds(-5));
  extremes.Add(absl::InfiniteDuration());
  EXPECT_EQ(extremes.count(), 2);
  EXPECT_EQ(extremes.At(0.5), absl::ZeroDuration());
  EXPECT_EQ(extremes.At(1), absl::Nanoseconds(INT64_MAX));
}

}  // namespace
}  // namespace cauce::cli
