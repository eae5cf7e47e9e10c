// Why something is over; OK while it is not.
//
// Invariant: what is set first stays. So whoever asks while all is well looks
// at a flag, and nobody who asks takes a lock: a child that was forked while
// one was held may ask too. Thread-safe.
#pragma once

#include <atomic>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "engine/base/check.h"
#include "engine/base/mutex.h"

namespace cauce {

class FinalStatus {
 public:
  // `why` is not OK. Returns false where another was set before, which stays.
  bool Set(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_) {
    CAUCE_CHECK(!why.ok());
    MutexLock lock(mutex_);
    if (is_set_.load(std::memory_order_relaxed)) return false;
    why_ = why;
    is_set_.store(true, std::memory_order_release);
    return true;
  }

  // Does not change once it is set, and is not looked at before.
  absl::Status Get() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!is_set_.load(std::memory_order_acquire)) return absl::OkStatus();
    return why_;
  }

 private:
  Mutex mutex_;
  std::atomic<bool> is_set_ = false;
  absl::Status why_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
