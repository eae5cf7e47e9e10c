// A data directory that this process has for itself: locked, with an identity,
// and marked as not cleanly closed from Begin to End.
//
// Not thread-safe: the engine locks.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "engine/catalog/manifest.h"

namespace cauce {

class DirectoryClaim {
 public:
  enum class IfMissing { kFail, kCreate };

  // Makes the directory where it is missing and that is wanted, locks it, and
  // gives it `meta.properties` where it has none. Reason::kLocked, naming the
  // holder; kInvalidOption for a file.
  static absl::StatusOr<DirectoryClaim> Take(FileSystem& files,
                                             const std::string& directory,
                                             IfMissing if_missing,
                                             Random& random);

  // Whether the last stop was a clean one.
  bool clean_stop() const { return clean_stop_; }
  // What was known at the last stop, where that was a clean one whose mark
  // names it; after another what was known at some clean one before. To be
  // asked for before Begin. Errors of ReadNamedManifest.
  absl::StatusOr<Manifest> ReadManifest() const;
  // Where the last stop was a clean one: what was noted before another one
  // goes, durably. Before Begin, which takes away what tells them apart. What a
  // broker has closed behind is removed; where it is in doubt which close it
  // tells of, it is kept as `.cut`, which counts for nobody, and the path is
  // returned. Else that is empty.
  absl::StatusOr<std::string> ClearUnnamedManifest();
  // Keeps one that could not be read as `.cut`, durably: what is done from now
  // on would not be noted in it, and it may be readable after the next kill.
  // Before Begin. Returns that path.
  absl::StatusOr<std::string> SetManifestAside();

  // From here on a stop is unclean until End says otherwise. Whatever names
  // the directory shows are durable afterwards.
  absl::Status Begin();
  // `manifest` is the bytes of one, or empty. Where the disk has no room for
  // it, or something else has its name, there is none.
  absl::Status End(std::string_view manifest);

 private:
  DirectoryClaim(FileSystem& files, std::string directory);

  FileSystem* files_;
  std::string directory_;
  std::unique_ptr<FileLock> lock_;
  bool clean_stop_ = false;
};

// Locks `directory` against every other writer, in this process too.
// Reason::kLocked, naming the holder.
absl::StatusOr<std::unique_ptr<FileLock>> LockDirectory(
    FileSystem& files, std::string_view directory);

// What LockDirectory says where something else than a file is in the place of
// the lock; takes none.
absl::Status CheckLockFile(FileSystem& files, std::string_view directory);

// Reason::kInvalidOption unless `directory` is one; what Info says where it
// cannot be seen.
absl::Status CheckIsDirectory(FileSystem& files, const std::string& directory);

}  // namespace cauce
