// Records that are missing: between two segments, whose files are gone or end
// too early, or within one, where batches are gone to the last byte. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/read.h"
#include "cauce/types.h"

namespace cauce {

// Where a file ends that others follow.
struct SegmentEnd {
  std::string_view path;
  int64_t position = 0;
  Offset offset;
};

// Reason::kCorruptBatch where the segment behind it begins later. For topics
// whose segments have no gaps of compaction between them.
absl::Status CheckNoGap(const SegmentEnd& end, Offset next);

// What to say of a segment's file that holds less than it did: it is shorter by
// `bytes_gone` than at the last close. Where that is 0 an earlier close has
// noted it: then batches may be gone, or damaged where they are.
std::string DescribeLess(int64_t bytes_gone);

// What to say, behind where it ends, of a log in front of so many bytes of
// zeros, which end one as well as the end of its file does; nothing of none.
std::string InFrontOfZeros(int64_t bytes);

// Reason::kCorruptBatch: the file of a segment, which holds what there is of
// `range`, holds less than it did. Where its end is there batches are gone from
// within it, and nobody knows which.
absl::Status LessThanItHad(std::string_view path, const OffsetRange& range);

// What to say of a batch that begins at `found` within a segment, behind
// `expected`, where the one in front of it ends.
std::string DescribeGapWithin(Offset expected, Offset found);

// Reason::kCorruptBatch, which says that of the batch behind `end`.
absl::Status GapWithin(const SegmentEnd& end, Offset found);

}  // namespace cauce
