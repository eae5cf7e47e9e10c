// Those who wait until more of a log is visible.
//
// Costs who moves the log nothing but a look at a counter while nobody waits.
// Invariant: whoever moves the log and then calls Wake() wakes everybody whose
// look came before the move, and to whom it shows more: who reads only what is
// decided sleeps on while a transaction keeps that back. Thread-safe; its lock
// is held for a look.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/base/spin_first.h"

namespace cauce {

class LogWaiters {
 public:
  // What somebody waits for.
  struct Wanted {
    // Says whether it is there. Called under no lock, once at least, and may
    // move the log itself.
    absl::FunctionRef<absl::StatusOr<bool>()> look;
    // Called with the lock or without, often: says whether to look again. True
    // whenever `look` might not say false.
    absl::FunctionRef<bool()> has_news;
    Isolation isolation = Isolation::kReadUncommitted;
  };

  // What there is for those who read what is decided. While it is the same they
  // find the same.
  struct Decided {
    Offset stable;     // Log::LastStableOffset
    Offset decidable;  // Log::DecidableEnd
    int64_t cuts = 0;  // of the log: the same offset may be another record's

    friend bool operator==(const Decided&, const Decided&) = default;
  };
  // Nothing where that is not known, or they are to look whatever it is. Called
  // under the lock.
  using LookAtDecided = absl::FunctionRef<std::optional<Decided>()>;

  // Waits until a look says true or fails, and returns that; false when it
  // says false and `clock`, which is monotonic, has reached `until`.
  absl::StatusOr<bool> Wait(Clock& clock, absl::Duration until,
                            const Wanted& wanted) ABSL_LOCKS_EXCLUDED(mutex_);

  // As Partition's functions of the same names.
  void Watch(std::shared_ptr<PartitionWatcher> watcher, Isolation isolation)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Unwatch(const PartitionWatcher& watcher) ABSL_LOCKS_EXCLUDED(mutex_);

  // Something has moved. It is looked at what is decided where somebody waits
  // for that.
  void Wake(LookAtDecided decided) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Watching {
    std::shared_ptr<PartitionWatcher> watcher;
    Isolation isolation;
  };

  // The rest of Wait, for who is not told soon.
  absl::StatusOr<bool> Sleep(Clock& clock, absl::Duration until,
                             const Wanted& wanted) ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether those who read what is decided are to look again.
  bool HasDecided(LookAtDecided decided) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  SpinFirst spin_first_;
  std::atomic<int> waiting_ = 0;  // those who watch among them
  Mutex mutex_;
  CondVar moved_;
  // Those who read what is decided sleep here.
  CondVar decided_;
  std::vector<Watching> watchers_ ABSL_GUARDED_BY(mutex_);
  int waiting_for_decided_ ABSL_GUARDED_BY(mutex_) = 0;
  // As it was when they were woken last. It never comes back to what it was, so
  // whoever has come since sees this at least.
  std::optional<Decided> told_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
