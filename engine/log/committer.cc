#include "engine/log/committer.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/log/sync_error.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How many callbacks may wait for a sync before an append that finds so many
// waits too, or syncs for all of them, whoever else would have. On top of them
// come those of the appends that wait so, one for each thread.
constexpr size_t kPendingMax = 4096;

// And how many records may be written without anybody having them synced.
constexpr int64_t kUnsyncedMax = 4096;

absl::Status NotKnownDurable(const absl::Status& synced) {
  return MakeError(
      Reason::kDiskFailed,
      fmt::format("a sync failed, so what was written since the last good one "
                  "is not known to be on the disk; reopen the engine to go on: "
                  "{}",
                  MessageOf(synced)));
}

}  // namespace

Committer::Committer(Offset durable, Hooks hooks)
    : hooks_(std::move(hooks)),
      machine_(durable),
      written_(durable.value),
      durable_(durable.value) {}

void Committer::CatchUp() {
  machine_.Written({written_.load(std::memory_order_acquire)});
}

void Committer::Enter(Waiter& waiter, Offset end) {
  MutexLock lock(mutex_);
  CatchUp();
  waiter.end_ = end;
  waiter.outcome_ = FateOf(end);
  if (waiter.outcome_) {
    waiter.call_.store(Waiter::Call::kSettled, std::memory_order_relaxed);
  } else {
    waiters_.push_back(&waiter);
  }
}

absl::Status Committer::Wait(Waiter& waiter) {
  using enum Waiter::Call;
  for (;;) {
    Waiter::Call call = waiter.call_.load(std::memory_order_acquire);
    if (call == kSettled) return *waiter.outcome_;
    {
      MutexLock lock(mutex_);
      // Once its fate is decided only the call is missing, which must not be
      // written over.
      if (!waiter.outcome_) {
        call = kNone;
        waiter.call_.store(call, std::memory_order_relaxed);
        if (Begin()) {
          Lead();
          continue;
        }
      }
    }
    waiter.call_.wait(call, std::memory_order_acquire);
  }
}

absl::Status Committer::Flush() {
  for (;;) {
    Offset end;
    {
      MutexLock lock(mutex_);
      CatchUp();
      end = machine_.written();
    }
    Waiter waiter;
    Enter(waiter, end);
    absl::Status flushed = Wait(waiter);
    // What a cut has left may still have to be synced.
    if (ReasonOf(flushed) != Reason::kTruncated) return flushed;
  }
}

void Committer::CallWhenDurable(AppendResult result, AppendCallback done) {
  MutexLock lock(mutex_);
  CatchUp();
  const Offset end = result.next;
  Pending pending{std::move(result), std::move(done)};
  if (auto fate = FateOf(end)) {
    SettleAppend(std::move(pending), *std::move(fate));
  } else {
    pending_.push_back(std::move(pending));
  }
}

void Committer::CallNow(absl::StatusOr<AppendResult> outcome,
                        AppendCallback done) {
  MutexLock lock(mutex_);
  if (IsCallingBack()) {
    settled_.push_back({std::move(outcome), std::move(done)});
    return;
  }
  // Nothing has moved by that but what the append has told of.
  calling_back_.push_back(std::this_thread::get_id());
  mutex_.Unlock();
  done(std::move(outcome));
  done = nullptr;
  mutex_.Lock();
  std::erase(calling_back_, std::this_thread::get_id());
  if (!settled_.empty()) CallBack(std::exchange(settled_, {}));
}

void Committer::Serve() {
  MutexLock lock(mutex_);
  if (!settled_.empty()) DeliverSettled();
  while (pending_.size() >= kPendingMax && machine_.in_flight()) {
    idle_.Wait(mutex_);
  }
  if (pending_.empty() || machine_.in_flight()) return;
  ScheduleSync();
  if (pending_.size() >= kPendingMax && Begin()) Lead();
}

void Committer::SyncSoon() {
  MutexLock lock(mutex_);
  CatchUp();
  wanted_ = machine_.written();
  const int64_t waiting = machine_.written() - machine_.durable();
  if (machine_.in_flight() || waiting == 0 || ScheduleSync()) return;
  if (waiting >= kUnsyncedMax && Begin()) Lead();
}

absl::Status Committer::RunPending() {
  MutexLock lock(mutex_);
  scheduled_ = false;
  if (Begin()) Lead();
  return failure_;
}

void Committer::Truncated(Offset end) {
  MutexLock lock(mutex_);
  while (machine_.in_flight()) idle_.Wait(mutex_);
  CatchUp();
  machine_.Truncated(end);
  written_.store(machine_.written().value, std::memory_order_release);
  wanted_ = std::min(wanted_, end);
  durable_.store(machine_.durable().value, std::memory_order_release);
  Settle();
  WakeSettled();
}

void Committer::Fail(const absl::Status& cause) {
  MutexLock lock(mutex_);
  while (machine_.in_flight()) idle_.Wait(mutex_);
  if (failure_.ok()) failure_ = cause;
  failed_.store(true, std::memory_order_release);
  Settle();
  WakeSettled();
}

