// What is missing of a log that may have gaps: segments whose files are gone
// from between others, or have lost their ends, and that nobody deleted. In
// other logs a gap tells of itself.
//
// What was noted by a close knows of them, and an index that stands without its
// log, or beside an empty one. All hold beside a writer and after it was
// killed: of what the close has noted only that counts which no writer can have
// done since, and one puts segments in others' place, or deletes them, in such
// an order that a segment, or an index, is without what follows from it only
// while a `.swap` is there. Looks at names, sizes and ends, and changes
// nothing; any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment.h"

namespace cauce {

struct MissingHints {
  // What the last close has noted, as far as it counts by now. May be null.
  std::function<std::optional<NotedLog>()> known_now;
  // As saved by now: a writer moves the start before it deletes.
  std::function<absl::StatusOr<LogBounds>()> bounds_now;
};

// In the order of their offsets; some may be told twice. NotFound where the
// directory is gone, Unavailable where a writer changes it all the while, or
// was stopped at that.
absl::StatusOr<std::vector<MissingPart>> LookForMissing(
    const SegmentPlace& place, const MissingHints& hints);

// By what the close has noted alone, of a log that has the files `there`. What
// was not durable is not missed. Unavailable where that is not what there is by
// now.
absl::StatusOr<std::vector<MissingPart>> MissingSinceClose(
    const SegmentPlace& place, const MissingHints& hints,
    std::vector<KnownSegment> there);

// The same of one that nobody else writes meanwhile: `noted`, and where it is
// durable up to. Where somebody has written it since the close, nothing unless
// its directory is the one that was noted.
absl::StatusOr<std::vector<MissingPart>> MissingSinceStop(
    const SegmentPlace& place, const NotedLog& noted, Offset durable,
    std::span<const KnownSegment> there);

// The rule itself: of a log with the files `there`, of which `end_of` tells
// where the one ends that begins at an offset.
struct LeftLog {
  const NotedLog& noted;
  // Not where another one was put in its place: there nothing is missing. One
  // in a copy of all (copied_directory.h) is the same.
  bool is_same_directory = true;
  bool may_have_gaps = true;
  Offset durable;
  std::span<const KnownSegment> there;
};
absl::StatusOr<std::vector<MissingPart>> MissingSinceStop(
    const LeftLog& log,
    absl::FunctionRef<absl::StatusOr<Offset>(Offset base)> end_of);

// `missing`, and what the indexes without a log tell besides, whose bases are
// `orphans`: those that lie between segments, which begin at `bases`. All are
// sorted.
std::vector<MissingPart> WithOrphans(std::vector<MissingPart> missing,
                                     const std::vector<Offset>& orphans,
                                     const std::vector<Offset>& bases);

// `missing`, and what those of the segments held that were emptied, which begin
// at `emptied`; all begin at `bases`. Sorted; the last one is none of them.
std::vector<MissingPart> WithEmptied(std::vector<MissingPart> missing,
                                     const std::vector<Offset>& emptied,
                                     const std::vector<Offset>& bases);

// Whether any offset of `range` is among those.
bool Misses(const std::vector<MissingPart>& missing, const OffsetRange& range);

// What to say of it where the log is opened, its path and all.
std::string DescribeMissing(const SegmentPlace& place, const MissingPart& part);

}  // namespace cauce
