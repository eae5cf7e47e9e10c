#include "engine/state/dead_tables.h"

#include <algorithm>
#include <map>
#include <optional>

#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/store/table_marker.h"

namespace cauce {

std::vector<std::string> FindDeadTables(
    const std::vector<DirectoryEntry>& entries,
    const std::vector<TopicDescription>& topics) {
  std::map<std::string_view, int32_t> partitions;
  for (const TopicDescription& topic : topics) {
    partitions[topic.name] = topic.partitions;
  }
  std::vector<std::string> dead;
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory) continue;
    const std::optional<TopicPartition> changelog =
        ParseTopicPartition(entry.name);
    if (!changelog) continue;
    const auto topic = partitions.find(changelog->topic);
    if (topic == partitions.end() ||
        changelog->partition.value >= topic->second) {
      dead.push_back(entry.name);
    }
  }
  return dead;
}

absl::StatusOr<bool> RemoveDeadTable(FileSystem& files,
                                     std::string_view directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  const bool is_a_table =
      std::ranges::all_of(entries, [](const DirectoryEntry& entry) {
        return !entry.is_directory && IsTableFile(entry.name);
      });
  if (!is_a_table) return false;
  // The marker goes last, so that what a crash leaves is found again: with a
  // marker, or empty.
  if (!entries.empty()) {
    CAUCE_ASSIGN_OR_RETURN(const bool marked, HasTableMarker(files, directory));
    if (!marked) return false;
    CAUCE_RETURN_IF_ERROR(ClearTable(files, directory));
  }
  CAUCE_RETURN_IF_ERROR(files.RemoveDirectory(directory));
  return true;
}

}  // namespace cauce
