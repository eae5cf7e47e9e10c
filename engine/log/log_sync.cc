// How what a Log has written becomes durable, and who is told up to where.
#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/log.h"

namespace cauce {
namespace {

// How many bytes of a log are synced before its recovery point is moved: so
// little that a thousand logs together leave little, so much that it is not
// done with every sync.
constexpr int64_t kNotedBytes = 64 << 10;

// And before its index is saved, from which the scan after a kill goes on: each
// time costs a sync, and a scan of so much a few milliseconds.
constexpr int64_t kIndexSavedBytes = 32 << 20;

}  // namespace

Committer::Hooks Log::CommitterHooks() {
  Committer::Hooks hooks;
  hooks.sync = [this] {
    const Offset end = log_end();
    const int64_t appended = appended_bytes_.load(std::memory_order_relaxed);
    CAUCE_RETURN_IF_ERROR(segments_.Sync());
    producers_.SyncAborted();
    NoteSynced(end, appended);
    return absl::OkStatus();
  };
  hooks.moved = [this] { WakeWaiters(); };
  if (environment_->executor != nullptr) {
    hooks.schedule = [this] {
      // The log may be closed and gone by the time the task runs.
      environment_->executor->Schedule([weak = weak_from_this()] {
        // Whoever waits for the sync learns of its failure, and so does the
        // next append.
        if (const auto log = weak.lock()) {
          log->committer_.RunPending().IgnoreError();
        }
      });
    };
  }
  return hooks;
}

void Log::NoteSynced(Offset end, int64_t appended) {
  if (!environment_->note_work) return;
  // A cut, which holds the lock, waits for this sync, and takes the recovery
  // point back itself. Whoever else holds it lets the next sync tell.
  // So does one that comes before what tells of the epochs and transactions
  // below its point is saved.
  if (OwesFiles()) return;
  if (!ends_mutex_.TryLock()) return;
  const auto sealed = segments_.TakeSynced();
  const int64_t bytes = appended - noted_bytes_;
  const bool is_worth_it = sealed || bytes >= kNotedBytes;
  if (is_worth_it) Note(std::max(committer_.durable(), end));
  ends_mutex_.Unlock();
  if (!is_worth_it) return;
  noted_bytes_ = appended;
  RecoveryWork work{.bytes = bytes};
  if (sealed) {
    // A large one is noted at once: what lies above the point in one that is
    // sealed is scanned whole.
    work.bytes = std::max(bytes, *sealed);
    work.segments = 1;
  }
  const bool save_bounds = environment_->note_work(work);
  const bool save_index = appended - index_saved_bytes_ >= kIndexSavedBytes;
  if (save_index) index_saved_bytes_ = appended;
  if (save_bounds) SaveNotedAside();
  if (save_index) RunAside([](Log& log) { log.SaveLiveIndex(); });
}

void Log::SaveNotedAside() {
  if (environment_->executor == nullptr) return environment_->save_noted();
  // Also where this log is gone by then: nobody else is asked to.
  environment_->executor->Schedule(
      [environment = environment_] { environment->save_noted(); });
}

void Log::RunAside(void (*task)(Log&)) {
  if (environment_->executor == nullptr) return task(*this);
  environment_->executor->Schedule([weak = weak_from_this(), task] {
    if (const auto log = weak.lock()) task(*log);
  });
}

void Log::SaveLiveIndex() {
  const absl::Status saved = segments()->active()->SaveLiveIndex();
  // What it would have spared after a kill is then done again.
  if (!saved.ok() && environment_->events) {
    environment_->events(Severity::kWarning, MessageOf(saved));
  }
}

absl::Status Log::Await(Ack ack) {
  return WaitsForSync(ack) ? committer_.Flush() : absl::OkStatus();
}

absl::Status Log::Flush() {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (read_only_) return absl::OkStatus();
  // Before the sync: what is written during it begins a new time.
  unsynced_since_ = kNothingUnsynced;
  return committer_.Flush();
}

absl::Status Log::FlushAsConfigured(Offset end) {
  const auto topic = config();
  if (topic->flush_messages &&
      end - committer_.durable() >= *topic->flush_messages) {
    return Flush();
  }
  if (!topic->flush_interval) return absl::OkStatus();
  if (environment_->executor == nullptr) {
    return FlushIfDue(*topic->flush_interval);
  }
  if (flush_timer_set_.exchange(true)) return absl::OkStatus();
  environment_->executor->ScheduleAfter(*topic->flush_interval,
                                        [weak = weak_from_this()] {
                                          const auto log = weak.lock();
                                          if (log == nullptr) return;
                                          log->flush_timer_set_ = false;
                                          // Also where another's sync is under
                                          // way, which may have begun before
                                          // what this one is for was written.
                                          log->committer_.SyncSoon();
                                        });
  return absl::OkStatus();
}

absl::Status Log::FlushIfDue(absl::Duration interval) {
  const int64_t now =
      absl::ToInt64Nanoseconds(environment_->clock->Monotonic());
  int64_t since = kNothingUnsynced;
  if (unsynced_since_.compare_exchange_strong(since, now)) since = now;
  return absl::Nanoseconds(now - since) < interval ? absl::OkStatus() : Flush();
}

absl::Status Log::NoteBounds() {
  MutexLock lock(ends_mutex_);
  // What was durable before a cut that failed halfway may be gone.
  CAUCE_RETURN_IF_ERROR(CheckSound());
  {
    MutexLock writer(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(epochs_.SaveOwed());
    CAUCE_RETURN_IF_ERROR(producers_.SettleOwed(range()));
  }
  Note(RecoveryPoint());
  return absl::OkStatus();
}

absl::Status Log::NoteFoundStart() {
  CAUCE_RETURN_IF_ERROR(CheckSound());
  {
    MutexLock lock(ends_mutex_);
    saved_start_ = log_start();
  }
  return NoteBounds();
}

LogBounds Log::bounds() const {
  MutexLock lock(ends_mutex_);
  return {RecoveryPoint(), saved_start_};
}

Offset Log::RecoveryPoint() const {
  const Offset durable = durable_end();
  if (read_only_) return durable;
  MutexLock lock(writer_mutex_);
  return writer_->is_settled() ? durable : std::min(durable, unsettled_from_);
}

void Log::Note(Offset recovery_point) {
  environment_->note_bounds(name_, {recovery_point, saved_start_});
}

}  // namespace cauce
