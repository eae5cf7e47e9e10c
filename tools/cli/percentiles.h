// Durations, counted in buckets that are at most 1.6 % wide, so that
// percentiles of any number of them need little memory.
//
// Add is thread-safe; ask for figures when nobody adds any more.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace cauce::cli {

class Percentiles {
 public:
  void Add(absl::Duration duration);

  int64_t count() const { return count_; }
  // The duration that `share` of all (0 to 1) do not exceed, as the upper
  // bound of its bucket; zero where there is none.
  absl::Duration At(double share) const;
  absl::Duration max() const { return absl::Nanoseconds(max_.load()); }

 private:
  // A power of two of nanoseconds has this many buckets.
  static constexpr size_t kBuckets = 64;

  static size_t BucketOf(uint64_t ns);
  static uint64_t UpperBound(size_t bucket);

  std::array<std::atomic<int64_t>, 60 * kBuckets> counts_{};
  std::atomic<int64_t> count_ = 0;
  std::atomic<int64_t> max_ = 0;
};

}  // namespace cauce::cli
