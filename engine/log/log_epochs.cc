#include "engine/log/log_epochs.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {

absl::Status LogEpochs::CheckLeader(std::optional<LeaderEpoch> leader) const {
  const LeaderEpoch latest = epochs_.latest();
  if (!leader || *leader >= latest) return absl::OkStatus();
  return MakeError(Reason::kFencedEpoch,
                   fmt::format("{}: append comes from leader epoch {}, the "
                               "partition is at {}",
                               name_.ToString(), leader->value, latest.value));
}

absl::Status LogEpochs::Take(std::optional<LeaderEpoch> leader, Offset end) {
  CAUCE_RETURN_IF_ERROR(SaveOwed());
  CAUCE_RETURN_IF_ERROR(CheckLeader(leader));
  const LeaderEpoch latest = epochs_.latest();
  const LeaderEpoch epoch = leader.value_or(std::max(latest, LeaderEpoch{0}));
  if (epoch == latest) return absl::OkStatus();
  EpochHistory assigned = epochs_;
  if (!assigned.Assign(epoch, end)) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(environment_.save_epochs(name_, assigned.starts()));
  epochs_ = std::move(assigned);
  unsaved_ = false;
  return absl::OkStatus();
}

absl::Status LogEpochs::Recovered(Offset saved_start, Offset end,
                                  const EpochEvidence& seen) {
  const LeaderEpoch saved = epochs_.latest();
  // One that begins at the end was assigned and has not written yet.
  bool changed = end < Offset{INT64_MAX} && epochs_.TruncateFromEnd(end + 1);
  changed |= epochs_.TruncateFromStart(saved_start);
  changed |= Learn(seen, saved);
  // Batches below the log's start may have told of one.
  changed |= epochs_.TruncateFromStart(saved_start);
  return changed ? SaveOrOwe() : absl::OkStatus();
}

absl::Status LogEpochs::CutAt(Offset end) {
  return epochs_.TruncateFromEnd(end) ? SaveOrOwe() : absl::OkStatus();
}

absl::Status LogEpochs::SaveForClose() {
  CAUCE_RETURN_IF_ERROR(SaveOwed());
  if (!unsaved_) return absl::OkStatus();
  const absl::Status saved = Save();
  return ReasonOf(saved) == Reason::kDiskFull ? absl::OkStatus() : saved;
}

absl::Status LogEpochs::Save() {
  CAUCE_RETURN_IF_ERROR(environment_.save_epochs(name_, epochs_.starts()));
  unsaved_ = false;
  owed_ = false;
  return absl::OkStatus();
}

absl::Status LogEpochs::SaveOrOwe() {
  const absl::Status saved = Save();
  owed_ = ReasonOf(saved) == Reason::kDiskFull;
  return owed_ ? absl::OkStatus() : saved;
}

bool LogEpochs::Learn(const EpochEvidence& seen, LeaderEpoch saved) {
  bool changed = false;
  for (const EpochStart& each : seen.believed()) {
    changed |= epochs_.Assign(each.epoch, each.start);
  }
  std::optional<EpochStart> doubted;
  if (const auto last = seen.unconfirmed();
      last && last->epoch > epochs_.latest()) {
    // An epoch is saved before it writes. So this one was assigned only if it
    // was saved, or if what was saved is lost.
    if (last->epoch <= saved || saved == LeaderEpoch{}) {
      changed |= epochs_.Assign(last->epoch, last->start);
    } else {
      doubted = last;
    }
  }
  if (seen.disproved()) TellOfDoubted(*seen.disproved());
  if (doubted) TellOfDoubted(*doubted);
  return changed;
}

void LogEpochs::TellOfDoubted(const EpochStart& batch) const {
  if (!environment_.events) return;
  environment_.events(
      Severity::kWarning,
      fmt::format("{}: the batch at offset {} says that it is of leader epoch "
                  "{}, of which neither what was saved nor the batches behind "
                  "it know; that number is taken for damaged, and the "
                  "partition is at epoch {}",
                  name_.ToString(), batch.start.value, batch.epoch.value,
                  epochs_.latest().value));
}

}  // namespace cauce
