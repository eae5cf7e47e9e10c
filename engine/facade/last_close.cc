#include "engine/facade/last_close.h"

#include <utility>

#include "absl/status/status.h"
#include "cauce/errors.h"
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
    // What could not be read this once may be there the next time.
    const Reason why = ReasonOf(manifest.status());
    const bool is_settled = manifest.ok() ||
                            absl::IsNotFound(manifest.status()) ||
                            why == Reason::kCorruptFile ||
                            why == Reason::kUnsupportedFormat;
    seen_ = is_settled ? std::move(stamps) : std::nullopt;
    manifest_ = manifest.ok() ? *std::move(manifest) : Manifest();
  }
  return FindKnown(manifest_, partition);
}

}  // namespace cauce
