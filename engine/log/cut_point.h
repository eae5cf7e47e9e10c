// Where a log ends that is cut at an offset.
//
// Only whole batches go, so that may be below the offset; never above it.
// Where the offset lies in a gap that compaction left, the log ends there all
// the same, in a segment that begins there: offsets below it were given out and
// must not be again. (A stop within such a cut may leave the end where the
// batches in front do, or those that had not gone yet.) Nothing is changed
// here: whoever writes the log cuts its files. Reads the files of the
// segment in which the cut lies; for the partition's one writer.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/segment.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segment_set.h"

namespace cauce {

struct CutPoint {
  std::shared_ptr<Segment> last;  // the last segment that stays
  ScannedSegment kept;            // what stays of it
  Offset end;                     // at or behind the last batch that stays

  // Whether the files alone would not tell where the log ends.
  bool leaves_gap() const { return kept.next < end; }
};

// `log_start` is what the log may not end below. Fails where what is to stay
// of the segment is damaged.
absl::StatusOr<CutPoint> FindCut(const SegmentSet& set, Offset offset,
                                 Offset log_start);

}  // namespace cauce
