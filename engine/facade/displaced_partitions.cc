#include "engine/facade/displaced_partitions.h"

#include <utility>

#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

absl::StatusOr<bool> HoldsRecords(FileSystem& files,
                                  const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file || file->suffix != kLogSuffix) continue;
    CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                           files.Info(JoinPath(directory, entry.name)));
    if (info.bytes > 0) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<DisplacedPartitions> DisplacedPartitions::In(
    FileSystem& files, const std::string& directory) {
  DisplacedPartitions found(files, directory);
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory) continue;
    auto id = ReadPartitionMetadata(files, JoinPath(directory, entry.name));
    if (absl::IsResourceExhausted(id.status())) return id.status();
    const bool has_none =
        id.ok() ? id->is_zero() : absl::IsNotFound(id.status());
    if (!has_none) found.ids_.emplace(entry.name, std::move(id));
  }
  return found;
}

std::optional<DisplacedPartitions::Found> DisplacedPartitions::Find(
    std::string_view topic, const TopicId& id,
    absl::FunctionRef<bool(const TopicPartition&)> is_open) const {
  std::optional<Found> unread;
  for (const auto& [name, its_id] : ids_) {
    if (its_id.ok() && *its_id != id) continue;
    // Another topic's name is none that a partition of this one has.
    const auto its_name = ParseTopicPartition(name);
    if (its_name && (!its_id.ok() || its_name->topic == topic) &&
        is_open(*its_name)) {
      continue;
    }
    Found found{.path = JoinPath(directory_, name), .read = its_id.status()};
    const auto holds = HoldsRecords(files_, found.path);
    if (holds.ok() && !*holds) continue;
    found.read.Update(holds.status());
    if (found.read.ok()) return found;
    if (!unread) unread = std::move(found);
  }
  return unread;
}

}  // namespace cauce
