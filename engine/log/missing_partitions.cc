#include "engine/log/missing_partitions.h"

#include <cstdint>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/topic_catalog.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What stands where a partition's directory should; empty for a directory.
absl::StatusOr<std::string> FindInstead(FileSystem& files,
                                        const std::string& path) {
  const auto info = files.Info(path);
  if (absl::IsNotFound(info.status())) return "nothing is there";
  // A symbolic link is never followed.
  if (absl::IsFailedPrecondition(info.status())) {
    return fmt::format("what is there cannot be a directory: {}",
                       MessageOf(info.status()));
  }
  CAUCE_RETURN_IF_ERROR(info.status());
  if (info->is_directory) return "";
  return fmt::format("a file of {} bytes is there", info->bytes);
}

bool Promises(const TopicCatalog& catalog, const TopicEntry& topic,
              int32_t partition) {
  const TopicEntry* const now = catalog.Find(topic.name);
  return now != nullptr && now->id == topic.id &&
         now->state == TopicState::kLive && partition < now->partitions;
}

}  // namespace

absl::StatusOr<std::vector<MissingPartition>> FindMissingPartitions(
    FileSystem& files, std::string_view directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto catalog,
                         TopicCatalog::Load(files, directory));
  std::vector<MissingPartition> missing;
  for (const auto& [name, topic] : catalog.topics()) {
    if (topic.state != TopicState::kLive) continue;
    for (int32_t i = 0; i < topic.partitions; ++i) {
      const TopicPartition partition{name, PartitionId{i}};
      const std::string path =
          fmt::format("{}/{}", directory, partition.ToString());
      CAUCE_ASSIGN_OR_RETURN(std::string what, FindInstead(files, path));
      if (what.empty()) continue;
      // A topic that is deleted says so before its directories go.
      CAUCE_ASSIGN_OR_RETURN(const auto now,
                             TopicCatalog::Load(files, directory));
      if (!Promises(now, topic, i)) break;
      missing.push_back({partition, path, std::move(what)});
    }
  }
  return missing;
}

}  // namespace cauce
