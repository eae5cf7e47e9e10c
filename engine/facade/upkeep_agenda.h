// When each partition that is not open has to be looked at again.
//
// Nothing changes in a log that nobody has open but its age. So retention has
// to open one when its oldest segment has come of age, and once to see it where
// its last close has not noted when that is. Pure: no files, and time is an
// argument. Not thread-safe: the engine locks.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"

namespace cauce {

class UpkeepAgenda {
 public:
  // Whether retention may have something to do; one that was never looked at
  // always may.
  bool IsDue(const TopicPartition& partition, absl::Time now) const;

  // A look at it begins: it is due until Looked says otherwise. Only for a log
  // that nobody has a handle of, so that whoever may change it is told of by
  // Forget.
  using Look = int64_t;
  Look Begin(const TopicPartition& partition);

  // That look found nothing to do before `next`. It is not believed if Forget
  // or another Begin came since.
  void Looked(const TopicPartition& partition, Look look, absl::Time next);

  // What was known holds no more, nor what a look on its way has seen: the log
  // is opened, its topic has other configs or is gone.
  void Forget(const TopicPartition& partition);
  void Forget(const std::string& topic);

 private:
  struct Entry {
    Look look;
    absl::Time next;
  };

  std::map<TopicPartition, Entry> entries_;
  Look last_look_ = 0;
};

// Whether the topic's retention ever deletes anything.
bool MayDelete(const TopicConfig& config);

// When there would first be something to do in a log that was closed as `known`
// says and begins at `log_start`; infinitely early where that takes a look at
// its files, as what is to be compacted does.
absl::Time NextLook(const KnownLog& known, Offset log_start,
                    const TopicConfig& config);

}  // namespace cauce
