#include "engine/facade/known_logs.h"

#include <utility>

namespace cauce {

std::optional<KnownLog> KnownLogs::Find(const TopicPartition& partition) const {
  const auto newer = newer_.find(partition);
  if (newer == newer_.end()) return FindKnown(manifest_, partition);
  auto log = DecodeKnownLog(newer->second);
  if (!log.ok()) return std::nullopt;
  return *std::move(log);
}

void KnownLogs::Set(const TopicPartition& partition, const KnownLog& log) {
  newer_.insert_or_assign(partition, EncodeKnownLog(log).value_or(""));
}

void KnownLogs::Forget(const TopicPartition& partition) {
  newer_.insert_or_assign(partition, "");
}

void KnownLogs::Forget(const std::string& topic) {
  for (const auto& [partition, row] : manifest_.rows()) {
    if (partition.topic == topic) newer_.insert_or_assign(partition, "");
  }
  for (auto& [partition, part] : newer_) {
    if (partition.topic == topic) part.clear();
  }
}

void KnownLogs::AddTo(ManifestRows& rows) const {
  for (const auto& [partition, row] : manifest_.rows()) {
    if (!row.part.empty()) rows[partition].part = row.part;
  }
  for (const auto& [partition, part] : newer_) {
    if (part.empty()) {
      rows.erase(partition);
    } else {
      rows[partition].part = part;
    }
  }
}

}  // namespace cauce
