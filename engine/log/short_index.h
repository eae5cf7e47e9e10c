// Whether the index files of a segment that is too short for an entry may stay
// as they are.
//
// A close adds a time entry behind the last batch; what is appended later makes
// it one too many, and no less true. Who goes on in such a segment after a kill
// need not make the files anew before the next close does, which on some disks
// costs a thousand times what it takes to look at them.
#pragma once

#include "absl/status/statusor.h"
#include "engine/log/segment.h"
#include "engine/log/segment_index.h"

namespace cauce {

// Of `segment`, whose batches were found whole and gave `index`: whether that
// has no entry, and the files are absent both, or hold nothing but, at most,
// the entry of a close that the batches confirm.
absl::StatusOr<bool> ShortIndexHolds(Segment& segment,
                                     const SegmentIndex& index);

}  // namespace cauce
