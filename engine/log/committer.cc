#include "engine/log/committer.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Without an executor, how many callbacks may wait before the append that
// adds one more syncs for all of them.
constexpr size_t kPendingMax = 4096;

// And how many records may be written without anybody having them synced.
constexpr int64_t kUnsyncedMax = 4096;

}  // namespace

Committer::Committer(Offset durable, Hooks hooks)
    : hooks_(std::move(hooks)), machine_(durable), durable_(durable.value) {}

void Committer::Written(Offset end) {
  MutexLock lock(mutex_);
  machine_.Written(end);
}

absl::Status Committer::WaitUntilDurable(Offset end) {
  // The fast answer of a log that is already that far.
  if (durable() >= end) return absl::OkStatus();
  MutexLock lock(mutex_);
  if (IsSettled(end)) return OutcomeFor(end);
  Waiter self{.end = end};
  waiters_.push_back(&self);
  while (!self.outcome) {
    if (machine_.Begin()) {
      Lead();
    } else {
      self.wake.Wait(mutex_);
    }
  }
  std::erase(waiters_, &self);
  return *self.outcome;
}

void Committer::CallWhenDurable(AppendResult result, AppendCallback done) {
  MutexLock lock(mutex_);
  const Offset end = result.next;
  pending_.push_back({std::move(result), std::move(done)});
  if (machine_.in_flight()) return;
  if (IsSettled(end)) return Settle();
  if (ScheduleSync() || pending_.size() < kPendingMax) return;
  if (machine_.Begin()) Lead();
}

void Committer::SyncSoon() {
  MutexLock lock(mutex_);
  const int64_t waiting = machine_.written() - machine_.durable();
  if (machine_.in_flight() || waiting == 0 || ScheduleSync()) return;
  if (waiting >= kUnsyncedMax && machine_.Begin()) Lead();
}

absl::Status Committer::RunPending() {
  MutexLock lock(mutex_);
  scheduled_ = false;
  while (machine_.Begin()) Lead();
  return failure_;
}

void Committer::Truncated(Offset end) {
  MutexLock lock(mutex_);
  while (machine_.in_flight()) idle_.Wait(mutex_);
  machine_.Truncated(end);
  durable_.store(machine_.durable().value, std::memory_order_release);
  Settle();
}

void Committer::Fail(const absl::Status& cause) {
  MutexLock lock(mutex_);
  while (machine_.in_flight()) idle_.Wait(mutex_);
  if (failure_.ok()) failure_ = cause;
  failed_.store(true, std::memory_order_release);
  Settle();
}

absl::Status Committer::status() const {
  if (!failed_.load(std::memory_order_acquire)) return absl::OkStatus();
  MutexLock lock(mutex_);
  return failure_;
}

void Committer::Lead() {
  mutex_.Unlock();
  const absl::Status synced = hooks_.sync();
  mutex_.Lock();
  if (synced.ok()) {
    machine_.Synced();
    durable_.store(machine_.durable().value, std::memory_order_release);
  } else {
    machine_.SyncFailed();
    failure_ = MakeError(
        Reason::kDiskFailed,
        fmt::format("a sync failed, so what was written since the last good "
                    "one is not known to be on the disk; reopen the engine to "
                    "go on: {}",
                    synced.ToString()));
    failed_.store(true, std::memory_order_release);
  }
  Settle();
}

void Committer::Settle() {
  idle_.NotifyAll();
  // Whoever is not settled by this sync syncs next: waking all of them lets
  // the first lead and the rest wait again, so only one is woken.
  bool next_leader_woken = false;
  for (Waiter* waiter : waiters_) {
    if (waiter->outcome) continue;  // told before, and on its way out
    if (IsSettled(waiter->end)) {
      waiter->outcome = OutcomeFor(waiter->end);
    } else if (std::exchange(next_leader_woken, true)) {
      continue;
    }
    waiter->wake.NotifyOne();
  }
  std::vector<std::pair<Pending, absl::Status>> finished;
  while (!pending_.empty() && IsSettled(pending_.front().result.next)) {
    absl::Status outcome = OutcomeFor(pending_.front().result.next);
    finished.emplace_back(std::move(pending_.front()), std::move(outcome));
    pending_.pop_front();
  }
  // After a cut, those at the end are settled before those in front.
  while (!pending_.empty() && IsSettled(pending_.back().result.next)) {
    absl::Status outcome = OutcomeFor(pending_.back().result.next);
    finished.emplace_back(std::move(pending_.back()), std::move(outcome));
    pending_.pop_back();
  }
  // What was written during the sync needs another one, also where nobody
  // waits for it.
  const bool unsynced = machine_.durable() < machine_.written();
  if (unsynced && failure_.ok() && !next_leader_woken) ScheduleSync();
  mutex_.Unlock();
  hooks_.moved();
  for (auto& [each, outcome] : finished) {
    if (outcome.ok()) {
      each.done(each.result);
    } else {
      each.done(outcome);
    }
  }
  mutex_.Lock();
}

bool Committer::IsSettled(Offset end) const {
  return machine_.durable() >= end || machine_.written() < end ||
         !failure_.ok();
}

absl::Status Committer::OutcomeFor(Offset end) const {
  if (machine_.durable() >= end) return absl::OkStatus();
  if (!failure_.ok()) return failure_;
  return MakeError(Reason::kTruncated,
                   fmt::format("the records below offset {} were cut off "
                               "before they were durable; the log now ends at "
                               "{}",
                               end.value, machine_.written().value));
}

bool Committer::ScheduleSync() {
  if (!hooks_.schedule) return false;
  if (!std::exchange(scheduled_, true)) hooks_.schedule();
  return true;
}

}  // namespace cauce
