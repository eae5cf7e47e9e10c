// What is missing of a log that may have gaps: segments whose files are gone
// from between others, or have lost their ends, and that nobody deleted. In
// other logs a gap tells of itself.
//
// Two things know of them: what was noted by a close, as long as nobody has
// opened the directory since; and an index that stands without its log. Both
// hold beside a writer at work: the mark of the close goes before it changes
// anything, and it puts segments in others' place, or deletes them, in such an
// order that an index stands alone between two segments only while a `.swap` is
// there. Looks at names and sizes, and changes nothing; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment.h"

namespace cauce {

struct MissingHints {
  // What the last close has noted, as long as it counts; nothing from then on.
  // May be null.
  std::function<std::optional<KnownLog>()> known_now;
  // As saved by now: a writer moves the start before it deletes.
  std::function<absl::StatusOr<LogBounds>()> bounds_now;
};

// In the order of their offsets; some may be told twice. NotFound where the
// directory is gone.
absl::StatusOr<std::vector<MissingPart>> LookForMissing(
    const SegmentPlace& place, const MissingHints& hints);

// `missing`, and what the indexes without a log tell besides, whose bases are
// `orphans`: those that lie between segments, which begin at `bases`. All are
// sorted.
std::vector<MissingPart> WithOrphans(std::vector<MissingPart> missing,
                                     const std::vector<Offset>& orphans,
                                     const std::vector<Offset>& bases);

// Whether any offset of `range` is among those.
bool Misses(const std::vector<MissingPart>& missing, const OffsetRange& range);

// What to say of it where the log is opened, its path and all.
std::string DescribeMissing(const SegmentPlace& place, const MissingPart& part);

}  // namespace cauce
