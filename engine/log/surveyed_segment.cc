#include "engine/log/surveyed_segment.h"

#include <algorithm>

#include "engine/log/named_log.h"
#include "engine/log/segment_name.h"

namespace cauce {

std::string SurveyedSegment::FoundName() const {
  return NamedLog{.named = named, .is_waiting = is_waiting}.FileName();
}

std::string SurveyedSegment::FileName() const {
  return steps_aside ? SegmentFileName(base, kWaitingLogSuffix) : FoundName();
}

OffsetRange Spanning(const OffsetRange& a, const OffsetRange& b) {
  if (b.count() == 0) return a;
  if (a.count() == 0) return b;
  return {std::min(a.base, b.base), std::max(a.next, b.next)};
}

}  // namespace cauce
