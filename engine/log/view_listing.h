// The segments of a partition by their names, as who only reads takes them:
// without files that are only called like one. Each of those is told of once
// for as long as it is there.
//
// Left out are names in the middle of a segment, and files of another log (see
// segment_intruders.h); at the end of the list what cannot be opened as a file,
// or may not be read, at or above the recovery point, where no record is known
// to have been; and what holds no batch of its name above the end of a log that
// was closed, or of one without gaps; whatever lies behind the end that a close
// has noted; and, at or above the recovery point, what begins with a whole
// batch of an offset below its name and has none that could stand there: what
// it holds is missing then. A writer that closed a log leaves its mark until
// another begins: while that is there nobody has just rolled. What was found so
// stays left out beside a writer that has not come to it yet. Changes no file.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/types.h"
#include "engine/catalog/known_log.h"
#include "engine/log/foreign_segments.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment.h"
#include "engine/log/segment_intruders.h"
#include "engine/log/segments_above_end.h"

namespace cauce {

class ViewListing {
 public:
  // The bounds as saved by now: a writer saves them before it cuts or deletes.
  using BoundsNow = std::function<absl::StatusOr<LogBounds>()>;
  // Whether by now the directory is known to bear the mark of a close.
  using ClosedNow = std::function<bool()>;
  // What the last close has noted, as far as it counts by now.
  using NotedNow = std::function<std::optional<NotedLog>()>;
  struct Hooks {
    BoundsNow bounds_now;
    ClosedNow closed_now;
    NotedNow noted_now = nullptr;  // where nobody knows
  };

  // `place` is that of any segment.
  ViewListing(const SegmentPlace& place, Hooks hooks);

  // The bases of the segments, smallest first. The log was durable up to
  // `durable` once. Names up to `seen` are known as segments, or were told of.
  absl::StatusOr<std::vector<Offset>> List(Offset durable,
                                           std::optional<Offset> seen);
  // The log may have gaps of compaction from now on.
  void AllowGaps() { place_.may_have_gaps = true; }

  // The last name that List left out though the file may hold records: it may
  // not be read, or is a segment by another name.
  std::optional<Offset> hidden() const { return hidden_; }

 private:
  // A name behind the end, and why it is left out.
  struct Behind {
    Offset base;
    // An error where it may hold records.
    Severity severity;
    std::string line;
  };
  // All take names off the end of `bases`, but for the first `kept`.
  absl::Status LeaveOutUnopened(std::vector<Offset>& bases, size_t kept,
                                std::vector<Behind>& behind) const;
  absl::Status LeaveOutBehindClose(std::vector<Offset>& bases, size_t kept,
                                   std::vector<Behind>& behind);
  absl::Status LeaveOutAboveEnd(std::vector<Offset>& bases, size_t kept,
                                std::vector<Behind>& behind);
  absl::Status LeaveOutMisnamed(std::vector<Offset>& bases, Offset durable,
                                size_t kept, std::vector<Behind>& behind);
  // Takes `above` off, of which it says why.
  void LeaveOut(AboveEnd above, size_t kept, std::vector<Offset>& bases,
                std::vector<Behind>& behind) const;
  // LiesBelowItsName, which reads all of it, once for each file.
  absl::StatusOr<bool> IsMisnamed(const SegmentPlace& place);
  // How many of the last ones have no batch of their name, and lie above an end
  // the log had when it was closed, or in a topic without gaps has by now.
  absl::StatusOr<AboveEnd> FindAboveEnd(const std::vector<Offset>& bases);
  // Of those that were not told before.
  void TellPassedOver(const SegmentListing& listing) const;
  std::string PathOf(Offset base) const;
  void Tell(Severity severity, std::string_view line) const;

  SegmentPlace place_;
  const Hooks hooks_;
  // As they were listed last.
  std::vector<Intruder> intruders_;
  std::vector<ForeignSegment> foreign_;
  std::vector<Offset> behind_;
  std::optional<Offset> hidden_;
  struct Looked {
    Offset base;
    uint64_t id = 0;
    int64_t bytes = 0;
    bool is_misnamed = false;
  };
  std::optional<Looked> looked_;
  // Where the log was closed, by the mark that was seen last.
  std::optional<Offset> closed_at_;
};

}  // namespace cauce
