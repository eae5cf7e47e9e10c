// Whether a log is to be compacted, which part of it is dirty, and which of its
// segments become one.
//
// Plans, not acts. What is dirty is what no pass has gone over: from the first
// dirty offset, as it was saved, to the first segment that must not be touched:
// the active one, one that reaches above what is stable and durable, and one
// whose records are too young. Source: Apache Kafka, LogCleanerManager and
// Cleaner. Pure: time comes in as an argument, so any thread may call it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "cauce/types.h"

namespace cauce {

// What is to be known of a segment that no longer grows.
struct DirtySegment {
  Offset base;
  Offset next;  // first offset of the segment behind it
  int64_t bytes = 0;
  // Of its first batch, and the largest of its records. Only asked for where
  // there is a maximum, or a minimum, lag.
  absl::Time first_time = absl::InfiniteFuture();
  absl::Time largest_time = absl::InfinitePast();
};

// A log as compaction sees it.
struct CompactionView {
  std::span<const DirtySegment> sealed;  // oldest first, without the active one
  Offset log_start;
  // Up to where passes have come, as it was saved; anything.
  Offset first_dirty;
  // Nothing above is both durable and settled.
  Offset stable_end;
};

struct CompactionRules {
  // Kafka's min.cleanable.dirty.ratio, min.compaction.lag.ms and
  // max.compaction.lag.ms.
  double dirty_ratio_min = 0.5;
  absl::Duration lag_min;
  std::optional<absl::Duration> lag_max;
  // Somebody has asked for it: how little is dirty does not count.
  bool on_demand = false;
};

struct CompactionPlan {
  // [first_dirty, end) is dirty; `count` segments lie below `end`.
  Offset first_dirty;
  Offset end;
  size_t count = 0;
  int64_t clean_bytes = 0;
  int64_t dirty_bytes = 0;
  bool is_due = false;
  // When it may be due without anything being written; never for most.
  absl::Time next_look = absl::InfiniteFuture();

  double dirty_ratio() const {
    const auto all = static_cast<double>(clean_bytes + dirty_bytes);
    return all > 0 ? static_cast<double>(dirty_bytes) / all : 0;
  }
};

CompactionPlan PlanCompaction(const CompactionView& log,
                              const CompactionRules& rules, absl::Time now);

// What one segment may hold.
struct MergeLimits {
  int64_t segment_bytes = 0;
  int64_t index_bytes = 0;
};

// A segment that is being made of others, so far.
struct MergedSegment {
  Offset base;
  int64_t bytes = 0;
  int64_t index_bytes = 0;
  int64_t source_bytes = 0;  // of what it was made from
};

// The segment behind those.
struct MergeCandidate {
  Offset next;  // where it ends
  int64_t bytes = 0;
  int64_t expected_bytes = 0;  // that will be left of it
  int64_t index_bytes = 0;     // for these, at most
};

// Whether it may be added. Where more is left of it than was expected the
// segment becomes larger than it may by itself, and no larger than any may.
bool MayMerge(const MergedSegment& merged, const MergeCandidate& next,
              const MergeLimits& limits);

}  // namespace cauce
