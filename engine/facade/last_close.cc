#include "engine/facade/last_close.h"

#include <utility>

#include "absl/status/status.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/copied_directory.h"

namespace cauce {

LastClose::LastClose(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

std::optional<NotedLog> LastClose::Find(const TopicPartition& partition,
                                        absl::Time now) {
  MutexLock lock(mutex_);
  // Looked at before they are read.
  FileStamps stamps = LookAtStamps(
      files_, directory_, {kCleanShutdownFile, kManifestFile}, now);
  if (!stamps || stamps != seen_) {
    const auto has_mark = HasCleanShutdown(files_, directory_);
    has_mark_ = has_mark.value_or(false);
    auto manifest = !has_mark.ok() ? has_mark.status()
                    : has_mark_    ? ReadNamedManifest(files_, directory_)
                                   : ReadLeftManifest(files_, directory_);
    // What could not be read this once may be there the next time.
    const bool is_settled = IsFinalManifest(manifest.status());
    manifest_ = manifest.ok() ? *std::move(manifest) : Manifest();
    // With the mark it counts in any directory. Of one that cannot be looked at
    // who opens its log is told.
    absl::Status unseen;
    if (!has_mark_) {
      manifest_ =
          ReadInCopy(files_, directory_, std::move(manifest_), &unseen);
    }
    seen_ = is_settled ? std::move(stamps) : std::nullopt;
  }
  auto known = FindKnown(manifest_, partition);
  if (!known) return std::nullopt;
  return NotedLog{*std::move(known), has_mark_};
}

}  // namespace cauce
