// Segments that bear another one's name: their batches cannot stand where they
// say, and could in a segment that begins with the first of them.
//
// Nothing is changed. Any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/partition_logs.h"
#include "engine/log/segment_survey.h"

namespace cauce {

struct MisnamedSegment {
  Offset named;        // what its file is called by
  Offset base;         // where its first batch begins
  SegmentSurvey read;  // as a segment of that base
};

// `bases` are those of the partition's logs, smallest first. Returns the last
// one first.
absl::StatusOr<std::vector<MisnamedSegment>> FindMisnamed(
    const PartitionLogs& logs, std::vector<Offset> bases);

}  // namespace cauce
