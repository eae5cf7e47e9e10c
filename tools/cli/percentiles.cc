#include "tools/cli/percentiles.h"

#include <algorithm>
#include <bit>

namespace cauce::cli {

// The first 64 nanoseconds have a bucket each; above, the six bits behind the
// leading one choose the bucket.
size_t Percentiles::BucketOf(uint64_t ns) {
  if (ns < kBuckets) return ns;
  const int shift = std::bit_width(ns) - 7;
  const size_t bucket =
      (static_cast<size_t>(shift) << 6) + static_cast<size_t>(ns >> shift);
  return std::min(bucket, 60 * kBuckets - 1);
}

uint64_t Percentiles::UpperBound(size_t bucket) {
  if (bucket < 2 * kBuckets) return bucket;
  const size_t shift = bucket / kBuckets - 1;
  const uint64_t digits = bucket % kBuckets + kBuckets;
  return ((digits + 1) << shift) - 1;
}

void Percentiles::Add(absl::Duration duration) {
  const int64_t ns = std::max<int64_t>(0, absl::ToInt64Nanoseconds(duration));
  counts_[BucketOf(static_cast<uint64_t>(ns))].fetch_add(
      1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  int64_t seen = max_.load(std::memory_order_relaxed);
  while (ns > seen &&
         !max_.compare_exchange_weak(seen, ns, std::memory_order_relaxed)) {
  }
}

absl::Duration Percentiles::At(double share) const {
  const auto wanted = std::max<int64_t>(
      1, static_cast<int64_t>(share * static_cast<double>(count_.load())));
  int64_t below = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    below += counts_[bucket].load(std::memory_order_relaxed);
    if (below >= wanted) {
      const auto bound = static_cast<int64_t>(UpperBound(bucket));
      return std::min(absl::Nanoseconds(bound), max());
    }
  }
  return absl::ZeroDuration();
}

}  // namespace cauce::cli
