// Whose each partition is by what the members of a group say they own.
//
// Of two claims that of the newer generation holds: the other member missed a
// rebalance that took the partition from it. Two claims of one generation
// contradict each other, and neither holds. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/coord/division.h"

namespace cauce {

// Places in Division::members, and two words beside them.
inline constexpr size_t kUnclaimed = static_cast<size_t>(-1);
inline constexpr size_t kContested = static_cast<size_t>(-2);

// By the place of a topic in Division::topics and the partition's number. A
// claim stands here though its member no longer subscribes to the topic.
using PartitionClaims = std::vector<std::vector<size_t>>;

PartitionClaims ClaimsOf(const Division& division);

}  // namespace cauce
