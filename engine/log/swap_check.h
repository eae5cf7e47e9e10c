// What verify says of compacted logs that are about to take the place of
// segments, or were stopped at that: as long as they are, what is there makes
// no log.
//
// Only reads; a writer may be at work on the partition. Any thread.
#pragma once

#include <optional>
#include <span>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "cauce/inspect.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/segment.h"

namespace cauce {

// `place` is that of any segment, `swaps` are the bases of those that were
// complete, beside `logs`. Tells that they are there, and of damage to one that
// has no source any more, or to what the next opening for writing takes back in
// its place. Returns the offsets whose segments they take the place of: none
// where the next opening refuses them; nothing where no swap is there.
absl::StatusOr<std::optional<OffsetRange>> CheckSwaps(
    const SegmentPlace& place, std::span<const Offset> swaps,
    const NamedLogs& logs, absl::FunctionRef<void(const Finding&)> tell);

}  // namespace cauce
