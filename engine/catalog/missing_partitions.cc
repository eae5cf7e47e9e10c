#include "engine/catalog/missing_partitions.h"

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

bool Promises(const TopicCatalog& catalog, const TopicPartition& partition,
              const TopicId& id) {
  const TopicEntry* const now = catalog.Find(partition.topic);
  return now != nullptr && now->id == id && now->state == TopicState::kLive;
}

}  // namespace

absl::StatusOr<std::vector<MissingPartition>> FindMissingPartitions(
    FileSystem& files, std::string_view directory, const WasHere& was_here) {
  CAUCE_ASSIGN_OR_RETURN(const auto catalog,
                         TopicCatalog::Load(files, directory));
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::vector<MissingPartition> missing;
  OpenPlan plan = PlanOpen(catalog, entries, was_here);
  for (TopicPartition& partition : plan.missing) {
    std::string path = fmt::format("{}/{}", directory, partition.ToString());
    CAUCE_ASSIGN_OR_RETURN(std::string what, FindInstead(files, path));
    if (what.empty()) continue;
    missing.push_back({std::move(partition), std::move(path), std::move(what)});
  }
  if (missing.empty()) return missing;
  // A topic that is deleted says so before its directories go.
  CAUCE_ASSIGN_OR_RETURN(const auto now, TopicCatalog::Load(files, directory));
  std::erase_if(missing, [&](const MissingPartition& each) {
    return !Promises(now, each.name, catalog.Find(each.name.topic)->id);
  });
  return missing;
}

}  // namespace cauce
