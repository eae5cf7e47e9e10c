#include "engine/log/joined_ranges.h"

#include <algorithm>

namespace cauce {

JoinedRanges::JoinedRanges(std::vector<OffsetRange> ranges) {
  std::ranges::sort(ranges, {}, &OffsetRange::base);
  for (const OffsetRange& each : ranges) {
    if (each.count() == 0) continue;
    const bool is_apart = ranges_.empty() || ranges_.back().next < each.base;
    if (is_apart) {
      ranges_.push_back(each);
    } else {
      ranges_.back().next = std::max(ranges_.back().next, each.next);
    }
  }
}

bool JoinedRanges::Touch(Offset first, Offset last) const {
  const auto at =
      std::ranges::upper_bound(ranges_, first, {}, &OffsetRange::next);
  return at != ranges_.end() && at->base <= last;
}

}  // namespace cauce
