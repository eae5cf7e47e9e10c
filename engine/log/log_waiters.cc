#include "engine/log/log_waiters.h"

#include <utility>

#include "absl/cleanup/cleanup.h"

namespace cauce {

absl::StatusOr<bool> LogWaiters::Wait(
    Clock& clock, absl::Duration until,
    absl::FunctionRef<absl::StatusOr<bool>()> look,
    absl::FunctionRef<bool()> has_news) {
  absl::StatusOr<bool> seen = look();
  if (!seen.ok() || *seen) return seen;
  const absl::Duration begun = clock.Monotonic();
  // Who spins does not count among those who have to be woken.
  if (begun < until && spin_first_.Spin(clock, begun, has_news)) {
    seen = look();
    if (!seen.ok() || *seen) return seen;
  }
  seen = Sleep(clock, until, look, has_news);
  const bool has_come = seen.ok() && *seen;
  spin_first_.Took(has_come ? clock.Monotonic() - begun
                            : absl::InfiniteDuration());
  return seen;
}

absl::StatusOr<bool> LogWaiters::Sleep(
    Clock& clock, absl::Duration until,
    absl::FunctionRef<absl::StatusOr<bool>()> look,
    absl::FunctionRef<bool()> has_news) {
  ++waiting_;
  absl::Cleanup leave = [this] { --waiting_; };
  for (;;) {
    absl::StatusOr<bool> seen = look();
    if (!seen.ok() || *seen) return seen;
    MutexLock lock(mutex_);
    // Whoever moves the log does so before it takes this lock to wake us.
    if (has_news()) continue;
    const absl::Duration left = until - clock.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    moved_.WaitFor(mutex_, left);
  }
}

void LogWaiters::Wake() {
  // Pairs with the count that a waiter raises before it looks: either we see
  // it here, or it comes after us and sees what moved. A plain load would not
  // be ordered against it.
  if (waiting_.fetch_add(0, std::memory_order_acq_rel) == 0) return;
  {
    MutexLock lock(mutex_);
    for (const auto& watcher : watchers_) watcher->Moved();
  }
  // Without the lock, for which whoever is woken would wait at once.
  moved_.NotifyAll();
}

void LogWaiters::Watch(std::shared_ptr<PartitionWatcher> watcher) {
  MutexLock lock(mutex_);
  watchers_.push_back(std::move(watcher));
  ++waiting_;
}

void LogWaiters::Unwatch(const PartitionWatcher& watcher) {
  MutexLock lock(mutex_);
  waiting_ -= static_cast<int>(std::erase_if(
      watchers_, [&](const auto& each) { return each.get() == &watcher; }));
}

}  // namespace cauce
