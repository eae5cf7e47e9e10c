#include <algorithm>
#include <cstring>

#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/compression.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/base/varint.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// The most that a record takes beside its key, value and headers: length,
// attributes, timestamp delta, offset delta, the lengths of key and value and
// the count of headers.
constexpr size_t kFramingBytesMax =
    kVarint32BytesMax + 1 + kVarint64BytesMax + 4 * kVarint32BytesMax;

// EncodeVarint wants room for the longest integer whatever it writes.
constexpr size_t kSlackBytes = kVarint64BytesMax;

inline size_t SizeOf(const std::optional<std::string_view>& bytes) {
  return bytes ? bytes->size() : 0;
}

// Lengths are 32-bit integers in the format, all of whose bits are set here: so
// two are within it where what either has set is. Beyond it sums overflow.
constexpr size_t kLengthMax = INT32_MAX;

inline bool HaveLengths(const std::optional<std::string_view>& key,
                        const std::optional<std::string_view>& value) {
  return (SizeOf(key) | SizeOf(value)) <= kLengthMax;
}

bool HaveLengths(std::span<const Header> headers) {
  return std::all_of(headers.begin(), headers.end(), [](const Header& each) {
    return HaveLengths(each.key, each.value);
  });
}

inline void CopyFixed(char* to, const char* from, auto word) {
  std::memcpy(&word, from, sizeof word);
  std::memcpy(to, &word, sizeof word);
}

