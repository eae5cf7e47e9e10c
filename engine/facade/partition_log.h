// The log that the handles of a partition share: open, or dormant.
//
// A dormant one is as its last close has left it: nobody has changed its
// directory or its newest file since. What it costs are some hundred bytes. Its
// ends and its size are told from what that close noted; whoever wants more of
// it has the engine open it, which wakes it for all who have a handle. From
// then on it stays open as long as one of them is there. Thread-safe; Wake and
// End are for the engine, under its lock, which comes before this one's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/log/log.h"

namespace cauce {

class PartitionLog {
 public:
  // What is told of a dormant one.
  struct Bounds {
    Offset log_start;
    Offset log_end;  // all below is durable
    LeaderEpoch epoch;
    int64_t bytes = 0;
  };

  explicit PartitionLog(std::shared_ptr<Log> log);
  PartitionLog(TopicPartition name, const Bounds& dormant);

  const TopicPartition& name() const { return name_; }
  // Of a topic that a coordinator alone writes.
  bool is_internal() const { return is_internal_; }
  // Null while it is dormant. Lives as long as this.
  Log* awake() const { return awake_.load(std::memory_order_acquire); }
  // The same, to be kept.
  std::shared_ptr<Log> Keep() const ABSL_NO_THREAD_SAFETY_ANALYSIS;
  // As they were at first.
  const Bounds& dormant() const { return dormant_; }
  // OK while a dormant one may be woken; else why it cannot be any more.
  absl::Status CheckSleeps() const ABSL_LOCKS_EXCLUDED(mutex_);

  // It is open by now.
  void Wake(std::shared_ptr<Log> log) ABSL_LOCKS_EXCLUDED(mutex_);
  // A dormant one that nobody is to open any more.
  void End(const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const TopicPartition name_;
  const bool is_internal_;
  const Bounds dormant_;
  std::atomic<Log*> awake_ = nullptr;
  mutable Mutex mutex_;
  std::shared_ptr<Log> log_ ABSL_GUARDED_BY(mutex_);
  absl::Status ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
