// Which transactions of a partition may have ended in what its files lack, and
// what takes the place of their markers.
//
// Reads the logs once more, as they were surveyed, where anything is missing;
// and the lists of aborted transactions and the snapshots beside them, which
// may say what no batch does any more. Changes nothing. For who has the
// directory to himself, one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/repair.h"
#include "engine/log/partition_check.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

struct LostEnds {
  std::vector<EndedTransaction> ended;  // in the order of their markers
  std::vector<Finding> left;            // those for whose markers is no room
};

// `segments` are in the order of their bases.
absl::StatusOr<LostEnds> FindLostEnds(
    FileSystem& files, const PartitionToCheck& partition,
    std::span<const SurveyedSegment> segments);

}  // namespace cauce
