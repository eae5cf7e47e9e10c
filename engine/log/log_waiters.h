// Those who wait until more of a log is visible.
//
// Costs who moves the log nothing but a look at a counter while nobody waits.
// Invariant: whoever moves the log and then calls Wake() wakes everybody whose
// look came before the move. Thread-safe; its lock is held for a look.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/read.h"
#include "engine/base/mutex.h"
#include "engine/base/spin_first.h"

namespace cauce {

class LogWaiters {
 public:
  // Waits until `look` says true or fails, and returns that; false when it
  // says false and `clock`, which is monotonic, has reached `until`. `look` is
  // called under no lock, once at least, and may move the log itself.
  // `has_news` is called with the lock or without, often, and says whether to
  // look again; true whenever `look` might not say false.
  absl::StatusOr<bool> Wait(Clock& clock, absl::Duration until,
                            absl::FunctionRef<absl::StatusOr<bool>()> look,
                            absl::FunctionRef<bool()> has_news);

  // As Partition's functions of the same names.
  void Watch(std::shared_ptr<PartitionWatcher> watcher)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Unwatch(const PartitionWatcher& watcher) ABSL_LOCKS_EXCLUDED(mutex_);

  // Something has moved.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The rest of Wait, for who is not told soon.
  absl::StatusOr<bool> Sleep(Clock& clock, absl::Duration until,
                             absl::FunctionRef<absl::StatusOr<bool>()> look,
                             absl::FunctionRef<bool()> has_news)
      ABSL_LOCKS_EXCLUDED(mutex_);

  SpinFirst spin_first_;
  std::atomic<int> waiting_ = 0;  // those who watch among them
  Mutex mutex_;
  CondVar moved_;
  std::vector<std::shared_ptr<PartitionWatcher>> watchers_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
