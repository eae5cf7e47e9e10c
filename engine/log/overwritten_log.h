// A segment's file that somebody has overwritten from its start.
//
// An append that was torn leaves zeros there, or the first bytes of a batch
// that begins as the segment is called. Where other bytes stand, and the
// directory knows of records of the segment, those are gone, and it is no end
// of a log that may be cut there. Only looks; any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "engine/log/segment.h"

namespace cauce {

// What knows of records in the file at `place`, which begins with what no
// append leaves; nothing where it does not, or where nothing knows of any.
// NotFound where there is no such file.
absl::StatusOr<std::optional<std::string>> FindOverwritten(
    const SegmentPlace& place);

}  // namespace cauce
