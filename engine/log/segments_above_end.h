// Files that are called like segments above the end of a log that was closed.
//
// A close saves where the log ends. A segment that begins there may be empty,
// but none begins behind it: a log that went on in such a file would leave out
// all offsets up to its name. Only looks; any thread.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/segment.h"

namespace cauce {

// How many of `bases`, smallest first, are no segments of a log that was closed
// at `end`: they are the last ones, hold no batch, and the one in front of them
// ends there. None where that is not so, since then the saved end may be wrong.
// `place` is that of any segment. Opens no file where nothing lies above.
absl::StatusOr<size_t> CountAboveEnd(const SegmentPlace& place,
                                     std::span<const Offset> bases, Offset end);

}  // namespace cauce
