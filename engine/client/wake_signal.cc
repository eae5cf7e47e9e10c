#include "engine/client/wake_signal.h"

namespace cauce {

void WakeSignal::Raise() {
  if (raised_.exchange(true)) return;
  if (event_ != nullptr) event_->Raise();
  // Who waits says so before it looks whether this is raised.
  if (!waiting_.load()) return;
  // Who was about to sleep does so by then. It is woken without the lock, for
  // which it would wait at once.
  { MutexLock lock(mutex_); }
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

void WakeSignal::Wait(Clock& clock, absl::Duration timeout) {
  if (timeout <= absl::ZeroDuration()) return;
  const absl::Duration begun = clock.Monotonic();
  const auto is_raised = [this] {
    return raised_.load(std::memory_order_relaxed);
  };
  if (spin_first_.Spin(clock, begun, is_raised)) return;
  waiting_.store(true);
  {
    MutexLock lock(mutex_);
    if (!raised_.load()) changed_.WaitFor(mutex_, timeout);
  }
  waiting_.store(false);
  spin_first_.Took(is_raised() ? clock.Monotonic() - begun
                               : absl::InfiniteDuration());
}

}  // namespace cauce
