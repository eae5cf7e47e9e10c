// When each partition that is not open has to be looked at again.
//
// Nothing changes in a log that nobody has open but its age. So retention has
// to open one only to see it once, and again when its oldest segment has come
// of age. Pure: no files, and time is an argument. Not thread-safe: the engine
// locks.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"

namespace cauce {

class UpkeepAgenda {
 public:
  // Whether retention may have something to do; one that was never looked at
  // always may.
  bool IsDue(const TopicPartition& partition, absl::Time now) const;

  // It was looked at, and has nothing to do before `next`.
  void Looked(const TopicPartition& partition, absl::Time next);

  // What was known holds no more: the log is opened, its topic has other
  // configs or is gone.
  void Forget(const TopicPartition& partition);
  void Forget(const std::string& topic);

 private:
  std::map<TopicPartition, absl::Time> next_;
};

// Whether the topic's retention ever deletes anything.
bool MayDelete(const TopicConfig& config);

}  // namespace cauce
