#include "engine/capi/record_out.h"

#include <optional>
#include <string_view>

namespace cauce::capi {
namespace {

// An empty view may have no bytes to point to, which C would take for null.
const char* BytesOf(const std::optional<std::string_view>& view) {
  if (!view.has_value()) return nullptr;
  return view->data() == nullptr ? "" : view->data();
}

size_t SizeOf(const std::optional<std::string_view>& view) {
  return view.has_value() ? view->size() : 0;
}

}  // namespace

void RecordsOut::Clear() {
  count_ = 0;
  items_.clear();
}

void RecordsOut::Add(const RecordView& record, const TopicPartition& partition,
                     TimestampType timestamp_type) {
  if (count_ == records_.size()) {
    headers_.emplace_back();
    records_.emplace_back();
  }
  std::vector<cauce_header_t>& headers = headers_[count_];
  headers.clear();
  for (const Header& header : record.headers) {
    headers.push_back({BytesOf(header.key), header.key.size(),
                       BytesOf(header.value), SizeOf(header.value)});
  }
  records_[count_] = {
      .struct_size = sizeof(cauce_record_t),
      .topic = partition.topic.c_str(),
      .partition = partition.partition.value,
      .is_append_time =
          timestamp_type == TimestampType::kLogAppendTime ? 1 : 0,
      .offset = record.offset.value,
      .timestamp = record.timestamp.ms,
      .key = BytesOf(record.key),
      .key_size = SizeOf(record.key),
      .value = BytesOf(record.value),
      .value_size = SizeOf(record.value),
      .headers = headers.empty() ? nullptr : headers.data(),
      .header_count = headers.size()};
  ++count_;
}

const cauce_record_t* const* RecordsOut::items() {
  items_.clear();
  for (size_t i = 0; i < count_; ++i) items_.push_back(&records_[i]);
  return items_.empty() ? nullptr : items_.data();
}

}  // namespace cauce::capi
