#include "engine/log/surveyed_segment.h"

#include "engine/log/named_log.h"
#include "engine/log/segment_name.h"

namespace cauce {

std::string SurveyedSegment::FoundName() const {
  return NamedLog{.named = named, .is_waiting = is_waiting}.FileName();
}

std::string SurveyedSegment::FileName() const {
  return steps_aside ? SegmentFileName(base, kWaitingLogSuffix) : FoundName();
}

}  // namespace cauce
