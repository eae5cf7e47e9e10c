// The segments that stand in a partition's directory, and where each ends.
// Only looks; may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/segment.h"
#include "engine/log/segment_scan.h"

namespace cauce {

// The base offsets of the .log files, smallest first.
absl::StatusOr<std::vector<Offset>> ListSegmentBases(const SegmentPlace& place);

// How large the log of a segment is that others follow. Zero where a link
// stands in its place, which is not followed: whoever reads there is told of
// it, and all other segments are read. NotFound where there is none.
absl::StatusOr<int64_t> SealedBytes(const SegmentPlace& place);

// Finds where the segment at `place` ends, by way of its indexes where they
// can be believed, by scanning all of it where not. The log was durable up to
// `durable` once.
absl::StatusOr<ScannedSegment> ScanEnd(const SegmentPlace& place,
                                       Offset durable);

// The same of one that a clean stop has left as `segment` says, which keeps its
// file open; with a look at the log alone where that is short. Nothing where
// the file is not so long by now, or is none.
absl::StatusOr<std::optional<ScannedSegment>> ScanKnownEnd(Segment& segment,
                                                           Offset durable);

// Where the first batch of the log at `place` says that it begins; nothing
// where that one is not whole. Fails where the file cannot be read.
absl::StatusOr<std::optional<Offset>> FirstBatchOffset(
    const SegmentPlace& place);

}  // namespace cauce
