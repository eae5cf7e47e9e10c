#include "engine/client/wake_signal.h"

namespace cauce {

void WakeSignal::Raise() {
  if (raised_.exchange(true)) return;
  if (event_ != nullptr) event_->Raise();
  // Who waits says so before it looks whether this is raised.
  if (!waiting_.load()) return;
  MutexLock lock(mutex_);
  changed_.NotifyAll();
}

void WakeSignal::Clear() {
  // The descriptor first: a Raise in between leaves it readable for nothing,
  // never the other way round. Also where nothing is raised: a Raise that was
  // cleared between its two halves has made it readable since.
  if (event_ != nullptr) event_->Clear();
  // An exchange, so that what was done before a Raise is seen behind this.
  if (raised_.load()) raised_.exchange(false);
}

void WakeSignal::Wait(absl::Duration timeout) {
  waiting_.store(true);
  {
    MutexLock lock(mutex_);
    if (!raised_.load()) changed_.WaitFor(mutex_, timeout);
  }
  waiting_.store(false);
}

}  // namespace cauce
