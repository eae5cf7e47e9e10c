// What the headers of bytes that are no whole batch say of transactions that
// ended there. No CRC vouches for them: they are believed only where one
// follows the other from the first byte to the last.
//
// Only reads; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/unreadable_bytes.h"

namespace cauce {

// By producer id: the first batch of it that may be a marker.
using SeenEnds = std::map<int64_t, Offset>;

// Of `bytes` of `file`, in place of which `lost` are missing. Nothing where the
// headers do not say what all of them were.
absl::StatusOr<std::optional<SeenEnds>> SeeEnds(const File& file,
                                                const UnreadableBytes& bytes,
                                                const OffsetRange& lost,
                                                bool may_have_gaps);

}  // namespace cauce
