#include "engine/facade/topic_gaps.h"

#include <utility>

#include "engine/catalog/topic_catalog.h"

namespace cauce {

TopicGaps::TopicGaps(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

bool TopicGaps::MayHave(const std::string& topic, absl::Time now) {
  MutexLock lock(mutex_);
  // Looked at before it is read.
  FileStamps stamps =
      LookAtStamps(files_, directory_, {kCatalogFile, kCatalogCopyFile}, now);
  if (stamps && stamps == seen_) return topics_.contains(topic);
  const auto catalog = TopicCatalog::Load(files_, directory_);
  if (!catalog.ok()) return topics_.contains(topic);
  topics_.clear();
  for (const auto& [name, entry] : catalog->topics()) {
    if (MayHaveGaps(entry)) topics_.insert(name);
  }
  seen_ = std::move(stamps);
  return topics_.contains(topic);
}

}  // namespace cauce
