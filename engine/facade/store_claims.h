// Which partitions are the changelog of a store that is open for writing: no
// two stores of a process write one. Thread-safe.
#pragma once

#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"

namespace cauce {

class StoreClaims {
 public:
  // Lasts as long as what is returned; null where somebody has it.
  std::shared_ptr<const void> Take(const TopicPartition& changelog)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Mutex mutex_;
  std::map<TopicPartition, std::weak_ptr<const TopicPartition>> taken_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
