#include <algorithm>
#include <cstring>

#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/compression.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/base/varint.h"
#include "engine/record/layout.h"

namespace cauce {
namespace {

// Every varint of a record and the length before it fit in here, so that they
// can be written without asking for room each time.
constexpr size_t kSlackBytes = 64;

inline size_t NullableSize(const std::optional<std::string_view>& bytes) {
  if (!bytes) return 1;
  return VarintSize(static_cast<int64_t>(bytes->size())) + bytes->size();
}

inline char* EncodeNullable(char* to,
                            const std::optional<std::string_view>& bytes) {
  if (!bytes) return EncodeVarint(to, -1);
  to = EncodeVarint(to, static_cast<int64_t>(bytes->size()));
  // An empty view may have a null pointer, which memcpy must not be given.
  if (!bytes->empty()) std::memcpy(to, bytes->data(), bytes->size());
  return to + bytes->size();
}

size_t HeadersSize(std::span<const Header> headers) {
  size_t size = VarintSize(static_cast<int64_t>(headers.size()));
  for (const Header& header : headers) {
    size += NullableSize(header.key) + NullableSize(header.value);
  }
  return size;
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
    : fields_(std::move(fields)), batch_bytes_max_(batch_bytes_max) {
  CAUCE_CHECK(batch_bytes_max <= kRecordBytesMax);
}
BatchBuilder::~BatchBuilder() = default;
BatchBuilder::BatchBuilder(BatchBuilder&&) noexcept = default;
BatchBuilder& BatchBuilder::operator=(BatchBuilder&&) noexcept = default;

bool BatchBuilder::AddAt(int32_t offset_delta, const Record& record) {
  CAUCE_CHECK(offset_delta >= next_delta_);
  if (offset_delta == INT32_MAX) return false;  // the next one would not count
  const int64_t base_timestamp =
      count_ > 0
          ? base_timestamp_
          : fields_.delete_horizon
                .value_or(fields_.base_timestamp.value_or(record.timestamp))
                .ms;
  const int64_t time_delta = record.timestamp.ms - base_timestamp;

  const size_t body = 1 + VarintSize(time_delta) + VarintSize(offset_delta) +
                      NullableSize(record.key) + NullableSize(record.value) +
                      HeadersSize(record.headers);
  const size_t total = VarintSize(static_cast<int64_t>(body)) + body;
  if (size_ + total > batch_bytes_max_ &&
      (count_ > 0 || body > kRecordBytesMax)) [[unlikely]] {
    return false;
  }
  Reserve(total + kSlackBytes);

  char* to = buffer_.get() + size_;
  to = EncodeVarint(to, static_cast<int64_t>(body));
  *to++ = 0;  // attributes: none are defined
  to = EncodeVarint(to, time_delta);
  to = EncodeVarint(to, offset_delta);
  to = EncodeNullable(to, record.key);
  to = EncodeNullable(to, record.value);
  to = EncodeVarint(to, static_cast<int64_t>(record.headers.size()));
  for (const Header& header : record.headers) {
    to = EncodeNullable(to, header.key);
    to = EncodeNullable(to, header.value);
  }

  size_ += total;
  base_timestamp_ = base_timestamp;
  max_timestamp_ = count_ == 0 ? record.timestamp.ms
                               : std::max(max_timestamp_, record.timestamp.ms);
  next_delta_ = offset_delta + 1;
  ++count_;
  return true;
}

absl::StatusOr<RecordBatch> BatchBuilder::Finish() {
  Reserve(0);
  char* batch = buffer_.get();
  size_t size = size_;
  // There is nothing to compress in a batch without records.
  const Codec codec = count_ > 0 ? fields_.codec : Codec::kNone;
  if (codec != Codec::kNone) {
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
  const int32_t last_delta =
      fields_.last_offset_delta.value_or(std::max(next_delta_ - 1, 0));
  CAUCE_CHECK(last_delta >= next_delta_ - 1);

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
  Clear();
  return RecordBatch({batch, size});
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
}

}  // namespace cauce
