#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/compression.h"
#include "engine/base/status_macros.h"
#include "engine/base/varint.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Length, attributes, two deltas, key and value length, header count: one byte
// each at the least.
constexpr int64_t kRecordBytesMin = 7;

// Reads a length, -1 for null, and the bytes it counts. Returns where to go on
// or null where they do not fit before `end`.
inline const char* DecodeNullable(const char* at, const char* end,
                                  std::optional<std::string_view>* out) {
  int32_t length;
  at = DecodeVarint(at, end, &length);
  if (at == nullptr || length < -1 || length > end - at) [[unlikely]] {
    return nullptr;
  }
  if (length < 0) {
    out->reset();
    return at;
  }
  out->emplace(at, static_cast<size_t>(length));
  return at + length;
}

const char* DecodeHeader(const char* at, const char* end, Header* header) {
  std::optional<std::string_view> key;
  at = DecodeNullable(at, end, &key);
  if (at == nullptr || !key) return nullptr;  // a header's key is never null
  header->key = *key;
  return DecodeNullable(at, end, &header->value);
}

}  // namespace

void HeaderList::Iterator::Decode() {
  // The reader walked over every header before it handed the list out, so the
  // bytes are known to hold: the end only has to be far enough.
  constexpr std::ptrdiff_t kFar = INT32_MAX;
  next_ = DecodeHeader(next_, next_ + kFar, &header_);
}

RecordReader::RecordReader() = default;
RecordReader::~RecordReader() = default;
RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader& RecordReader::operator=(RecordReader&&) noexcept = default;

absl::Status RecordReader::Open(const RecordBatch& batch,
                                size_t decompressed_bytes_max) {
  std::string_view records = batch.payload();
  left_ = 0;
  if (batch.codec() != Codec::kNone && batch.record_count() > 0) {
    decompressed_.clear();
    if (absl::Status status = Decompress(
            batch.codec(), records, decompressed_bytes_max, &decompressed_);
        !status.ok()) {
      status_ = Annotate(
          status, fmt::format("batch at offset {}", batch.base_offset().value));
      return status_;
    }
    records = decompressed_;
  }
  status_ = absl::OkStatus();
  at_ = records.data();
  end_ = at_ + records.size();
  left_ = batch.record_count();
  delta_next_ = 0;
  delta_max_ = batch.last_offset_delta();
  base_offset_ = batch.base_offset();
  base_timestamp_ = batch.base_timestamp().ms;
  append_time_ = batch.timestamp_type() == TimestampType::kLogAppendTime;
  max_timestamp_ = batch.max_timestamp();
  return absl::OkStatus();
}

bool RecordReader::Next(RecordView* record) {
  if (left_ == 0) return AtEnd();
  int32_t length;
  const char* at = DecodeVarint(at_, end_, &length);
  if (at == nullptr || length > end_ - at || length < kRecordBytesMin - 1)
      [[unlikely]] {
    return Fail("its length leaves the batch");
  }
  const char* const end = at + length;
  ++at;  // attributes: none are defined
  int64_t time_delta;
  int32_t offset_delta;
  at = DecodeVarint(at, end, &time_delta);
  if (at != nullptr) at = DecodeVarint(at, end, &offset_delta);
  if (at == nullptr) [[unlikely]] {
    return Fail("its deltas leave the record");
  }
  if (offset_delta < delta_next_ || offset_delta > delta_max_) [[unlikely]] {
    return Fail(
        fmt::format("its offset delta is {}, between {} and {} are "
                    "possible",
                    offset_delta, delta_next_, delta_max_));
  }
  at = DecodeNullable(at, end, &record->key);
  if (at == nullptr) [[unlikely]] {
    return Fail("its key leaves the record");
  }
  at = DecodeNullable(at, end, &record->value);
  if (at == nullptr) [[unlikely]] {
    return Fail("its value leaves the record");
  }
  int32_t headers;
  at = DecodeVarint(at, end, &headers);
  if (at == nullptr || headers < 0) [[unlikely]] {
    return Fail("its headers leave the record");
  }
  record->headers = HeaderList(at, headers);
  for (int32_t i = 0; i < headers; ++i) {
    Header header;
    at = DecodeHeader(at, end, &header);
    if (at == nullptr) return Fail("its headers leave the record");
  }
  if (at != end) [[unlikely]] {
    return Fail("bytes follow its headers");
  }
  record->offset = base_offset_ + offset_delta;
  // Unsigned, so that a delta made up to overflow wraps instead of trapping.
  record->timestamp = append_time_
                          ? max_timestamp_
                          : Timestamp{static_cast<int64_t>(
                                static_cast<uint64_t>(base_timestamp_) +
                                static_cast<uint64_t>(time_delta))};
  delta_next_ = offset_delta + 1;
  at_ = end;
  --left_;
  return true;
}

bool RecordReader::AtEnd() {
  if (at_ != end_ && status_.ok()) {
    status_ = MakeError(Reason::kInvalidRecord,
                        fmt::format("batch at offset {}: {} bytes follow its "
                                    "last record",
                                    base_offset_.value, end_ - at_));
    at_ = end_;
  }
  return false;
}

bool RecordReader::Fail(std::string_view what) {
  status_ = MakeError(
      Reason::kInvalidRecord,
      fmt::format("batch at offset {}: the record at offset {} "
                  "or later cannot be read: {}",
                  base_offset_.value, base_offset_.value + delta_next_, what));
  left_ = 0;
  at_ = end_;
  return false;
}

}  // namespace cauce
