#include "engine/client/outgoing_batch.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/status_macros.h"

namespace cauce {

std::optional<BatchBuilder> OutgoingBatch::TakeMemory() {
  // One larger record has made room for itself.
  const size_t bytes = std::max(built_bytes_, builder_.bytes());
  if (is_rebuilt_ || bytes > bytes_max_) return std::nullopt;
  built_.reset();
  builder_.Clear();
  return std::move(builder_);
}

absl::StatusOr<RecordBatch> OutgoingBatch::Build(const Identity& identity) {
  CAUCE_CHECK(sealed_ && records_ > 0);
  const bool is_same = built_as_.id == identity.id &&
                       built_as_.epoch == identity.epoch &&
                       built_as_.next_sequence == identity.next_sequence;
  if (built_ && is_same) return *built_;
  CAUCE_RETURN_IF_ERROR(cannot_be_built_);
  if (built_) {
    CAUCE_ASSIGN_OR_RETURN(builder_, Encode(0, records_));
    is_rebuilt_ = true;
    built_.reset();
  }
  built_bytes_ = builder_.bytes();
  builder_.SetProducer(identity.id, identity.epoch, identity.next_sequence);
  absl::StatusOr<RecordBatch> built = builder_.Finish();
  // Its records are gone from the builder by then.
  if (!built.ok()) return cannot_be_built_ = built.status();
  built_ = *built;
  built_as_ = identity;
  return *built_;
}

absl::StatusOr<OutgoingBatch> OutgoingBatch::SplitOff() {
  CAUCE_CHECK(built_ && records_ > 1);
  const int32_t half = records_ / 2;
  OutgoingBatch second(fields_, bytes_max_, number_, begun_);
  CAUCE_ASSIGN_OR_RETURN(second.builder_, Encode(half, records_));
  CAUCE_ASSIGN_OR_RETURN(BatchBuilder first, Encode(0, half));
  second.is_rebuilt_ = true;
  second.records_ = records_ - half;
  second.Seal();
  const auto behind = std::find_if(
      awaited.begin(), awaited.end(),
      [half](const AwaitedRecord& each) { return each.delta >= half; });
  for (auto each = behind; each != awaited.end(); ++each) {
    each->delta -= half;
    second.awaited.push_back(std::move(*each));
  }
  awaited.erase(behind, awaited.end());
  builder_ = std::move(first);
  is_rebuilt_ = true;
  built_.reset();
  records_ = half;
  return second;
}

absl::StatusOr<BatchBuilder> OutgoingBatch::Encode(int32_t from,
                                                   int32_t to) const {
  // Without the batch's own limit: from another first record the times of a
  // half may take more bytes.
  BatchBuilder builder(fields_, kRecordBytesMax);
  RecordReader reader;
  CAUCE_RETURN_IF_ERROR(reader.Open(*built_));
  RecordView record;
  std::vector<Header> headers;
  for (int32_t place = 0; place < to && reader.Next(&record); ++place) {
    if (place < from) continue;
    headers.clear();
    for (const Header& header : record.headers) headers.push_back(header);
    // They had room in a smaller batch.
    CAUCE_CHECK(builder.Add({.key = record.key,
                             .value = record.value,
                             .headers = headers,
                             .timestamp = record.timestamp}));
  }
  CAUCE_RETURN_IF_ERROR(reader.status());
  return builder;
}

}  // namespace cauce
