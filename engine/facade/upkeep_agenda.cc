#include "engine/facade/upkeep_agenda.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/log/retention.h"

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

absl::Time NextLook(const KnownLog& known, Offset log_start,
                    const TopicConfig& config) {
  if (config.cleanup.compact) return absl::InfinitePast();
  if (!MayDelete(config)) return absl::InfiniteFuture();
  const auto& all = known.segments;
  const RetentionOptions by_size{.age_max = std::nullopt,
                                 .bytes_min = config.retention_bytes};
  std::vector<SegmentInfo> sealed;
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    sealed.push_back({all[i].base, all[i + 1].base, all[i].bytes,
                      absl::InfiniteFuture()});
  }
  const RetentionView log{sealed, all.back().bytes, log_start, known.end};
  const bool is_due = PlanRetention(log, by_size, absl::InfinitePast()) > 0;
  // Then what is active goes as well, behind a new segment.
  const bool keeps_nothing =
      config.retention_bytes && *config.retention_bytes <= 0;
  if (is_due || keeps_nothing) return absl::InfinitePast();
  const bool is_empty = all.front().bytes == 0;
  if (!config.retention_age || is_empty) return absl::InfiniteFuture();
  if (!known.times.oldest.has_value()) return absl::InfinitePast();
  return known.times.oldest.ToTime() + *config.retention_age;
}

bool MayDelete(const TopicConfig& config) {
  return config.cleanup.remove && (config.retention_age.has_value() ||
                                   config.retention_bytes.has_value());
}

}  // namespace cauce
