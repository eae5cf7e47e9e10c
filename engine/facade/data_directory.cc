#include "engine/facade/data_directory.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

// Tells the entries that are named like partitions which would be new to a
// catalogue. Of a topic with many they come one after the other.
class Strangers {
 public:
  explicit Strangers(const TopicCatalog& catalog) : catalog_(catalog) {}

  bool Has(const DirectoryEntry& entry) {
    if (!entry.is_directory) return false;
    const std::string_view all = entry.name;
    const size_t dash = std::min(all.rfind('-'), all.size());
    if (last_ == nullptr || last_->name != all.substr(0, dash)) {
      last_ = catalog_.Find(all.substr(0, dash));
    }
    if (last_ != nullptr && !last_->imported) return false;
    const auto name = ParseTopicPartition(all);
    return name &&
           (last_ == nullptr || name->partition.value >= last_->partitions);
  }

 private:
  const TopicCatalog& catalog_;
  const TopicEntry* last_ = nullptr;
};

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
  Strangers strangers(catalog);
  kept.reserve(all.size());
  for (DirectoryEntry& entry : all) {
    if (strangers.Has(entry)) {
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
