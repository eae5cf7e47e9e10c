// The segments of a partition that another process may be writing.
//
// Looks and never changes a file. A bad batch at the end of the last segment
// is one that is still being written: the view ends in front of it and looks
// again at the next Refresh, from there on. Below the recovery point it is
// damage: it is part of the log, and who reads it gets an error. That point
// moves back when the log is cut, so it is read again before a batch is called
// damaged. A log that ends below it has lost its end, which is told once, when
// it is opened: who repairs is the writer. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/log_environment.h"
#include "engine/log/segment.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_scan.h"
#include "engine/log/segment_set.h"
#include "engine/log/view_listing.h"

namespace cauce {

class LogView {
 public:
  using BoundsNow = ViewListing::BoundsNow;
  using ClosedNow = ViewListing::ClosedNow;

  // `place` is that of any segment, `bounds` are as last saved. An empty
  // directory counts as one segment at the log start that has no file yet.
  static absl::StatusOr<std::unique_ptr<LogView>> Open(
      const SegmentPlace& place, const LogBounds& bounds, BoundsNow bounds_now,
      ClosedNow closed_now);

  // Never empty. Segments that are known stay the same objects until the log
  // is cut.
  const SegmentSet::List& segments() const { return known_.segments; }

  // Takes in what was written, rolled and deleted meanwhile. kNotFound where
  // the directory is gone; the view then stays as it was.
  absl::Status Refresh();

  // The recovery point, where the log ends below it: files that were durable
  // are gone or shorter than they were. Nothing where that may be the work of a
  // writer who cuts the log: what is here is then read anew.
  absl::StatusOr<std::optional<Offset>> FindLostEnd();

 private:
  LogView(const SegmentPlace& place, const LogBounds& bounds,
          BoundsNow bounds_now, ClosedNow closed_now);

  // Refresh, as long as no file goes after it was listed.
  absl::Status Follow();
  // The same where the last segment's file cannot be opened.
  absl::Status FollowUnopened();
  // Whether the last segment's file is the one we know, and holds what we know
  // of it, when these are the `bases` that the directory holds.
  absl::StatusOr<bool> TailIsTheSame(const std::vector<Offset>& bases);
  // With the bounds as they are by now.
  absl::Status ListAgain();
  // Takes what is there for what is known; where that fails what was known
  // stays.
  absl::Status Relist();
  // The bases of the segments, smallest first, those behind the last one that
  // is known looked at anew.
  absl::StatusOr<std::vector<Offset>> List();
  // Adds the segments that begin at `base` or later.
  absl::Status AddFrom(Offset base);
  // Others follow it at `next`. Unless all of it lies below the recovery point
  // it ends with the batch that reaches there: any of those may be one that a
  // recovery found no room to cut. So each of them is looked at, by way of its
  // index where it has one, unless the log was closed, which it is not before
  // they are cut.
  absl::Status AddSealed(const SegmentPlace& place, Offset next);
  // One below the recovery point whose file cannot be opened is part of the log
  // up to there, behind others that can be read.
  absl::Status AddTail(const SegmentPlace& place);
  // With damage below the recovery point only where that is still the point.
  absl::StatusOr<ScannedSegment> ScanTail(const SegmentPlace& place);
  absl::Status ExtendTail();
  // The last segment is complete: another follows it at `next`.
  absl::Status SealTail(Offset next);
  void DropDeleted(Offset first);

  const SegmentPlace place_;
  const BoundsNow bounds_now_;
  const ClosedNow closed_now_;
  ViewListing listing_;
  LogBounds bounds_;
  struct Known {
    SegmentSet::List segments;
    std::shared_ptr<SegmentIndex> tail;  // the index of the last one, growing
    // The header of its last batch, and where it stands: what tells whether the
    // log was cut and has grown again since. Empty while there is no batch.
    std::string tail_header;
    int64_t tail_position = 0;
    // The last one's file cannot be opened, and held records.
    bool is_unopened = false;
  };
  Known known_;
};

}  // namespace cauce
