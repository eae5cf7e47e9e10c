#include "engine/log/surveyed_segment.h"

#include "engine/log/segment_name.h"

namespace cauce {

std::string SurveyedSegment::FoundName() const {
  return SegmentFileName(named, is_waiting ? kWaitingLogSuffix : kLogSuffix);
}

std::string SurveyedSegment::FileName() const {
  return steps_aside ? SegmentFileName(base, kWaitingLogSuffix) : FoundName();
}

}  // namespace cauce
