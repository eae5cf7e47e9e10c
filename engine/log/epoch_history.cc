#include "engine/log/epoch_history.h"

#include <algorithm>

namespace cauce {

EpochHistory::EpochHistory(std::span<const EpochStart> starts) {
  for (const EpochStart& next : starts) {
    const bool grows = starts_.empty() || (next.epoch > starts_.back().epoch &&
                                           next.start > starts_.back().start);
    if (grows) starts_.push_back(next);
  }
}

LeaderEpoch EpochHistory::latest() const {
  return starts_.empty() ? LeaderEpoch{} : starts_.back().epoch;
}

bool EpochHistory::Assign(LeaderEpoch epoch, Offset start) {
  if (epoch <= latest()) return false;
  TruncateFromEnd(start);
  starts_.push_back({epoch, start});
  return true;
}

bool EpochHistory::TruncateFromEnd(Offset end) {
  const size_t before = starts_.size();
  while (!starts_.empty() && starts_.back().start >= end) starts_.pop_back();
  return starts_.size() != before;
}

bool EpochHistory::TruncateFromStart(Offset start) {
  const auto covers = std::upper_bound(
      starts_.begin(), starts_.end(), start,
      [](Offset at, const EpochStart& epoch) { return at < epoch.start; });
  if (covers == starts_.begin()) return false;
  const auto kept = std::prev(covers);
  if (kept == starts_.begin() && kept->start == start) return false;
  kept->start = start;
  starts_.erase(starts_.begin(), kept);
  return true;
}

}  // namespace cauce
