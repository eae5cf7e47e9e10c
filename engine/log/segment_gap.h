// Records that are missing between two segments: their files are gone, or end
// too early. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
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

}  // namespace cauce
