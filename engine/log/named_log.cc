#include "engine/log/named_log.h"

#include "engine/log/segment_name.h"

namespace cauce {

std::string NamedLog::FileName() const {
  return SegmentFileName(named, is_waiting ? kWaitingLogSuffix : kLogSuffix);
}

}  // namespace cauce
