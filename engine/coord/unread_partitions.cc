#include "engine/coord/unread_partitions.h"

#include <algorithm>

namespace cauce {

void UnreadPartitions::Failed(PartitionId partition, const absl::Status& why,
                              absl::Time now) {
  const auto [at, is_new] = unread_.try_emplace(partition);
  Unread& unread = at->second;
  unread.why = why;
  unread.wait = is_new ? kFirst : std::min(2 * unread.wait, kLongest);
  unread.until = now + unread.wait;
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
