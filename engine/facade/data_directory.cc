#include "engine/facade/data_directory.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

// Whether it is named like a partition that would be new to `catalog`.
bool IsStranger(const DirectoryEntry& entry, const TopicCatalog& catalog) {
  if (!entry.is_directory) return false;
  const auto name = ParseTopicPartition(entry.name);
  if (!name) return false;
  const TopicEntry* topic = catalog.Find(name->topic);
  return topic == nullptr ||
         (topic->imported && name->partition.value >= topic->partitions);
}

}  // namespace

bool HoldsSegments(std::span<const DirectoryEntry> entries) {
  return std::ranges::any_of(entries, [](const DirectoryEntry& entry) {
    const auto file = ParseSegmentFileName(entry.name);
    return !entry.is_directory && file && file->suffix == kLogSuffix;
  });
}

bool HoldsPartition(std::span<const DirectoryEntry> entries) {
  return HoldsSegments(entries) ||
         std::ranges::any_of(entries, [](const DirectoryEntry& entry) {
           return !entry.is_directory && entry.name == kPartitionMetadataFile;
         });
}

absl::StatusOr<std::vector<DirectoryEntry>> ListDataDirectory(
    FileSystem& files, std::string_view directory,
    const TopicCatalog& catalog) {
  CAUCE_ASSIGN_OR_RETURN(std::vector<DirectoryEntry> all,
                         files.List(directory));
  std::vector<DirectoryEntry> kept;
  std::vector<DirectoryEntry> empty;
  std::set<std::string> topics;  // of the strangers that hold partitions
  for (DirectoryEntry& entry : all) {
    if (IsStranger(entry, catalog)) {
      const auto inside = files.List(JoinPath(directory, entry.name));
      // A reader looks while a writer may be deleting.
      if (absl::IsNotFound(inside.status())) continue;
      CAUCE_RETURN_IF_ERROR(inside.status());
      if (inside->empty()) empty.push_back(entry);
      if (!HoldsPartition(*inside)) continue;
      topics.insert(ParseTopicPartition(entry.name)->topic);
    }
    kept.push_back(std::move(entry));
  }
  if (empty.empty()) return kept;  // in the order of the listing
  for (DirectoryEntry& entry : empty) {
    if (topics.contains(ParseTopicPartition(entry.name)->topic)) {
      kept.push_back(std::move(entry));
    }
  }
  std::ranges::sort(kept, {}, &DirectoryEntry::name);
  return kept;
}

}  // namespace cauce
