#include "engine/facade/partition_log.h"

#include <utility>

#include "cauce/topic_name.h"

namespace cauce {

PartitionLog::PartitionLog(std::shared_ptr<Log> log)
    : name_(log->name()),
      is_internal_(IsInternalTopic(name_.topic)),
      awake_(log.get()),
      log_(std::move(log)) {}

PartitionLog::PartitionLog(TopicPartition name, const Bounds& dormant)
    : name_(std::move(name)),
      is_internal_(IsInternalTopic(name_.topic)),
      dormant_(dormant) {}

std::shared_ptr<Log> PartitionLog::Keep() const {
  // Once there is one it stays; and a child that was forked takes no lock.
  return awake() == nullptr ? nullptr : log_;
}

absl::Status PartitionLog::CheckSleeps() const {
  MutexLock lock(mutex_);
  return ended_;
}

void PartitionLog::Wake(std::shared_ptr<Log> log) {
  MutexLock lock(mutex_);
  if (log_ != nullptr || !ended_.ok()) return;
  log_ = std::move(log);
  awake_.store(log_.get(), std::memory_order_release);
}

void PartitionLog::End(const absl::Status& cause) {
  MutexLock lock(mutex_);
  ended_.Update(cause);
}

}  // namespace cauce
