#include "tools/cli/envelope.h"

#include <iterator>
#include <utility>

#include "fmt/format.h"
#include "tools/cli/json_text.h"

namespace cauce::cli {

void AppendEnvelope(std::string_view topic, PartitionId partition,
                    TimestampType timestamp_type, const RecordView& record,
                    std::string& to) {
  to += "{\"topic\":";
  AppendJsonString(topic, to);
  fmt::format_to(std::back_inserter(to),
                 ",\"partition\":{},\"offset\":{},\"timestamp\":{},"
                 "\"timestamp_type\":\"{}\",\"key\":",
                 partition.value, record.offset.value, record.timestamp.ms,
                 timestamp_type == TimestampType::kCreateTime
                     ? "CreateTime"
                     : "LogAppendTime");
  AppendJsonBytes(record.key, to);
  to += ",\"value\":";
  AppendJsonBytes(record.value, to);
  to += ",\"headers\":[";
  bool first = true;
  for (const Header& header : record.headers) {
    to += std::exchange(first, false) ? "{\"key\":" : ",{\"key\":";
    AppendJsonBytes(header.key, to);
    to += ",\"value\":";
    AppendJsonBytes(header.value, to);
    to += '}';
  }
  to += "]}";
}

}  // namespace cauce::cli
