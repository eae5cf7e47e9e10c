// Where segments belong whose files have wrong names, between those that have
// right ones, and in which order they get theirs.
//
// Nothing is changed. Any thread.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "cauce/types.h"
#include "engine/log/partition_logs.h"
#include "engine/log/stray_files.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

// Notes where the first batch of the segment begins, if that is not known.
absl::Status FindFirst(const PartitionLogs& logs, SurveyedSegment& segment);

// Each of `misnamed` goes where its batches belong in `segments`, which are in
// the order of their bases, if it fits between the others; else aside.
absl::Status PlaceMisnamed(const PartitionLogs& logs,
                           std::vector<SurveyedSegment> misnamed,
                           std::vector<SurveyedSegment>& segments,
                           StrayFiles& strays);

// Returns the bases of those whose file is to be called otherwise, in an order
// in which each name is free: of those that go in a circle one waits.
std::vector<Offset> OrderFileNames(std::vector<SurveyedSegment>& segments,
                                   StrayFiles& strays);

}  // namespace cauce
