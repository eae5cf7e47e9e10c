// Segments without a byte whose indexes lead to batches: somebody has emptied
// them, and what they held is gone. In a log that may have gaps nothing else
// tells of that once it is forgotten what the last close has noted.
//
// No writer leaves that between others where it counts: it rolls from a segment
// that holds something, and takes the indexes away first of one that it cuts.
// Only looks; any thread.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment.h"

namespace cauce {

// The bases of those of `there`, the files in the order of their bases, but the
// last one. `place` is that of any segment. Opens no file where none is empty;
// an index that cannot be read tells nothing.
absl::StatusOr<std::vector<Offset>> FindEmptied(
    const SegmentPlace& place, std::span<const KnownSegment> there);

}  // namespace cauce
