#include "engine/log/log_waiters.h"

#include <utility>

#include "absl/cleanup/cleanup.h"

namespace cauce {

absl::StatusOr<bool> LogWaiters::Wait(Clock& clock, absl::Duration until,
                                      const Wanted& wanted) {
  absl::StatusOr<bool> seen = wanted.look();
  if (!seen.ok() || *seen) return seen;
  const absl::Duration begun = clock.Monotonic();
  // Who spins does not count among those who have to be woken.
  if (begun < until && spin_first_.Spin(clock, begun, wanted.has_news)) {
    seen = wanted.look();
    if (!seen.ok() || *seen) return seen;
  }
  seen = Sleep(clock, until, wanted);
  const bool has_come = seen.ok() && *seen;
  spin_first_.Took(has_come ? clock.Monotonic() - begun
                            : absl::InfiniteDuration());
  return seen;
}

absl::StatusOr<bool> LogWaiters::Sleep(Clock& clock, absl::Duration until,
                                       const Wanted& wanted) {
  ++waiting_;
  absl::Cleanup leave = [this] { --waiting_; };
  const bool is_for_decided = wanted.isolation == Isolation::kReadCommitted;
  for (;;) {
    absl::StatusOr<bool> seen = wanted.look();
    if (!seen.ok() || *seen) return seen;
    MutexLock lock(mutex_);
    // Whoever moves the log does so before it takes this lock to wake us.
    if (wanted.has_news()) continue;
    const absl::Duration left = until - clock.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    if (!is_for_decided) {
      moved_.WaitFor(mutex_, left);
      continue;
    }
    ++waiting_for_decided_;
    decided_.WaitFor(mutex_, left);
    --waiting_for_decided_;
  }
}

void LogWaiters::Wake(LookAtDecided decided) {
  // Pairs with the count that a waiter raises before it looks: either we see
  // it here, or it comes after us and sees what moved. A plain load would not
  // be ordered against it.
  if (waiting_.fetch_add(0, std::memory_order_acq_rel) == 0) return;
  bool has_decided = false;
  {
    MutexLock lock(mutex_);
    has_decided = HasDecided(decided);
    for (const auto& [watcher, isolation] : watchers_) {
      if (has_decided || isolation == Isolation::kReadUncommitted)
        watcher->Moved();
    }
  }
  // Without the lock, for which whoever is woken would wait at once.
  moved_.NotifyAll();
  if (has_decided) decided_.NotifyAll();
}

bool LogWaiters::HasDecided(LookAtDecided decided) {
  if (waiting_for_decided_ == 0) return false;
  const std::optional<Decided> now = decided();
  if (now && now == told_) return false;
  told_ = now;
  return true;
}

void LogWaiters::Watch(std::shared_ptr<PartitionWatcher> watcher,
                       Isolation isolation) {
  MutexLock lock(mutex_);
  watchers_.push_back({std::move(watcher), isolation});
  if (isolation == Isolation::kReadCommitted) ++waiting_for_decided_;
  ++waiting_;
}

void LogWaiters::Unwatch(const PartitionWatcher& watcher) {
  MutexLock lock(mutex_);
  std::erase_if(watchers_, [&](const Watching& each)
                               ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (each.watcher.get() != &watcher) return false;
    if (each.isolation == Isolation::kReadCommitted) --waiting_for_decided_;
    --waiting_;
    return true;
  });
}

}  // namespace cauce
