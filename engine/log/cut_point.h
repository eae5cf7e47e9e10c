// Where a log ends that is cut at an offset.
//
// Only whole batches go, so that may be below the offset. Nothing is changed
// here: whoever writes the log cuts its files. Reads the files of the segment
// in which the cut lies; for the partition's one writer.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/segment.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segment_set.h"

namespace cauce {

struct CutPoint {
  std::shared_ptr<Segment> last;  // the last segment of which anything stays
  ScannedSegment kept;            // what stays of it
  Offset end;
};

// Nothing where no batch ends above `offset`. Fails where what is to stay is
// damaged.
absl::StatusOr<std::optional<CutPoint>> FindCut(const SegmentSet& set,
                                                Offset offset);

}  // namespace cauce
