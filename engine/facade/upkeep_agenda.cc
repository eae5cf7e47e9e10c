#include "engine/facade/upkeep_agenda.h"

namespace cauce {

bool UpkeepAgenda::IsDue(const TopicPartition& partition,
                         absl::Time now) const {
  const auto found = entries_.find(partition);
  return found == entries_.end() || found->second.next <= now;
}

UpkeepAgenda::Look UpkeepAgenda::Begin(const TopicPartition& partition) {
  entries_.insert_or_assign(partition,
                            Entry{++last_look_, absl::InfinitePast()});
  return last_look_;
}

void UpkeepAgenda::Looked(const TopicPartition& partition, Look look,
                          absl::Time next) {
  const auto found = entries_.find(partition);
  if (found == entries_.end() || found->second.look != look) return;
  found->second.next = next;
}

void UpkeepAgenda::Forget(const TopicPartition& partition) {
  entries_.erase(partition);
}

void UpkeepAgenda::Forget(const std::string& topic) {
  std::erase_if(entries_, [&topic](const auto& entry) {
    return entry.first.topic == topic;
  });
}

bool MayDelete(const TopicConfig& config) {
  return config.cleanup.remove && (config.retention_age.has_value() ||
                                   config.retention_bytes.has_value());
}

}  // namespace cauce
