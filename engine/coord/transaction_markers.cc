#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/transaction.h"
#include "engine/coord/transaction_errors.h"

namespace cauce {

TransactionOutput Transaction::MarkersWritten(
    const MarkersWrittenEvent& written, absl::Time now) {
  if (!known_.is_ending() || written.producer != known_.producer)
    return Finish(now);
  for (const auto& [partition, result, why] : written.results) {
    if (!owed_.contains(partition)) continue;
    switch (result) {
      case MarkerResult::kRetry:
      case MarkerResult::kStuck:
        // One that is stuck too: its topic may be deleted.
        owed_[partition] = {why, result == MarkerResult::kStuck};
        unsent_.insert(partition);
        retry_at_ = now + retry_pause_;
        break;
      case MarkerResult::kWritten:
      case MarkerResult::kPartitionGone:
        owed_.erase(partition);
        unsent_.erase(partition);
        break;
    }
  }
  return Finish(now);
}

void Transaction::StartEnding() {
  owed_.clear();
  for (const TopicPartition& each : known_.partitions) owed_[each] = {};
  unsent_.clear();
  if (!owed_.empty()) SendMarkers(known_.partitions);
}

void Transaction::SendMarkers(const std::set<TopicPartition>& partitions) {
  MarkersToWrite& markers = out_.markers.emplace();
  markers.end = {.producer_id = known_.producer.id,
                 .producer_epoch = known_.producer.epoch,
                 .coordinator_epoch = coordinator_epoch_,
                 .outcome = known_.status == TransactionStatus::kPrepareCommit
                                ? TransactionOutcome::kCommit
                                : TransactionOutcome::kAbort,
                 .transaction_version = known_.version};
  markers.partitions.assign(partitions.begin(), partitions.end());
}

absl::Status Transaction::WhyItStillEnds(absl::Status answer) const {
  const bool still_ends =
      ReasonOf(answer) == Reason::kConcurrentTransactions &&
      known_.is_ending();
  if (!still_ends) return answer;
  // What passes by itself says less than what does not.
  auto told = std::ranges::find_if(
      owed_, [](const auto& each) { return each.second.is_stuck; });
  if (told == owed_.end()) {
    told = std::ranges::find_if(
        owed_, [](const auto& each) { return !each.second.why.ok(); });
  }
  if (told == owed_.end()) return answer;
  const auto& [partition, refusal] = *told;
  return MarkerIsRefused(id_, known_.status,
                         {.partition = partition,
                          .left = owed_.size(),
                          .why = refusal.why,
                          .is_stuck = refusal.is_stuck});
}

}  // namespace cauce
