// A segment that a survey found, what stays of it, and what its log is to be
// called. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/log/unreadable_bytes.h"

namespace cauce {

struct SurveyedSegment {
  Offset base;
  Offset named;             // what its file was found as
  bool is_waiting = false;  // and by kWaitingLogSuffix, for another to go
  std::string why_renamed;  // where that is another
  // It waits for its name before others are renamed, which wait for its own.
  bool steps_aside = false;
  int64_t file_bytes = 0;
  int64_t whole_bytes = 0;      // of the batches that stay
  std::optional<Offset> first;  // where the first of them begins
  Offset next;                  // behind the last of them; the base without one
  std::vector<UnreadableBytes> unreadable;
  std::vector<std::string> kept_as;  // of each of these; empty for zeros
  // Of each of them, the whole batches in it whose offsets others have.
  std::vector<OffsetRange> displaced;
  // One of its index files is missing or of no use.
  bool needs_indexes = false;

  bool is_renamed() const { return is_waiting || named != base; }
  // What its file is called as it was found, and the strays gone.
  std::string FoundName() const;
  std::string FileName() const;
};

// From the first offset of either to the last; of one that is empty the other.
OffsetRange Spanning(const OffsetRange& a, const OffsetRange& b);

}  // namespace cauce
