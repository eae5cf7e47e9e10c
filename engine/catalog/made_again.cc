#include "engine/catalog/made_again.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"

namespace cauce {
namespace {

bool IsOnlyRemembered(const TopicEntry* topic) {
  return topic != nullptr && topic->imported && !topic->id.is_zero() &&
         topic->state == TopicState::kLive;
}

// The id that all these directories have, other than `remembered`.
std::optional<TopicId> FindNewId(FileSystem& files, std::string_view directory,
                                 std::span<const TopicPartition> partitions,
                                 const TopicId& remembered) {
  std::optional<TopicId> found;
  for (const TopicPartition& partition : partitions) {
    const auto id =
        ReadPartitionMetadata(files, JoinPath(directory, partition.ToString()));
    if (!id.ok() || *id == remembered) return std::nullopt;
    if (found && *found != *id) return std::nullopt;
    found = *id;
  }
  return found;
}

bool IsAnothers(const TopicCatalog& catalog, const std::string& name,
                const TopicId& id) {
  return std::ranges::any_of(catalog.topics(), [&](const auto& each) {
    return each.first != name && each.second.id == id;
  });
}

}  // namespace

std::vector<FoundTopic> FindMadeAgain(FileSystem& files,
                                      std::string_view directory,
                                      const TopicCatalog& catalog,
                                      std::span<const TopicPartition> there) {
  std::map<std::string, std::vector<TopicPartition>> topics;
  for (const TopicPartition& partition : there) {
    if (!IsOnlyRemembered(catalog.Find(partition.topic))) continue;
    topics[partition.topic].push_back(partition);
  }
  std::vector<FoundTopic> again;
  for (const auto& [name, partitions] : topics) {
    const TopicId& remembered = catalog.Find(name)->id;
    const auto id = FindNewId(files, directory, partitions, remembered);
    if (!id || IsAnothers(catalog, name, *id) ||
        IsAnothers(catalog, name, remembered)) {
      continue;
    }
    const auto last =
        std::ranges::max_element(partitions, {}, &TopicPartition::partition);
    again.push_back({name, last->partition.value + 1});
  }
  return again;
}

}  // namespace cauce
