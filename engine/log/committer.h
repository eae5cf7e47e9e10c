// Makes a log durable for all who wait for it, with as few syncs as will do.
//
// Drives the GroupCommit machine: whoever finds something unsynced and nobody
// syncing syncs, for everybody; the others wait or are called back. Blocking
// waiters sync in their own thread; callbacks are served by the executor
// where there is one, else by the next waiter, flush or full queue. What a
// callback's own appends are called back with waits until it has returned: one
// thread is in one callback at a time.
// Thread-safe. Lock order: a log's locks for its files, then this one's; the
// sync and all callbacks run without it.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/log/group_commit.h"

namespace cauce {

class Committer {
 public:
  // What the owner does. `sync` makes everything durable that was reported as
  // written before it was called; one call at a time. Where it was not begun
  // (SyncNotBegun) those whom it was for fail, and nobody else: the next sync
  // tries again. `moved` is told after
  // durable() grew. `schedule` asks for a call of RunPending() in the
  // background; absent where nothing runs there.
  struct Hooks {
    absl::AnyInvocable<absl::Status()> sync;
    absl::AnyInvocable<void()> moved;
    absl::AnyInvocable<void()> schedule;
  };

  Committer(Offset durable, Hooks hooks);

  // A place among those who wait for what they wrote. It stays where it is
  // from Enter() to the return of Wait(), and is for one thread.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   private:
    friend class Committer;
    enum class Call { kNone, kLead, kSettled };
    Offset end_;
    // Set when it is known: later appends must not change it.
    std::optional<absl::Status> outcome_;
    // What it is woken for. Sleeping on it, and not on a condition of the
    // committer's lock, spares each of those who wake together from waiting for
    // that lock once more. After kSettled it may be gone.
    std::atomic<Call> call_ = Call::kNone;
  };

  // The log now ends at `end`. In the order of the writes, with the owner's
  // lock for them. Takes none itself: what is written without anybody who waits
  // is looked at when somebody asks.
  void Written(Offset end) {
    written_.store(end.value, std::memory_order_release);
  }

  // Takes a place for what was written last, up to `end`. With the owner's
  // locks, so that no cut comes in between: what is written in the place of
  // what was cut is another's. Wait() must follow, without them; it returns
  // once everything below `end` is durable. Reason::kDiskFailed when that
  // cannot be said any more; kTruncated when it was cut off; the error of a
  // sync for it that was not begun.
  void Enter(Waiter& waiter, Offset end) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Wait(Waiter& waiter) ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns once everything that was written before the call, and was not cut
  // off since, is durable.
  absl::Status Flush() ABSL_LOCKS_EXCLUDED(mutex_);

  // As Enter(): `done` is called with `result`, which was written last, once
  // everything below result.next is durable, or with an error. Serve() must
  // follow, without the owner's locks.
  void CallWhenDurable(AppendResult result, AppendCallback done)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `done` with `outcome`, which is known already. Without the owner's
  // locks.
  void CallNow(absl::StatusOr<AppendResult> outcome, AppendCallback done)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Sees to it that callbacks are served: now, where they are due or too many
  // wait, else in the background where something runs there.
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);

  // Has what is written synced without waiting for it. Where nobody syncs in
  // the background it is done here once many records wait.
  void SyncSoon() ABSL_LOCKS_EXCLUDED(mutex_);

  // Syncs once, unless somebody does or nothing is unsynced. What is asked for
  // meanwhile is scheduled: the thread is not kept from others' work.
  absl::Status RunPending() ABSL_LOCKS_EXCLUDED(mutex_);

  // The log was cut back to `end`, or will never grow again because of
  // `cause`: those who wait for more fail. Waits for a sync under way; after
  // Fail() there is none any more. The owner may hold its locks: callbacks are
  // left to Deliver().
  void Truncated(Offset end) ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mutex_);
  // A sync that the owner ran by itself has failed, as Hooks::sync might have:
  // what Fail() then says, which is returned. Deliver() follows. One that was
  // not begun fails nobody else.
  absl::Status SyncFailed(const absl::Status& synced)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls back everybody whose fate is known by now. Without the owner's
  // locks, since a callback may append.
  void Deliver() ABSL_LOCKS_EXCLUDED(mutex_);

  Offset durable() const { return {durable_.load(std::memory_order_acquire)}; }
  // Why nothing becomes durable any more; OK while it does.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Pending {
    AppendResult result;
    AppendCallback done;
  };
  struct Settled {
    absl::StatusOr<AppendResult> outcome;
    AppendCallback done;
  };
  // Tells the machine what was written by now.
  void CatchUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether a sync is due that the caller is to Lead(); never after a failure.
  bool Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs the sync that Begin() has begun.
  void Lead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A sync that was not begun, and up to where it would have covered all.
  struct Missed {
    Offset end;
    absl::Status why;
  };
  // Decides the fate of everybody of whom it is known.
  void Settle(const Missed& missed = {}) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Wake(Waiter& waiter, Waiter::Call call);
  // Wakes the waiters among them. Lets go of the lock for that.
  void WakeSettled() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls back those whose fate is decided; within a callback that is left to
  // whoever called it. Lets go of the lock for that.
  void DeliverSettled() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls back `settled`, and then those whose fate was decided meanwhile.
  void CallBack(std::vector<Settled> settled)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether a callback has called us.
  bool IsCallingBack() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SettleAppend(Pending append, absl::Status outcome)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How it ends for who waits up to `end`; nothing while nobody knows.
  std::optional<absl::Status> FateOf(Offset end,
                                     const Missed& missed = {}) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Has somebody sync in the background. Returns false where nobody does.
  bool ScheduleSync() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Hooks hooks_;
  mutable Mutex mutex_;
  GroupCommit machine_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<Pending> pending_ ABSL_GUARDED_BY(mutex_);
  std::vector<Settled> settled_ ABSL_GUARDED_BY(mutex_);  // not yet told
  // Who calls back. A callback may append, and must not be called again from
  // within that: there may be any number of such appends, and of stack there
  // is little.
  std::vector<std::thread::id> calling_back_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiter*> settled_waiters_ ABSL_GUARDED_BY(mutex_);  // not woken
  CondVar idle_;  // no sync is under way
  // SyncSoon() was called up to here. What was written without it or a waiter
  // is not worth a sync of its own.
  Offset wanted_ ABSL_GUARDED_BY(mutex_);
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  // Grows with the owner's lock for writes, under which it is cut as well.
  std::atomic<int64_t> written_;
  std::atomic<int64_t> durable_;
  std::atomic<bool> failed_ = false;  // failure_ is not OK
};

}  // namespace cauce
