// When a log whose passes of compaction fail is tried again: a full disk or one
// that fails is read over and over otherwise, for nothing.
//
// Each failure in a row waits twice as long as the one before, from kFirst to
// kLongest: room that somebody makes is used that soon. Pure, by monotonic
// time; holds an entry for each log that has failed since it was compacted
// last. For one thread at a time.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "cauce/types.h"
#include "engine/base/doubling_wait.h"

namespace cauce {

class PassBackoff {
 public:
  static constexpr absl::Duration kFirst = absl::Seconds(15);
  static constexpr absl::Duration kLongest = absl::Minutes(16);

  void Failed(const TopicPartition& partition, absl::Duration now);
  void Succeeded(const TopicPartition& partition);
  // The topic's logs have ended.
  void Drop(const std::string& topic);

  bool MayTry(const TopicPartition& partition, absl::Duration now) const;

 private:
  struct Wait {
    DoublingWait length = {kFirst, kLongest};
    absl::Duration until;
  };
  std::map<TopicPartition, Wait> waits_;
};

}  // namespace cauce
