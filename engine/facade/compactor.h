// Runs passes of compaction: one at a time for a whole engine, in pieces, the
// dirtiest log first.
//
// Who has time lends it by Work; nobody sleeps here: a pass that has used up
// what it may read and write in a second says how long to wait. Where a pass
// fails it is told, and tried again once somebody wants it again. After
// Stop() nothing is read or written any more. Thread-safe. Its lock for work is
// held while files are read and written and is taken under the engine's, never
// the other way round: who works looks, between two pieces, whether the engine
// or the log has ended. Nor does a callback of an append, which may want the
// engine's, run under it: a log is flushed before, and delivers after.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/compaction.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/facade/pass_backoff.h"
#include "engine/log/compaction.h"
#include "engine/log/log.h"

namespace cauce {

struct CompactorLimits {
  int64_t memory_bytes_max = 0;
  // Read and written together; 0 means no limit.
  int64_t bytes_per_second_max = 0;
};

class Compactor {
 public:
  // `clock` is borrowed.
  Compactor(Clock& clock, EventSink events, const CompactorLimits& limits);
  ~Compactor();

  // A log is to be compacted; again only updates how dirty it is. One whose
  // passes failed is not, until its wait is over.
  void Want(const TopicPartition& partition, double dirty_ratio);
  // The one that is to be begun next; nothing while a pass is under way. It is
  // wanted no more then.
  std::optional<TopicPartition> TakeNext();

  // Begins a pass over `log`, which is flushed first, unless one is under way
  // or none is due. Waits for nobody who works: where another call does it is
  // left to the next look.
  absl::Status Begin(std::shared_ptr<Log> log, absl::Time now)
      ABSL_LOCKS_EXCLUDED(working_, mutex_);

  // Goes on with the pass until monotonic time `until`, by a piece at least.
  struct Worked {
    absl::Status status;   // of a pass that failed
    bool goes_on = false;  // there is more to do
    absl::Duration wait;   // before there is, by the throttle
  };
  Worked Work(absl::Duration until) ABSL_LOCKS_EXCLUDED(working_, mutex_);

  // Passes over `log` until nothing is dirty but what must not be touched, at
  // once and in this call, whatever the throttle is. A pass over it that is
  // under way is given up, and one over another log waits meanwhile. Damage
  // that was met is an error, and so is what is missing.
  absl::StatusOr<CompactionTotals> CompactNow(const std::shared_ptr<Log>& log,
                                              absl::Time now)
      ABSL_LOCKS_EXCLUDED(working_, mutex_);

  // The topic's logs have ended: returns once nothing is written there.
  void Drop(const std::string& topic) ABSL_LOCKS_EXCLUDED(working_, mutex_);
  // Ends the pass that is under way, and lets nobody begin another.
  void Stop() ABSL_LOCKS_EXCLUDED(working_, mutex_);

  CompactionStatus status() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Job {
    std::shared_ptr<Log> log;
    std::unique_ptr<Compaction> pass;
    CompactionTotals counted;  // of the pass, that are in the totals
  };

  CompactionOrder OrderFor(absl::Time now) const;
  absl::Status BeginJob(std::shared_ptr<Log> log, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(working_) ABSL_LOCKS_EXCLUDED(mutex_);
  // The pass that is under way is over, or given up.
  void DropJob() ABSL_EXCLUSIVE_LOCKS_REQUIRED(working_)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // CompactNow of what is sealed and durable.
  absl::StatusOr<CompactionTotals> InPlaceOfOthers(
      const std::shared_ptr<Log>& log, absl::Time now)
      ABSL_LOCKS_EXCLUDED(working_, mutex_);
  // The same with nothing else under way.
  absl::StatusOr<CompactionTotals> PassOver(const std::shared_ptr<Log>& log,
                                            absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(working_) ABSL_LOCKS_EXCLUDED(mutex_);
  // A piece of the job; true once it is over.
  absl::StatusOr<bool> WorkAt(Job& job, int64_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(working_) ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t PieceBytes() const;
  void Publish(Job& job) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetRunning(const Job* job) ABSL_LOCKS_EXCLUDED(mutex_);
  // Counts it, and tells the event sink unless it did so last time.
  void NoteFailure(const TopicPartition& partition, const absl::Status& failure)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Duration WaitFor(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(working_);

  Clock& clock_;
  const EventSink events_;
  const CompactorLimits limits_;
  std::atomic<bool> stopped_ = false;

  Mutex working_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::optional<Job> job_ ABSL_GUARDED_BY(working_);
  // Monotonic: from then on more may be read and written.
  absl::Duration free_from_ ABSL_GUARDED_BY(working_);

  mutable Mutex mutex_;
  struct Wanted {
    TopicPartition partition;
    double dirty_ratio;
  };
  std::vector<Wanted> wanted_ ABSL_GUARDED_BY(mutex_);
  CompactionStatus status_ ABSL_GUARDED_BY(mutex_);
  bool told_failure_ ABSL_GUARDED_BY(mutex_) = false;
  PassBackoff backoff_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
