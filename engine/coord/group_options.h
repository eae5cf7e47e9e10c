// What bounds a classic consumer group: its members and the times that it
// waits for them. The defaults are Kafka's. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace cauce {

// A generation is stored with its assignment, and told before that. So members
// may know of some that the log does not, and what they say of those must never
// be taken for a new one's: a group that is loaded leaves out so many, and none
// is told that lies as far behind the last one stored.
inline constexpr int32_t kUnstoredGenerationsMax = 1'000;

struct GroupOptions {
  // The session time-outs that members of other processes may ask for.
  // group.min.session.timeout.ms and group.max.session.timeout.ms.
  absl::Duration session_timeout_min = absl::Seconds(6);
  absl::Duration session_timeout_max = absl::Minutes(30);
  // How long an empty group waits for more members than the first, and again
  // whenever one comes, up to the rebalance time-out.
  // group.initial.rebalance.delay.ms; in process zero.
  absl::Duration initial_rebalance_delay = absl::Seconds(3);
  // How many members it may have: group.max.size.
  size_t size_max = std::numeric_limits<int32_t>::max();
  // How many may have been given an id and not come with it yet.
  size_t expected_max = 10'000;
  // A new member cannot send heartbeats while its first join is waiting, and
  // may have given up meanwhile: it is kept for so long.
  absl::Duration new_member_join_timeout = absl::Minutes(5);
};

}  // namespace cauce
