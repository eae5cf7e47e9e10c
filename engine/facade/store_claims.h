// Which partitions are the changelog of a store that is open for writing: no
// two stores of a process write one, and no two change their topic at once.
// Thread-safe.
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

  // Held while an opening looks at the configs of a topic and alters them:
  // stores of its other partitions ask for something, too.
  Mutex& agreeing() ABSL_LOCK_RETURNED(agreeing_) { return agreeing_; }

 private:
  Mutex agreeing_;
  Mutex mutex_;
  std::map<TopicPartition, std::weak_ptr<const TopicPartition>> taken_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
