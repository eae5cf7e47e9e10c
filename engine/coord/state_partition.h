// Which partition of an internal topic keeps the state of a group or of a
// transactional id: by Kafka's rule, so that a broker finds it there. Pure: any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "cauce/types.h"

namespace cauce {

// Java's String.hashCode of `text`, which is UTF-8. A byte that is none counts
// as the character that Java reads there.
int32_t JavaHashOf(std::string_view text);

// Of `partitions`, at least one.
PartitionId StatePartitionOf(std::string_view id, int32_t partitions);

}  // namespace cauce
