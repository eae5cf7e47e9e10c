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
