// Raises a consumer's signal once a time has come: who waits on its descriptor
// alone is told by nobody else that something is due.
//
// Behind each time that is set stands a task of the executor, unless an earlier
// one does, which goes on to it: so there is one more only where what is due
// comes nearer. Tasks of an alarm that is gone do nothing. Thread-safe.
#pragma once

#include <memory>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "engine/base/mutex.h"
#include "engine/client/wake_signal.h"

namespace cauce {

class Alarm : public std::enable_shared_from_this<Alarm> {
 public:
  // The executor is there as long as this is used, or a task of its runs.
  Alarm(Executor& executor, std::shared_ptr<WakeSignal> signal)
      : executor_(executor), signal_(std::move(signal)) {}

  // Raises the signal at `at`, and no more at what was set before; never where
  // that is infinite. Both by one clock, which says `now`.
  void Set(absl::Duration now, absl::Duration at) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Has a task come at `at`, or before.
  void ComeAt(absl::Duration now, absl::Duration at)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The task of that time has come.
  void Ring(absl::Duration time) ABSL_LOCKS_EXCLUDED(mutex_);

  Executor& executor_;
  const std::shared_ptr<WakeSignal> signal_;
  Mutex mutex_;
  absl::Duration at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  // When tasks come.
  std::set<absl::Duration> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
