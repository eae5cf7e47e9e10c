#include <cstring>

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

// Of nearly all records' lengths, at most.
constexpr std::ptrdiff_t kShortLengthBytes = 2;

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

// Reads an integer of one or two bytes, which nearly all are, from where two
// bytes are known to be. Returns false for a longer one.
[[gnu::always_inline]] inline bool ReadShort(const char** at, uint32_t* raw) {
  const uint32_t first = static_cast<uint8_t>((*at)[0]);
  if (first < 0x80) {
    *raw = first;
    *at += 1;
    return true;
  }
  const uint32_t second = static_cast<uint8_t>((*at)[1]);
  *raw = (first & 0x7f) | second << 7;
  *at += 2;
  return second < 0x80;
}

// The bytes that a zig-zagged length counts: none for null, which is 1.
inline std::ptrdiff_t SizeOf(uint32_t raw) { return raw >> 1; }
inline bool IsNegative(uint32_t raw) { return (raw & 1) != 0; }
constexpr uint32_t kNullLength = 1;

inline void Assign(std::optional<std::string_view>* out, const char* at,
                   uint32_t raw) {
  if (raw == kNullLength) {
    out->reset();
  } else {
    out->emplace(at, static_cast<size_t>(SizeOf(raw)));
  }
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
  left_ = 0;
  record_at_ = at_ = end_ = nullptr;
  if (batch.bytes().empty()) {
    status_ = MakeError(Reason::kInvalidRecord,
                        "there is no batch to read: this one was never "
                        "assigned");
    return status_;
  }
  std::string_view records = batch.payload();
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

inline void RecordReader::Finish(RecordView* record, int32_t offset_delta,
                                 int64_t time_delta, const char* end) {
  record->offset = base_offset_ + offset_delta;
  // Unsigned, so that a delta made up to overflow wraps instead of trapping.
  stored_timestamp_.ms =
      static_cast<int64_t>(static_cast<uint64_t>(base_timestamp_) +
                           static_cast<uint64_t>(time_delta));
  record->timestamp = append_time_ ? max_timestamp_ : stored_timestamp_;
  delta_next_ = int64_t{offset_delta} + 1;
  at_ = end;
  --left_;
}

[[gnu::always_inline]] inline bool RecordReader::NextUsual(RecordView* record) {
  // Length, attributes, two deltas and the key's length, of two bytes at most.
  constexpr std::ptrdiff_t kShortFramingMax = 2 + 1 + 2 + 2 + 2;
  const char* at = at_;
  if (end_ - at < kShortFramingMax) return false;
  uint32_t length;
  uint32_t time_delta;
  uint32_t offset_delta;
  uint32_t key;
  if (!ReadShort(&at, &length) || IsNegative(length)) return false;
  if (SizeOf(length) > end_ - at) return false;
  const char* const end = at + SizeOf(length);
  ++at;  // attributes: none are defined
  if (!ReadShort(&at, &time_delta) || !ReadShort(&at, &offset_delta) ||
      !ReadShort(&at, &key)) {
    return false;
  }
  // Up to here `at` may have passed the record's end, though not the batch's.
  // Two bytes follow every key: a length and a count, or one of two bytes.
  if (IsNegative(key) && key != kNullLength) return false;
  if (end - at < SizeOf(key) + 2) return false;
  const char* const key_at = at;
  at += SizeOf(key);
  uint32_t value;
  if (!ReadShort(&at, &value)) return false;
  if (IsNegative(value) && value != kNullLength) return false;
  // The count of headers, none, is all that may follow the value.
  if (end - at != SizeOf(value) + 1 || end[-1] != 0) return false;
  const auto delta = static_cast<int32_t>(UndoZigZag(offset_delta));
  if (delta < delta_next_ || delta > delta_max_) return false;

  Assign(&record->key, key_at, key);
  Assign(&record->value, at, value);
  record->headers = HeaderList(end, 0);
  Finish(record, delta, UndoZigZag(time_delta), end);
  return true;
}

void RecordReader::PassBelow(Offset offset) {
  const int64_t count = offset - base_offset_ - delta_next_;
  // With a record at each offset that is left, so many are below.
  const bool has_gaps = int64_t{left_} + delta_next_ != int64_t{delta_max_} + 1;
  if (has_gaps || count <= 0 || count >= left_) return;
  const char* at = at_;
  int32_t length;
  for (int64_t i = 0; i < count;) {
    const char* const record = at;
    at = DecodeVarint(at, end_, &length);
    if (at == nullptr || length > end_ - at || length < kRecordBytesMin - 1) {
      return;
    }
    const bool is_short = at - record <= kShortLengthBytes;
    at += length;
    ++i;
    // Many are as long as the one before. A guess that holds need not wait for
    // the bytes that tell: what is next is read meanwhile.
    const std::ptrdiff_t bytes = at - record;
    while (is_short && i < count && bytes <= end_ - at &&
           std::memcmp(at, record, kShortLengthBytes) == 0) {
      at += bytes;
      ++i;
    }
  }
  // The first one behind them has to agree.
  const char* deltas = DecodeVarint(at, end_, &length);
  if (deltas == nullptr || deltas == end_) return;
  ++deltas;  // attributes: none are defined
  int64_t time_delta;
  int32_t offset_delta;
  deltas = DecodeVarint(deltas, end_, &time_delta);
  if (deltas != nullptr) deltas = DecodeVarint(deltas, end_, &offset_delta);
  if (deltas == nullptr || offset_delta != delta_next_ + count) return;
  at_ = at;
  left_ -= static_cast<int32_t>(count);
  delta_next_ += count;
}

bool RecordReader::Next(RecordView* record) {
  if (left_ == 0) return AtEnd();
  record_at_ = at_;
  return NextUsual(record) || NextOfAnyForm(record);
}

bool RecordReader::NextOfAnyForm(RecordView* record) {
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
  Finish(record, offset_delta, time_delta, end);
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
