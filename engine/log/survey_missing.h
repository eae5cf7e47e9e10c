// What is missing of a partition that was surveyed, by what its last close has
// noted. Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "engine/catalog/known_log.h"
#include "engine/log/partition_check.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

// Where it has the files `there`, of which `segments` were surveyed. Both are
// in the order of their bases.
std::vector<MissingPart> MissingOf(const PartitionToCheck& partition,
                                   std::span<const SurveyedSegment> segments,
                                   std::span<const KnownSegment> there);

}  // namespace cauce
