#include "engine/coord/unread_partitions.h"

namespace cauce {

void UnreadPartitions::Failed(PartitionId partition, const absl::Status& why,
                              absl::Time now) {
  Unread& unread = unread_[partition];
  unread.why = why;
  unread.until = now + unread.wait.Next();
}

absl::Status UnreadPartitions::WhyUnread(PartitionId partition) const {
  const auto found = unread_.find(partition);
  return found == unread_.end() ? absl::OkStatus() : found->second.why;
}

absl::Status UnreadPartitions::CheckMayTry(PartitionId partition,
                                           absl::Time now) const {
  const auto found = unread_.find(partition);
  const bool may_try = found == unread_.end() || now >= found->second.until;
  return may_try ? absl::OkStatus() : found->second.why;
}

}  // namespace cauce
