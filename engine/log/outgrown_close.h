// Whether a log has gone on behind the close that is noted of it, though the
// mark says that nobody has opened it since: then the mark and what it names
// are older than the log, as small files are that were put back from a copy.
//
// Goes by the last segment of that close, which has grown, and by those behind
// it: batch for batch they continue it and each other, and the files are named
// by that. Another log's files would have to fit its very last byte and
// offset. A single file that has grown proves less. Only looks; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/segment.h"

namespace cauce {

// Up to where; nothing where no segment behind the close confirms it. `place`
// is that of any segment. Reads what lies behind the close, where it has grown.
absl::StatusOr<std::optional<Offset>> FindOutgrown(const SegmentPlace& place,
                                                   const KnownLog& known);

// What to say of such a log, and what to do about it.
std::string DescribeOutgrown(Offset end, Offset closed);
inline constexpr std::string_view kOutgrownAdvice =
    "nothing is lost: the next opening for writing, or cauce log repair, goes "
    "by the log; put no small file of a data directory back by itself";

}  // namespace cauce
