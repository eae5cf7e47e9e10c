#include "engine/facade/upkeep_agenda.h"

namespace cauce {

bool UpkeepAgenda::IsDue(const TopicPartition& partition,
                         absl::Time now) const {
  const auto found = next_.find(partition);
  return found == next_.end() || found->second <= now;
}

void UpkeepAgenda::Looked(const TopicPartition& partition, absl::Time next) {
  next_.insert_or_assign(partition, next);
}

void UpkeepAgenda::Forget(const TopicPartition& partition) {
  next_.erase(partition);
}

void UpkeepAgenda::Forget(const std::string& topic) {
  std::erase_if(next_, [&topic](const auto& entry) {
    return entry.first.topic == topic;
  });
}

bool MayDelete(const TopicConfig& config) {
  return config.cleanup.remove && (config.retention_age.has_value() ||
                                   config.retention_bytes.has_value());
}

}  // namespace cauce
