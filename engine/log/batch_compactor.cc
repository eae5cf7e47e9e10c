#include "engine/log/batch_compactor.h"

#include <algorithm>
#include <optional>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/compression.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/record/batch_fields.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr int16_t kCodecBits = 0x07;

// Appends the records that stay, run by run.
void CopyStaying(std::span<const StoredRecord> records, std::string& to) {
  for (size_t i = 0; i < records.size();) {
    if (!records[i].stays) {
      ++i;
      continue;
    }
    const char* const begin = records[i].bytes.data();
    while (i < records.size() && records[i].stays) ++i;
    const std::string_view last = records[i - 1].bytes;
    to.append(begin, last.data() + last.size());
  }
}

}  // namespace

absl::StatusOr<std::span<StoredRecord>> BatchCompactor::Decode(
    const RecordBatch& batch) {
  records_.clear();
  CAUCE_RETURN_IF_ERROR(reader_.Open(batch));
  RecordView view;
  while (reader_.Next(&view)) {
    records_.push_back({.offset = view.offset,
                        .timestamp = view.timestamp,
                        .bytes = reader_.stored_bytes(),
                        .key = view.key.value_or(std::string_view()),
                        .has_key = view.key.has_value(),
                        .has_value = view.value.has_value()});
  }
  CAUCE_RETURN_IF_ERROR(reader_.status());
  return std::span(records_);
}

absl::StatusOr<CompactedBatch> BatchCompactor::Compact(
    const RecordBatch& batch, const BatchVerdict& verdict, Timestamp horizon,
    Judge judge) {
  if (batch.record_count() == 0) {
    return verdict.stays_empty ? Whole(batch) : Without(batch, false);
  }
  if (verdict.discards_records) return Without(batch, verdict.stays_empty);
  if (verdict.stays_whole) return Whole(batch);
  if (batch.is_control()) {
    const bool is_due = verdict.is_idle_marker && verdict.gets_horizon;
    if (!is_due || batch.has_delete_horizon()) return Whole(batch);
    CAUCE_RETURN_IF_ERROR(Decode(batch).status());
    return RewriteWithHorizon(batch, horizon);
  }
  CAUCE_RETURN_IF_ERROR(Decode(batch).status());
  judge(std::span(records_));
  size_t stay = 0;
  bool has_tombstone = false;
  for (const StoredRecord& record : records_) {
    stay += record.stays ? 1 : 0;
    has_tombstone |= record.stays && !record.has_value;
  }
  if (stay == 0) return Without(batch, verdict.stays_empty);
  const bool has_horizon = batch.has_delete_horizon();
  if (has_tombstone && verdict.gets_horizon && !has_horizon) {
    return RewriteWithHorizon(batch, horizon);
  }
  return stay == records_.size() ? Whole(batch) : Rewrite(batch);
}

CompactedBatch BatchCompactor::Whole(const RecordBatch& batch) const {
  const Timestamp largest =
      batch.record_count() > 0 ? batch.max_timestamp() : kNoTimestamp;
  return {BatchFate::kWhole, batch.bytes(), batch.record_count(), largest};
}

CompactedBatch BatchCompactor::Without(const RecordBatch& batch,
                                       bool stays_empty) {
  if (!stays_empty) return {.fate = BatchFate::kDropped};
  output_.assign(batch.bytes().substr(0, kBatchHeaderBytes));
  const auto attributes = static_cast<int16_t>(
      batch.attributes() & ~(kCodecBits | layout::kDeleteHorizonBit));
  CompactedBatch emptied =
      Seal(attributes, kNoTimestamp, batch.max_timestamp(), 0);
  emptied.fate = BatchFate::kEmptied;
  emptied.max_timestamp = kNoTimestamp;
  return emptied;
}

absl::StatusOr<CompactedBatch> BatchCompactor::Rewrite(
    const RecordBatch& batch) {
  output_.assign(batch.bytes().substr(0, kBatchHeaderBytes));
  if (batch.codec() == Codec::kNone) {
    CopyStaying(records_, output_);
  } else {
    plain_.clear();
    CopyStaying(records_, plain_);
    CAUCE_RETURN_IF_ERROR(
        Compress(batch.codec(), std::nullopt, plain_, &output_));
  }
  int32_t stay = 0;
  Timestamp largest = kNoTimestamp;
  for (const StoredRecord& record : records_) {
    if (!record.stays) continue;
    largest = std::max(largest, record.timestamp);
    ++stay;
  }
  // With LogAppendTime it is the time of every record that is left.
  return Seal(batch.attributes(), batch.base_timestamp(), largest, stay);
}

absl::StatusOr<CompactedBatch> BatchCompactor::RewriteWithHorizon(
    const RecordBatch& batch, Timestamp horizon) {
  // Timestamps are stored relative to the horizon: each record changes.
  BatchFields fields = FieldsOf(batch);
  fields.base_timestamp = std::nullopt;
  fields.delete_horizon = horizon;
  // Elsewhere the largest of those that stay.
  if (batch.timestamp_type() != TimestampType::kLogAppendTime) {
    fields.max_timestamp = std::nullopt;
  }
  BatchBuilder builder(fields, kRecordBytesMax);
  CAUCE_RETURN_IF_ERROR(reader_.Open(batch));
  RecordView view;
  std::vector<Header> headers;
  int32_t stay = 0;
  Timestamp largest = kNoTimestamp;
  for (size_t i = 0; i < records_.size() && reader_.Next(&view); ++i) {
    if (!records_[i].stays) continue;
    headers.clear();
    for (const Header& header : view.headers) headers.push_back(header);
    if (!builder.AddAt(
            static_cast<int32_t>(view.offset - batch.base_offset()),
            {view.key, view.value, headers, reader_.stored_timestamp()})) {
      return MakeError(
          Reason::kBatchTooLarge,
          fmt::format("batch at offset {}: has {} bytes, and does not fit into "
                      "{} once it says until when its tombstones stay",
                      batch.base_offset().value, batch.bytes().size(),
                      kRecordBytesMax));
    }
    largest = std::max(largest, view.timestamp);
    ++stay;
  }
  CAUCE_RETURN_IF_ERROR(reader_.status());
  CAUCE_ASSIGN_OR_RETURN(const RecordBatch rebuilt, builder.Finish());
  output_.assign(rebuilt.bytes());
  return CompactedBatch{BatchFate::kRewritten, output_, stay, largest};
}

CompactedBatch BatchCompactor::Seal(int16_t attributes, Timestamp base,
                                    Timestamp largest, int32_t records) {
  char* const to = output_.data();
  const auto bytes = static_cast<int64_t>(output_.size());
  // Codecs do worse on less, by a few bytes a block, never by as much as this.
  CAUCE_CHECK(bytes - layout::kLengthExcludes <= INT32_MAX);
  StoreBig<int32_t>(to + layout::kBatchLength,
                    static_cast<int32_t>(bytes - layout::kLengthExcludes));
  StoreBig<int16_t>(to + layout::kAttributes, attributes);
  StoreBig<int64_t>(to + layout::kBaseTimestamp, base.ms);
  StoreBig<int64_t>(to + layout::kMaxTimestamp, largest.ms);
  StoreBig<int32_t>(to + layout::kRecordCount, records);
  const std::string_view covered =
      std::string_view(output_).substr(layout::kAttributes);
  StoreBig<uint32_t>(to + layout::kCrc, Crc32c(covered));
  return {BatchFate::kRewritten, output_, records, largest};
}

}  // namespace cauce
