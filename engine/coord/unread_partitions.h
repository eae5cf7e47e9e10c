// Partitions of a coordinator's log that could not be read: why, and when they
// are tried again.
//
// Who asks meanwhile is told why, so that nobody who comes again and again has
// a damaged partition read as often. Each failure in a row counts for twice as
// long as the one before, from kFirst to kLongest. Pure; not thread-safe.
#pragma once

#include <map>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/types.h"
#include "engine/base/doubling_wait.h"

namespace cauce {

class UnreadPartitions {
 public:
  static constexpr absl::Duration kFirst = absl::Seconds(1);
  static constexpr absl::Duration kLongest = absl::Minutes(1);

  void Failed(PartitionId partition, const absl::Status& why, absl::Time now);
  void Succeeded(PartitionId partition) { unread_.erase(partition); }

  // Why it could not be read, where that was tried; OK otherwise.
  absl::Status WhyUnread(PartitionId partition) const;
  // The same where it is not to be tried again yet.
  absl::Status CheckMayTry(PartitionId partition, absl::Time now) const;

 private:
  struct Unread {
    absl::Status why;
    DoublingWait wait = {kFirst, kLongest};
    absl::Time until;
  };
  std::map<PartitionId, Unread> unread_;
};

}  // namespace cauce
