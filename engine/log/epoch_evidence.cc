#include "engine/log/epoch_evidence.h"

#include <utility>

namespace cauce {

void EpochEvidence::See(LeaderEpoch epoch, Offset start) {
  if (!first_) first_ = epoch;
  Judge(epoch);
  Suspect({epoch, start});
}

void EpochEvidence::Join(const EpochEvidence& next) {
  if (!next.first_) return;
  if (!first_) first_ = next.first_;
  Judge(*next.first_);
  for (const EpochStart& each : next.believed_) {
    if (each.epoch > latest()) believed_.push_back(each);
  }
  if (next.pending_) Suspect(*next.pending_);
  if (!disproved_) disproved_ = next.disproved_;
}

LeaderEpoch EpochEvidence::latest() const {
  return believed_.empty() ? LeaderEpoch{} : believed_.back().epoch;
}

void EpochEvidence::Judge(LeaderEpoch next) {
  const auto pending = std::exchange(pending_, std::nullopt);
  if (!pending) return;
  if (next >= pending->epoch) {
    believed_.push_back(*pending);
  } else if (!disproved_) {
    disproved_ = pending;
  }
}

void EpochEvidence::Suspect(const EpochStart& start) {
  if (start.epoch > latest()) pending_ = start;
}

}  // namespace cauce
