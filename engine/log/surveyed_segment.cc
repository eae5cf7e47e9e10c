#include "engine/log/surveyed_segment.h"

#include "engine/log/segment_name.h"

namespace cauce {

std::string SurveyedSegment::FileName() const {
  return SegmentFileName(named, is_waiting ? kWaitingLogSuffix : kLogSuffix);
}

}  // namespace cauce
