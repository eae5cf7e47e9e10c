#include "engine/facade/pass_backoff.h"

#include <algorithm>

namespace cauce {

void PassBackoff::Failed(const TopicPartition& partition, absl::Duration now) {
  const auto [at, is_new] = waits_.try_emplace(partition);
  Wait& wait = at->second;
  wait.length = is_new ? kFirst : std::min(2 * wait.length, kLongest);
  wait.until = now + wait.length;
}

void PassBackoff::Succeeded(const TopicPartition& partition) {
  waits_.erase(partition);
}

void PassBackoff::Drop(const std::string& topic) {
  std::erase_if(waits_,
                [&](const auto& each) { return each.first.topic == topic; });
}

bool PassBackoff::MayTry(const TopicPartition& partition,
                         absl::Duration now) const {
  const auto found = waits_.find(partition);
  return found == waits_.end() || now >= found->second.until;
}

}  // namespace cauce
