#include "engine/coord/transaction.h"

namespace cauce {

TransactionOutput Transaction::MarkersWritten(
    const MarkersWrittenEvent& written, absl::Time now) {
  if (!known_.is_ending() || written.producer != known_.producer)
    return Finish(now);
  for (const auto& [partition, result] : written.results) {
    if (!owed_.contains(partition)) continue;
    if (result == MarkerResult::kRetry) {
      unsent_.insert(partition);
      retry_at_ = now + retry_pause_;
    } else {
      owed_.erase(partition);
      unsent_.erase(partition);
    }
  }
  return Finish(now);
}

void Transaction::StartEnding() {
  owed_ = known_.partitions;
  unsent_.clear();
  if (!owed_.empty()) SendMarkers(owed_);
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

}  // namespace cauce
