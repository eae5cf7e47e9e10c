#include "cauce/record_batch.h"

#include <algorithm>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status CheckMagic(int8_t magic) {
  if (magic == layout::kMagicValue) return absl::OkStatus();
  if (magic == 0 || magic == 1) {
    return MakeError(
        Reason::kUnsupportedFormat,
        fmt::format("records have message format {}, which Kafka 4 dropped; "
                    "only format 2 is supported: rewrite them with a newer "
                    "producer",
                    magic));
  }
  return MakeError(Reason::kUnsupportedFormat,
                   fmt::format("records have message format {}, only format 2 "
                               "is supported",
                               magic));
}

// The header's numbers must agree with each other before anybody counts on
// them.
absl::Status CheckHeader(const RecordBatch& batch) {
  if (batch.base_offset().value < 0 || batch.last_offset_delta() < 0) {
    return MakeError(
        Reason::kCorruptBatch,
        fmt::format("batch at offset {} has last offset delta {}; neither may "
                    "be negative",
                    batch.base_offset().value, batch.last_offset_delta()));
  }
  if (batch.base_offset().value > INT64_MAX - batch.last_offset_delta() - 1) {
    return MakeError(
        Reason::kCorruptBatch,
        fmt::format("batch at offset {} with last offset delta {} "
                    "leaves the range of offsets",
                    batch.base_offset().value, batch.last_offset_delta()));
  }
  const int64_t count = batch.record_count();
  if (count < 0 || count > int64_t{batch.last_offset_delta()} + 1) {
    return MakeError(Reason::kCorruptBatch,
                     fmt::format("batch at offset {} claims {} records within "
                                 "{} offsets",
                                 batch.base_offset().value, count,
                                 int64_t{batch.last_offset_delta()} + 1));
  }
  if ((batch.attributes() & 0x07) > static_cast<int>(Codec::kZstd)) {
    return MakeError(
        Reason::kUnsupportedCodec,
        fmt::format("batch at offset {} has codec {}, the highest "
                    "known is {}",
                    batch.base_offset().value, batch.attributes() & 0x07,
                    static_cast<int>(Codec::kZstd)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RecordBatch> RecordBatch::Parse(std::string_view bytes) {
  // The magic stands at the same place in all formats, so that old records are
  // told from damage even where they are shorter than a header of ours.
  if (static_cast<int64_t>(bytes.size()) <= layout::kMagic) {
    return MakeError(Reason::kCorruptBatch,
                     fmt::format("batch is cut off: {} bytes are there, its "
                                 "header alone has {}",
                                 bytes.size(), kBatchHeaderBytes));
  }
  CAUCE_RETURN_IF_ERROR(CheckMagic(static_cast<int8_t>(bytes[layout::kMagic])));
  if (static_cast<int64_t>(bytes.size()) < kBatchHeaderBytes) {
    return MakeError(Reason::kCorruptBatch,
                     fmt::format("batch is cut off: {} bytes are there, its "
                                 "header alone has {}",
                                 bytes.size(), kBatchHeaderBytes));
  }
  const int64_t size = layout::ClaimedBytes(bytes.data());
  if (size < kBatchHeaderBytes || size > static_cast<int64_t>(bytes.size())) {
    return MakeError(Reason::kCorruptBatch,
                     fmt::format("batch at offset {} claims {} bytes, between "
                                 "{} and {} are possible",
                                 LoadBig<int64_t>(bytes.data()), size,
                                 kBatchHeaderBytes, bytes.size()));
  }
  const RecordBatch batch(bytes.substr(0, size));
  const uint32_t actual = Crc32c(batch.bytes_.substr(layout::kAttributes));
  if (actual != batch.crc()) {
    return MakeError(
        Reason::kCorruptBatch,
        fmt::format("batch at offset {} of {} bytes has CRC "
                    "{:08x}, its header says {:08x}",
                    batch.base_offset().value, size, actual, batch.crc()));
  }
  CAUCE_RETURN_IF_ERROR(CheckHeader(batch));
  return batch;
}

Offset RecordBatch::base_offset() const {
  return {LoadBig<int64_t>(bytes_.data() + layout::kBaseOffset)};
}
int32_t RecordBatch::last_offset_delta() const {
  return LoadBig<int32_t>(bytes_.data() + layout::kLastOffsetDelta);
}
LeaderEpoch RecordBatch::leader_epoch() const {
  return {LoadBig<int32_t>(bytes_.data() + layout::kLeaderEpoch)};
}
uint32_t RecordBatch::crc() const {
  return LoadBig<uint32_t>(bytes_.data() + layout::kCrc);
}
int16_t RecordBatch::attributes() const {
  return LoadBig<int16_t>(bytes_.data() + layout::kAttributes);
}
TimestampType RecordBatch::timestamp_type() const {
  return (attributes() & layout::kLogAppendTimeBit) != 0
             ? TimestampType::kLogAppendTime
             : TimestampType::kCreateTime;
}
Timestamp RecordBatch::base_timestamp() const {
  return {LoadBig<int64_t>(bytes_.data() + layout::kBaseTimestamp)};
}
Timestamp RecordBatch::max_timestamp() const {
  return {LoadBig<int64_t>(bytes_.data() + layout::kMaxTimestamp)};
}
ProducerId RecordBatch::producer_id() const {
  return {LoadBig<int64_t>(bytes_.data() + layout::kProducerId)};
}
int16_t RecordBatch::producer_epoch() const {
  return LoadBig<int16_t>(bytes_.data() + layout::kProducerEpoch);
}
int32_t RecordBatch::base_sequence() const {
  return LoadBig<int32_t>(bytes_.data() + layout::kBaseSequence);
}
int32_t RecordBatch::record_count() const {
  return LoadBig<int32_t>(bytes_.data() + layout::kRecordCount);
}

absl::Status ValidateRecords(const RecordBatch& batch,
                             const RecordRules& rules) {
  RecordReader reader;
  if (batch.bytes().empty()) return reader.Open(batch);
  if (batch.record_count() != int64_t{batch.last_offset_delta()} + 1) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("batch holds {} records in {} offsets; a "
                                 "producer's batch has no gaps",
                                 batch.record_count(),
                                 int64_t{batch.last_offset_delta()} + 1));
  }
  CAUCE_RETURN_IF_ERROR(reader.Open(batch, rules.decompressed_bytes_max));
  const bool own_times = batch.timestamp_type() == TimestampType::kCreateTime;
  Timestamp largest = kNoTimestamp;
  RecordView record;
  // The reader refuses offsets that repeat, go back or pass the last one; with
  // as many records as offsets none can be left out either.
  while (reader.Next(&record)) {
    if (rules.keys_required && !record.key) {
      return MakeError(Reason::kInvalidRecord,
                       fmt::format("record {} of the batch has no key, and a "
                                   "compacted topic needs one",
                                   record.offset - batch.base_offset()));
    }
    if (own_times && record.timestamp.has_value() &&
        (record.timestamp < rules.earliest ||
         record.timestamp > rules.latest)) {
      return MakeError(
          Reason::kInvalidTimestamp,
          fmt::format("record {} of the batch has timestamp {} ms, allowed are "
                      "{} to {}",
                      record.offset - batch.base_offset(), record.timestamp.ms,
                      rules.earliest.ms, rules.latest.ms));
    }
    largest = std::max(largest, record.timestamp);
  }
  CAUCE_RETURN_IF_ERROR(reader.status());
  if (batch.record_count() > 0 && own_times &&
      std::max(largest, kNoTimestamp) !=
          std::max(batch.max_timestamp(), kNoTimestamp)) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("batch says its largest timestamp is {} ms, "
                                 "its records say {} ms",
                                 batch.max_timestamp().ms, largest.ms));
  }
  return absl::OkStatus();
}

absl::StatusOr<ControlType> ParseControlKey(std::string_view key) {
  if (key.size() < 4) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("key of a control record has {} bytes, at "
                                 "least 4 are needed",
                                 key.size()));
  }
  if (const auto version = LoadBig<int16_t>(key.data()); version < 0) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("key of a control record has version {}, "
                                 "which must not be negative",
                                 version));
  }
  return static_cast<ControlType>(LoadBig<int16_t>(key.data() + 2));
}

}  // namespace cauce
