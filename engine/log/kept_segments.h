// Segments among what was set aside: `.cut` files that begin with a whole batch
// of which the log does not have all offsets, as where a recovery took a
// segment by another name for damage. (What else has the offsets by now may be
// the same records, or others: nobody can tell where they were compacted.)
//
// Nobody reads such a file, so a repair tells where its records are. Only
// looks; for who has the partition to himself.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "cauce/types.h"
#include "engine/log/surveyed_segment.h"

namespace cauce {

// A note of each in `directory`, with what to do about it. `segments` are the
// log's, in the order of their bases; what lies below `log_start` was deleted.
// One that cannot be read holds nothing.
absl::StatusOr<std::vector<Finding>> FindKeptSegments(
    FileSystem& files, std::string_view directory,
    std::span<const SurveyedSegment> segments, Offset log_start);

}  // namespace cauce
