#include "engine/log/surveyed_segment.h"

#include <algorithm>

#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {

std::string SurveyedSegment::FileName() const {
  return SegmentFileName(named, is_waiting ? kWaitingLogSuffix : kLogSuffix);
}

void SurveyedSegment::BeginAtFirst() {
  base = *first;
  // In front of it nothing is missing any more, whatever stands there.
  if (!unreadable.empty() && unreadable.front().position == 0) {
    unreadable.front().expected = base;
    if (unreadable.front().is_gap()) {
      unreadable.erase(unreadable.begin());
      kept_as.erase(kept_as.begin());
    }
  }
  why_renamed = fmt::format(
      "its first batch begins at offset {}, and the segment before it reaches "
      "behind what it is called by",
      base.value);
  needs_indexes = true;
}

bool SurveyedSegment::HoldsRubbish() const {
  return std::ranges::any_of(unreadable, [](const UnreadableBytes& bytes) {
    return !bytes.is_zeros();
  });
}

}  // namespace cauce
