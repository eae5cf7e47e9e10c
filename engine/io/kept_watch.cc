#include "engine/io/kept_watch.h"

#include <utility>

namespace cauce {

bool WatchQuota::Take() {
  int kept = kept_;
  while (kept < kKeptMax) {
    if (kept_.compare_exchange_weak(kept, kept + 1)) return true;
  }
  return false;
}

absl::StatusOr<std::unique_ptr<FileWatch>> KeptWatch::TakeOut() {
  std::unique_ptr<FileWatch> kept;
  {
    MutexLock lock(mutex_);
    kept = std::move(kept_);
  }
  if (kept == nullptr) return files_.Watch({&directory_, 1});
  quota_.GiveBack();
  return kept;
}

void KeptWatch::Keep(std::unique_ptr<FileWatch> watch) {
  // What is not kept is closed when this returns, without the lock.
  MutexLock lock(mutex_);
  if (kept_ == nullptr && quota_.Take()) kept_ = std::move(watch);
}

void KeptWatch::Drop() {
  std::unique_ptr<FileWatch> dropped;
  MutexLock lock(mutex_);
  if (kept_ != nullptr) quota_.GiveBack();
  dropped = std::move(kept_);
}

}  // namespace cauce
