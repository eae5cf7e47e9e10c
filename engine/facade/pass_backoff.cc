#include "engine/facade/pass_backoff.h"

namespace cauce {

void PassBackoff::Failed(const TopicPartition& partition, absl::Duration now) {
  Wait& wait = waits_[partition];
  wait.until = now + wait.length.Next();
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
