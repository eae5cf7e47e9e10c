#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "engine/base/check.h"

namespace cauce::bench {
namespace {

// Enough that the ends of the interval no longer move in the third digit.
constexpr int kDraws = 10'000;

double QuantileOfSorted(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above],
                   place - static_cast<double>(below));
}

std::vector<double> Sorted(std::span<const double> values) {
  CAUCE_CHECK(!values.empty());
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace

double Quantile(std::span<const double> values, double q) {
  return QuantileOfSorted(Sorted(values), q);
}

Spread SpreadOf(std::span<const double> values) {
  const std::vector<double> sorted = Sorted(values);
  return {QuantileOfSorted(sorted, 0.5), QuantileOfSorted(sorted, 0.25),
          QuantileOfSorted(sorted, 0.75), sorted.front(), sorted.back()};
}

Interval MedianInterval(std::span<const double> values, uint32_t seed) {
  CAUCE_CHECK(!values.empty());
  std::mt19937 random(seed);
  std::uniform_int_distribution<size_t> pick(0, values.size() - 1);
  std::vector<double> medians(kDraws);
  std::vector<double> drawn(values.size());
  for (double& median : medians) {
    for (double& value : drawn) value = values[pick(random)];
    median = Median(drawn);
  }
  return {Quantile(medians, 0.025), Quantile(medians, 0.975)};
}

}  // namespace cauce::bench
