#include "engine/facade/displaced_partitions.h"

#include <algorithm>

#include "engine/base/status_macros.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

bool HoldsRecords(FileSystem& files, const std::string& directory) {
  const auto entries = files.List(directory);
  if (!entries.ok()) return false;
  return std::ranges::any_of(*entries, [&](const DirectoryEntry& entry) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file || file->suffix != kLogSuffix) return false;
    const auto info = files.Info(JoinPath(directory, entry.name));
    return info.ok() && info->bytes > 0;
  });
}

}  // namespace

absl::StatusOr<DisplacedPartitions> DisplacedPartitions::In(
    FileSystem& files, const std::string& directory) {
  DisplacedPartitions found(files, directory);
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory) continue;
    const auto id =
        ReadPartitionMetadata(files, JoinPath(directory, entry.name));
    if (absl::IsResourceExhausted(id.status())) return id.status();
    if (id.ok() && !id->is_zero()) found.ids_.emplace(entry.name, *id);
  }
  return found;
}

std::optional<std::string> DisplacedPartitions::Find(
    const TopicId& id,
    absl::FunctionRef<bool(const std::string&)> is_in_place) const {
  for (const auto& [name, its_id] : ids_) {
    if (its_id != id || is_in_place(name)) continue;
    const std::string path = JoinPath(directory_, name);
    if (HoldsRecords(files_, path)) return path;
  }
  return std::nullopt;
}

}  // namespace cauce
