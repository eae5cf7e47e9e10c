#include "engine/facade/last_close.h"

#include <string_view>
#include <utility>

#include "engine/catalog/clean_shutdown.h"

namespace cauce {

LastClose::LastClose(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

std::optional<KnownLog> LastClose::Find(const TopicPartition& partition,
                                        absl::Time now) {
  MutexLock lock(mutex_);
  // Looked at before they are read.
  FileStamps stamps = LookAtStamps(
      files_, directory_, {kCleanShutdownFile, kManifestFile}, now);
  if (!stamps || stamps != seen_) {
    auto manifest = ReadNamedManifest(files_, directory_);
    manifest_ = manifest.ok() ? *std::move(manifest) : Manifest();
    seen_ = std::move(stamps);
  }
  const std::optional<std::string_view> part = manifest_.Find(partition);
  if (!part) return std::nullopt;
  auto known = DecodeKnownLog(*part);
  if (!known.ok()) return std::nullopt;
  return *std::move(known);
}

}  // namespace cauce
