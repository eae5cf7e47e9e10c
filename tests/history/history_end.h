// What a history ends with, and what is looked at on its way: how far groups
// are, and what stands in each partition.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/client.h"
#include "cauce/consumer.h"
#include "cauce/engine.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "tests/history/history.h"

namespace cauce::test {

// How far the group is in "in", as a coordinator tells it within `patience`.
absl::StatusOr<OffsetsSeen> LookAtGroup(Client& client,
                                        const std::string& group,
                                        absl::Duration patience);

// Where a consumer is in the partitions of which it has read this: behind what
// nobody is shown, too.
OffsetsByPartition PositionsOf(Consumer& consumer, OffsetsByPartition read);

// All of a partition; an error also where its reader does not come to the end.
absl::StatusOr<LogRead> ReadWholeLog(Engine& engine, const TopicPartition& name,
                                     Isolation isolation);

}  // namespace cauce::test