absl::Status Committer::SyncFailed(const absl::Status& synced) {
  if (IsSyncNotBegun(synced)) return synced;
  const absl::Status cause = NotKnownDurable(synced);
  Fail(cause);
  return cause;
}

void Committer::Deliver() {
  MutexLock lock(mutex_);
  DeliverSettled();
}

absl::Status Committer::status() const {
  if (!failed_.load(std::memory_order_acquire)) return absl::OkStatus();
  MutexLock lock(mutex_);
  return failure_;
}

bool Committer::Begin() {
  CatchUp();
  return failure_.ok() && machine_.Begin();
}

void Committer::Lead() {
  mutex_.Unlock();
  const absl::Status synced = hooks_.sync();
  mutex_.Lock();
  Missed missed;
  if (synced.ok()) {
    machine_.Synced();
    durable_.store(machine_.durable().value, std::memory_order_release);
  } else if (IsSyncNotBegun(synced)) {
    missed = {machine_.NotBegun(), synced};
    // Nor is it asked for any more: again and again it might come to nothing.
    if (wanted_ <= missed.end) wanted_ = machine_.durable();
  } else {
    machine_.SyncFailed();
    failure_ = NotKnownDurable(synced);
    failed_.store(true, std::memory_order_release);
  }
  Settle(missed);
  WakeSettled();
  DeliverSettled();
}

void Committer::Settle(const Missed& missed) {
  idle_.NotifyAll();
  // Whoever is not settled by this sync syncs next: waking all of them lets
  // the first lead and the rest wait again, so only one is woken.
  std::erase_if(waiters_,
                [&](Waiter* waiter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                  waiter->outcome_ = FateOf(waiter->end_, missed);
                  if (!waiter->outcome_) return false;
                  settled_waiters_.push_back(waiter);
                  return true;
                });
  if (!waiters_.empty()) {
    Waiter& next = *waiters_.front();
    Wake(next, Waiter::Call::kLead);
  }
  std::erase_if(pending_,
                [&](Pending& each) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                  auto fate = FateOf(each.result.next, missed);
                  if (!fate) return false;
                  SettleAppend(std::move(each), *std::move(fate));
                  return true;
                });
  // What was asked for during the sync needs another one.
  const bool is_wanted = !pending_.empty() || machine_.durable() < wanted_;
  if (is_wanted && failure_.ok() && waiters_.empty()) ScheduleSync();
}

void Committer::Wake(Waiter& waiter, Waiter::Call call) {
  std::atomic<Waiter::Call>& word = waiter.call_;
  // In the total order: the library looks whether anybody sleeps before it
  // wakes, and a look that overtook the store would miss who falls asleep.
  // After kSettled the waiter may be gone: of what follows only the address is
  // used, and that by the kernel.
  word.store(call, std::memory_order_seq_cst);
  word.notify_one();
}

void Committer::WakeSettled() {
  std::vector<Waiter*> settled = std::exchange(settled_waiters_, {});
  mutex_.Unlock();
  for (Waiter* waiter : settled) {
    Wake(*waiter, Waiter::Call::kSettled);
  }
  mutex_.Lock();
}

void Committer::DeliverSettled() {
  if (!IsCallingBack()) return CallBack(std::exchange(settled_, {}));
  mutex_.Unlock();
  hooks_.moved();
  mutex_.Lock();
}

void Committer::CallBack(std::vector<Settled> settled) {
  calling_back_.push_back(std::this_thread::get_id());
  do {
    mutex_.Unlock();
    hooks_.moved();
    for (Settled& each : settled) each.done(std::move(each.outcome));
    settled.clear();
    mutex_.Lock();
    settled.swap(settled_);
  } while (!settled.empty());
  std::erase(calling_back_, std::this_thread::get_id());
}

bool Committer::IsCallingBack() const {
  return std::ranges::find(calling_back_, std::this_thread::get_id()) !=
         calling_back_.end();
}

void Committer::SettleAppend(Pending append, absl::Status outcome) {
  if (outcome.ok()) {
    settled_.push_back({std::move(append.result), std::move(append.done)});
  } else {
    settled_.push_back({std::move(outcome), std::move(append.done)});
  }
}

std::optional<absl::Status> Committer::FateOf(Offset end,
                                              const Missed& missed) const {
  if (machine_.durable() >= end) return absl::OkStatus();
  if (!failure_.ok()) return failure_;
  if (machine_.written() < end) {
    return MakeError(Reason::kTruncated,
                     fmt::format("the records below offset {} were cut off "
                                 "before they were durable; the log now ends "
                                 "at {}",
                                 end.value, machine_.written().value));
  }
  if (missed.end >= end) return missed.why;
  return std::nullopt;
}

bool Committer::ScheduleSync() {
  if (!hooks_.schedule) return false;
  if (!std::exchange(scheduled_, true)) hooks_.schedule();
  return true;
}

}  // namespace cauce
