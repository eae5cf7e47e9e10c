// How old the segments of a log are: what retention and compaction have to read
// files for.
//
// Gathered without any lock, since a segment does not change but at its end;
// who plans with it under a lock asks for the segments that are there by then.
// One that was not looked at, or could not be read, or has grown since, counts
// as young. Keeps its
// segments alive, so let go of it before files of deleted ones are to go. For
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "engine/log/segment.h"
#include "engine/log/segment_set.h"

namespace cauce {

// The largest timestamp of the segment's records, the time of its file where
// they have none; infinitely late where it has left the log meanwhile, and its
// file is gone. Where it is `enough` or later, no later than that one is.
absl::StatusOr<absl::Time> LargestTime(
    Segment& segment, FileSystem& files,
    absl::Time enough = absl::InfiniteFuture());

// Of its first batch, as its header says: a plan needs no better. Infinitely
// late where that has none, and as above.
absl::StatusOr<absl::Time> FirstTime(Segment& segment);

class SegmentAges {
 public:
  // Whether to go on behind the first segment that is not too old.
  enum class Extent { kUntilYoung, kAll };

  // Looks at the segments of `set`, oldest first. Those whose largest time is
  // before `oldest_kept` are too old.
  static SegmentAges Gather(const SegmentSet& set, FileSystem& files,
                            absl::Time oldest_kept, Extent extent);

  // Why one of those that were looked at could not be read, the first of them:
  // it counts as young. OK where all could.
  const absl::Status& failure() const { return failure_; }

  // Its LargestTime, at `oldest_kept` or later perhaps an earlier one;
  // infinitely late where that is not known.
  absl::Time Of(const std::shared_ptr<Segment>& segment) const;

 private:
  struct Known {
    std::shared_ptr<Segment> segment;
    int64_t bytes;
    absl::Time largest;
  };

  std::vector<Known> known_;
  absl::Status failure_;
};

}  // namespace cauce
