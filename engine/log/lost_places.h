// Where a partition that was surveyed lacks offsets that it should have: in
// bytes that are no whole batch, and between segments.
//
// In a topic that may have gaps what lies between segments is missed only where
// the last close, or an index that is left, knows of a segment there. Looks at
// names; changes nothing. For who has the directory to himself.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "engine/log/partition_check.h"
#include "engine/log/surveyed_segment.h"
#include "engine/log/unreadable_bytes.h"

namespace cauce {

struct LostPlace {
  size_t segment = 0;  // which one of those that were surveyed
  // Of them; null where it lies behind the segment.
  const UnreadableBytes* bytes = nullptr;
  OffsetRange lost;
};

// As they lie in the log; what was deleted, or never durable, is none. They
// point into `segments`, which are in the order of their bases.
absl::StatusOr<std::vector<LostPlace>> FindLostPlaces(
    FileSystem& files, const PartitionToCheck& partition,
    std::span<const SurveyedSegment> segments);

}  // namespace cauce
