// The segments of a partition, without files that are only called like one: a
// name in the middle of what another segment holds hides the records behind it.
//
// Such an intruder begins with no batch of its own, and the segment in front of
// it has whole batches at or behind its name. No writer leaves that where it
// counts: a log goes on in the next segment where the one in front ends, and a
// cut that another follows is synced before. (An append that found no room may
// leave a batch behind the name, if the power takes back how it was cut off;
// then it was never acknowledged, and what followed it never durable.) A batch
// across the recovery point, which no writer leaves either, is none of these.
// Looks at those alone that have no index beside them, so that listing a log
// that was closed opens no file. Nor are files listed that are of another log
// by what the last close has noted (foreign_segments.h). Changes nothing; any
// thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/foreign_segments.h"
#include "engine/log/segment.h"

namespace cauce {

struct Intruder {
  Offset base;      // what it is called by
  Offset host;      // the segment that it lies in,
  Offset host_end;  // and where that one's batches end
  friend bool operator==(const Intruder&, const Intruder&) = default;
};

struct SegmentListing {
  std::vector<Offset> bases;  // of the segments, smallest first
  std::vector<Intruder> intruders;
  std::vector<ForeignSegment> foreign;
  // These are taken for segments, by their names: whether they are intruders,
  // or another log's, could not be seen.
  std::vector<UnreadSegment> unread;
};

// What is known before the files are listed.
struct ListingHints {
  // The recovery point, as last saved.
  Offset durable{0};
  // Names up to this one were looked at before: those that are still there are
  // what they were.
  std::optional<Offset> seen;
  std::span<const Intruder> intruders;
  std::span<const ForeignSegment> foreign;
  // What the last close has noted; null where nobody knows, or where `seen`
  // tells enough.
  const KnownLog* noted = nullptr;
  // Directories called like a log count as segments that cannot be opened: who
  // reads up to one is told, as of a pipe or a link.
  bool lists_directories = false;
};

// `place` is that of any segment.
absl::StatusOr<SegmentListing> ListSegments(const SegmentPlace& place,
                                            const ListingHints& hints);

// What to say of it, behind its path, and what to do about it.
std::string DescribeIntruder(const SegmentPlace& place,
                             const Intruder& intruder);
inline constexpr std::string_view kIntruderAdvice =
    "let cauce log repair put it aside, or move it away, while nothing has the "
    "directory open";
// The same of a file with batches that an opening takes for none of the log.
inline constexpr std::string_view kNameFirst =
    "run cauce log repair before anything opens the directory for writing: it "
    "names the file by its first batch where that belongs; an opening may put "
    "it aside";

}  // namespace cauce
