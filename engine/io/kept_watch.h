// A watch of a directory that is kept from one wait to the next.
//
// To close a watch takes Linux some 10 ms, since it waits for all processors:
// who made one for each wait would be told so much later of what has come. A
// user may have few of them (128 by default), so a quota bounds how many are
// kept. Invariant: who takes one out is its only user. Thread-safe; its lock is
// a leaf, held for a look.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"

namespace cauce {

// How many watches those that share it may keep. Thread-safe.
class WatchQuota {
 public:
  static constexpr int kKeptMax = 8;

  bool Take();
  void GiveBack() { --kept_; }

 private:
  std::atomic<int> kept_ = 0;
};

class KeptWatch {
 public:
  // Of `directory`. All are borrowed.
  KeptWatch(FileSystem& files, const std::string& directory,
            WatchQuota& quota)
      : files_(files), directory_(directory), quota_(quota) {}
  ~KeptWatch() { Drop(); }
  KeptWatch(const KeptWatch&) = delete;
  KeptWatch& operator=(const KeptWatch&) = delete;

  // The one that is kept, which may tell at once of what came since, or else a
  // new one. Errors of FileSystem::Watch.
  absl::StatusOr<std::unique_ptr<FileWatch>> TakeOut()
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Closes it instead where there is another one, or no room.
  void Keep(std::unique_ptr<FileWatch> watch) ABSL_LOCKS_EXCLUDED(mutex_);
  // Nobody is expected to come back soon.
  void Drop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  FileSystem& files_;
  const std::string& directory_;
  WatchQuota& quota_;
  Mutex mutex_;
  std::unique_ptr<FileWatch> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
