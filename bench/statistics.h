// What a list of measurements says: its middle, its spread, and how sure the
// middle is.
//
// Pure functions: any thread. A list is never empty.
#pragma once

#include <cstdint>
#include <span>

namespace cauce::bench {

// The value below which a share `q` of the others lies, 0 to 1, on the straight
// line between the two nearest.
double Quantile(std::span<const double> values, double q);

inline double Median(std::span<const double> values) {
  return Quantile(values, 0.5);
}

struct Spread {
  double median = 0;
  double low_quartile = 0;
  double high_quartile = 0;
  double least = 0;
  double most = 0;
};
Spread SpreadOf(std::span<const double> values);

struct Interval {
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

// Where the median lies with 95 % confidence, by drawing from `values` again
// and again (a percentile bootstrap). The same seed gives the same answer.
Interval MedianInterval(std::span<const double> values, uint32_t seed);

}  // namespace cauce::bench
