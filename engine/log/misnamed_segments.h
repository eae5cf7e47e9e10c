// Segments that bear another one's name: their batches cannot stand where they
// say, and could in a segment that begins with the first of them.
//
// No CRC covers a batch's base offset, so a first batch that disagrees with its
// file's name shows one of the two to be wrong, and not which. The name is the
// wrong one only where more speaks for the batch: the batch behind it, names
// that went round in a circle, and else the neighbours of either place and the
// saved ends of the log. Where as much speaks for the name the batch is damage:
// taken out, it is missed and told; at a wrong offset nobody would notice.
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