// memcpy for what records mostly hold: a few bytes, which the call alone would
// double the cost of. Pieces overlap rather than be counted out.
[[gnu::always_inline]] inline void CopyBytes(char* to, const char* from,
                                             size_t size) {
  struct Bytes32 {
    char bytes[32];
  };
  if (size >= 64) {
    std::memcpy(to, from, size);
  } else if (size >= 32) {
    CopyFixed(to, from, Bytes32{});
    CopyFixed(to + size - 32, from + size - 32, Bytes32{});
  } else if (size >= 16) {
    CopyFixed(to, from, __uint128_t{});
    CopyFixed(to + size - 16, from + size - 16, __uint128_t{});
  } else if (size >= 8) {
    CopyFixed(to, from, uint64_t{});
    CopyFixed(to + size - 8, from + size - 8, uint64_t{});
  } else if (size >= 4) {
    CopyFixed(to, from, uint32_t{});
    CopyFixed(to + size - 4, from + size - 4, uint32_t{});
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

// VarintSize and EncodeVarint for what is not negative and mostly small.
inline size_t LengthSize(size_t length) {
  if (length < 0x40) return 1;
  if (length < 0x2000) [[likely]] {
    return 2;
  }
  return VarintSize(static_cast<int64_t>(length));
}

inline char* EncodeLength(char* to, size_t length) {
  const size_t raw = length << 1;
  if (raw < 0x80) {
    *to = static_cast<char>(raw);
    return to + 1;
  }
  if (raw < 0x4000) [[likely]] {
    const auto two = static_cast<uint16_t>((raw & 0x7f) | 0x80 | raw >> 7 << 8);
    std::memcpy(to, &two, sizeof two);
    return to + 2;
  }
  return EncodeVarint(to, static_cast<int64_t>(length));
}

// -1, zig-zagged.
constexpr size_t kNullLength = 1;

inline size_t RawLength(const std::optional<std::string_view>& bytes) {
  return bytes ? bytes->size() << 1 : kNullLength;
}

inline char* EncodeRawLength(char* to, size_t raw) {
  if (raw != kNullLength) return EncodeLength(to, raw >> 1);
  *to = static_cast<char>(raw);
  return to + 1;
}

inline char* EncodeNullable(char* to,
                            const std::optional<std::string_view>& bytes) {
  to = EncodeRawLength(to, RawLength(bytes));
  if (!bytes) return to;
  CopyBytes(to, bytes->data(), bytes->size());
  return to + bytes->size();
}

inline size_t NullableSize(const std::optional<std::string_view>& bytes) {
  if (!bytes) return 1;
  return VarintSize(static_cast<int64_t>(bytes->size())) + bytes->size();
}

size_t HeadersSize(std::span<const Header> headers) {
  size_t size = VarintSize(static_cast<int64_t>(headers.size()));
  for (const Header& header : headers) {
    size += NullableSize(header.key) + NullableSize(header.value);
  }
  return size;
}

// What a record's length counts.
size_t BodySize(const Record& record, int32_t offset_delta,
                int64_t time_delta) {
  return 1 + VarintSize(time_delta) + VarintSize(offset_delta) +
         NullableSize(record.key) + NullableSize(record.value) +
         HeadersSize(record.headers);
}

int16_t AttributesOf(const BatchFields& fields, Codec codec) {
  int16_t attributes = static_cast<int16_t>(codec);
  if (fields.timestamp_type == TimestampType::kLogAppendTime) {
    attributes |= layout::kLogAppendTimeBit;
  }
  if (fields.transactional) attributes |= layout::kTransactionalBit;
  if (fields.control) attributes |= layout::kControlBit;
  if (fields.delete_horizon) attributes |= layout::kDeleteHorizonBit;
  return attributes;
}

}  // namespace

BatchBuilder::BatchBuilder(BatchFields fields, size_t batch_bytes_max)
    : fields_(std::move(fields)),
      batch_bytes_max_(std::min(batch_bytes_max, kRecordBytesMax)) {}
BatchBuilder::~BatchBuilder() = default;
BatchBuilder::BatchBuilder(BatchBuilder&&) noexcept = default;
BatchBuilder& BatchBuilder::operator=(BatchBuilder&&) noexcept = default;

bool BatchBuilder::AddAt(int32_t offset_delta, const Record& record) {
  if (offset_delta < next_delta_ || !HaveLengths(record.key, record.value))
      [[unlikely]] {
    return false;
  }
  if (count_ == 0) [[unlikely]] {
    const Timestamp base = fields_.delete_horizon.value_or(
        fields_.base_timestamp.value_or(record.timestamp));
    base_timestamp_ = base.ms;
    max_timestamp_ = record.timestamp.ms;
  }
  // Unsigned, so that times at both ends of the range wrap, as in the reader.
  const auto time_delta =
      static_cast<int64_t>(static_cast<uint64_t>(record.timestamp.ms) -
                           static_cast<uint64_t>(base_timestamp_));

  if (!AddAlike(offset_delta, time_delta, record) &&
      !AddOfAnyShape(offset_delta, time_delta, record)) {
    return false;
  }
  max_timestamp_ = std::max(max_timestamp_, record.timestamp.ms);
  next_delta_ = int64_t{offset_delta} + 1;
  ++count_;
  return true;
}

[[gnu::always_inline]] inline bool BatchBuilder::AddAlike(
    int32_t offset_delta, int64_t time_delta, const Record& record) {
  const uint64_t time_raw = ZigZag(time_delta);
  const uint64_t offset_raw = static_cast<uint64_t>(offset_delta) << 1;
  const bool alike = RawLength(record.key) == shape_.key_raw &&
                     RawLength(record.value) == shape_.value_raw &&
                     record.headers.empty() && time_raw < 0x80 &&
                     offset_raw - shape_.offset_raw_min <= shape_.offset_span;
  if (!alike || size_ + shape_.total > room_) return false;
  const uint64_t deltas =
      time_raw | (offset_raw & 0x7f) << 8 | (offset_raw >> 7) << 16;
  const uint64_t head = shape_.head | deltas << shape_.deltas_shift;
  char* to = buffer_.get() + size_;
  std::memcpy(to, &head, sizeof head);
  to += shape_.head_bytes;
  if (record.key) {
    CopyBytes(to, record.key->data(), record.key->size());
    to += record.key->size();
  }
  CopyFixed(to, shape_.value_length, uint16_t{});
  to += shape_.value_length_bytes;
  if (record.value) {
    CopyBytes(to, record.value->data(), record.value->size());
    to += record.value->size();
  }
  *to = 0;  // headers
  size_ += shape_.total;
  return true;
}

void BatchBuilder::LearnShape(int32_t offset_delta, const Record& record) {
  const size_t offset_raw = ZigZag(offset_delta);
  Shape shape;
  shape.key_raw = RawLength(record.key);
  shape.value_raw = RawLength(record.value);
  // What takes more than two bytes belongs to a record large enough to hide
  // the cost of writing it piece by piece, or to a rare one.
  if (!record.headers.empty() ||
      (offset_raw | shape.key_raw | shape.value_raw) >= 0x4000) {
    return;
  }
  const size_t offset_bytes = offset_raw < 0x80 ? 1 : 2;
  shape.offset_raw_min = offset_bytes == 1 ? 0 : 0x80;
  shape.offset_span =
      (offset_bytes == 1 ? 0x7f : 0x3fff) - shape.offset_raw_min;
  shape.value_length_bytes =
      static_cast<size_t>(EncodeRawLength(shape.value_length, shape.value_raw) -
                          shape.value_length);
  const size_t body = 1 + 1 + offset_bytes + (shape.key_raw < 0x80 ? 1 : 2) +
                      SizeOf(record.key) + shape.value_length_bytes +
                      SizeOf(record.value) + 1;
  if (LengthSize(body) > 2) return;
  char head[sizeof shape.head] = {};
  char* to = EncodeLength(head, body);
  *to++ = 0;  // attributes: none are defined
  shape.deltas_shift = static_cast<int>(to - head) * 8;
  to += 1 + offset_bytes;
  if (offset_bytes == 2) to[-2] = static_cast<char>(0x80);  // another follows
  to = EncodeRawLength(to, shape.key_raw);
  shape.head_bytes = static_cast<size_t>(to - head);
  std::memcpy(&shape.head, head, sizeof head);
  shape.total = LengthSize(body) + body;
  shape_ = shape;
}

bool BatchBuilder::AddOfAnyShape(int32_t offset_delta, int64_t time_delta,
                                 const Record& record) {
  // Measuring a record costs as much as writing it. Only one that might not
  // fit is measured; the others are written behind room for a length of the
  // size that is expected of them.
  const size_t content = SizeOf(record.key) + SizeOf(record.value);
  size_t total_max = content + kFramingBytesMax;
  if (!record.headers.empty()) {
    if (!HaveLengths(record.headers)) return false;
    total_max += HeadersSize(record.headers);
  }
  if (size_ + total_max > batch_bytes_max_) [[unlikely]] {
    const size_t body = BodySize(record, offset_delta, time_delta);
    const size_t total = VarintSize(static_cast<int64_t>(body)) + body;
    if (size_ + total > batch_bytes_max_ &&
        (count_ > 0 || body > kRecordBytesMax)) {
      return false;
    }
  }
  if (size_ + total_max + kSlackBytes > capacity_) [[unlikely]] {
    Reserve(total_max + kSlackBytes);
  }

  constexpr size_t kUsualFraming = 8;
  const size_t length_bytes = LengthSize(content + kUsualFraming);
  char* const record_begin = buffer_.get() + size_;
  char* body_begin = record_begin + length_bytes;
  char* to = body_begin;
  *to++ = 0;  // attributes: none are defined
  to = EncodeVarint(to, time_delta);
  to = EncodeVarint(to, offset_delta);
  to = EncodeNullable(to, record.key);
  to = EncodeNullable(to, record.value);
  to = EncodeLength(to, record.headers.size());
  for (const Header& header : record.headers) {
    to = EncodeNullable(to, header.key);
    to = EncodeNullable(to, header.value);
  }
  const auto body = static_cast<size_t>(to - body_begin);
  if (const size_t needed = LengthSize(body); needed != length_bytes)
      [[unlikely]] {
    std::memmove(record_begin + needed, body_begin, body);
    to = record_begin + needed + body;
  }
  EncodeLength(record_begin, body);

  size_ = static_cast<size_t>(to - buffer_.get());
  LearnShape(offset_delta, record);
  return true;
}

absl::StatusOr<RecordBatch> BatchBuilder::Finish() {
  absl::StatusOr<RecordBatch> built = Build();
  Clear();
  return built;
}

absl::StatusOr<RecordBatch> BatchBuilder::Build() {
  Reserve(0);
  char* batch = buffer_.get();
  size_t size = size_;
  // There is nothing to compress in a batch without records.
  const Codec codec = count_ > 0 ? fields_.codec : Codec::kNone;
  if (codec != Codec::kNone) {
    // What a reader would not decompress must not be written.
    if (size_ - kBatchHeaderBytes > kDecompressedBytesMax) {
      return MakeError(
          Reason::kBatchTooLarge,
          fmt::format("a compressed batch holds {} bytes of records, limit is "
                      "{}",
                      size_ - kBatchHeaderBytes, kDecompressedBytesMax));
    }
    compressed_.assign(kBatchHeaderBytes, '\0');
    const std::string_view records(batch + kBatchHeaderBytes,
                                   size_ - kBatchHeaderBytes);
    CAUCE_RETURN_IF_ERROR(
        Compress(codec, fields_.codec_level, records, &compressed_));
    batch = compressed_.data();
    size = compressed_.size();
  }
  const int64_t length = static_cast<int64_t>(size) - layout::kLengthExcludes;
  CAUCE_CHECK(length <= INT32_MAX);
  const Timestamp base =
      fields_.delete_horizon.value_or(fields_.base_timestamp.value_or(
          count_ > 0 ? Timestamp{base_timestamp_} : kNoTimestamp));
  const Timestamp largest = fields_.max_timestamp.value_or(
      count_ > 0 ? Timestamp{max_timestamp_} : kNoTimestamp);
  const int32_t last_delta = fields_.last_offset_delta.value_or(
      static_cast<int32_t>(std::max<int64_t>(next_delta_ - 1, 0)));
  CAUCE_RETURN_IF_ERROR(CheckOffsets(last_delta));

  StoreBig<int64_t>(batch + layout::kBaseOffset, fields_.base_offset.value);
  StoreBig<int32_t>(batch + layout::kBatchLength, static_cast<int32_t>(length));
  StoreBig<int32_t>(batch + layout::kLeaderEpoch, fields_.leader_epoch.value);
  StoreBig<int8_t>(batch + layout::kMagic, layout::kMagicValue);
  StoreBig<int16_t>(batch + layout::kAttributes, AttributesOf(fields_, codec));
  StoreBig<int32_t>(batch + layout::kLastOffsetDelta, last_delta);
  StoreBig<int64_t>(batch + layout::kBaseTimestamp, base.ms);
  StoreBig<int64_t>(batch + layout::kMaxTimestamp, largest.ms);
  StoreBig<int64_t>(batch + layout::kProducerId, fields_.producer_id.value);
  StoreBig<int16_t>(batch + layout::kProducerEpoch, fields_.producer_epoch);
  StoreBig<int32_t>(batch + layout::kBaseSequence, fields_.base_sequence);
  StoreBig<int32_t>(batch + layout::kRecordCount, count_);
  const uint32_t crc =
      Crc32c({batch + layout::kAttributes, size - layout::kAttributes});
  StoreBig<uint32_t>(batch + layout::kCrc, crc);
  return RecordBatch({batch, size});
}

// What Parse checks of a batch from elsewhere, of the fields that were given.
absl::Status BatchBuilder::CheckOffsets(int32_t last_delta) const {
  const int64_t last_min = std::max<int64_t>(next_delta_ - 1, 0);
  if (last_delta < last_min) {
    return MakeError(Reason::kInvalidOption,
                     fmt::format("batch fields: last_offset_delta is {}, its "
                                 "records need at least {}",
                                 last_delta, last_min));
  }
  const int64_t base = fields_.base_offset.value;
  const int64_t base_max = INT64_MAX - last_delta - 1;
  if (base >= 0 && base <= base_max) return absl::OkStatus();
  return MakeError(Reason::kInvalidOption,
                   fmt::format("batch fields: base_offset is {}, must be 0 to "
                               "{}",
                               base, base_max));
}

void BatchBuilder::Clear() {
  size_ = kBatchHeaderBytes;
  count_ = 0;
  next_delta_ = 0;
}

size_t BatchBuilder::bytes() const { return size_; }

void BatchBuilder::SetFields(const BatchFields& fields) {
  CAUCE_CHECK(count_ == 0);
  fields_ = fields;
}

void BatchBuilder::SetProducer(ProducerId id, int16_t epoch,
                               int32_t sequence) {
  fields_.producer_id = id;
  fields_.producer_epoch = epoch;
  fields_.base_sequence = sequence;
}

void BatchBuilder::Reserve(size_t more) {
  if (buffer_ != nullptr && size_ + more <= capacity_) [[likely]] {
    return;
  }
  // Not above the bound of a batch, save for one large record, and at least
  // doubling, so that a batch of n records costs n copies in all.
  const size_t bounded = std::min(std::max(capacity_ * 2, size_t{4096}),
                                  batch_bytes_max_ + kSlackBytes);
  const size_t capacity = std::max(size_ + more, bounded);
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  if (buffer_ != nullptr) std::memcpy(grown.get(), buffer_.get(), size_);
  buffer_ = std::move(grown);
  capacity_ = capacity;
  room_ = std::min(batch_bytes_max_, capacity_ - kSlackBytes);
}

}  // namespace cauce
