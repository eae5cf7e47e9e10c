#include "engine/log/recompress.h"

#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

BatchFields FieldsOf(const RecordBatch& batch) {
  BatchFields fields;
  fields.timestamp_type = batch.timestamp_type();
  fields.transactional = batch.is_transactional();
  fields.control = batch.is_control();
  fields.leader_epoch = batch.leader_epoch();
  fields.producer_id = batch.producer_id();
  fields.producer_epoch = batch.producer_epoch();
  fields.base_sequence = batch.base_sequence();
  fields.base_offset = batch.base_offset();
  if (batch.has_delete_horizon()) {
    fields.delete_horizon = batch.base_timestamp();
  } else {
    fields.base_timestamp = batch.base_timestamp();
  }
  fields.max_timestamp = batch.max_timestamp();
  fields.last_offset_delta = batch.last_offset_delta();
  return fields;
}

}  // namespace

absl::StatusOr<RecordBatch> Recompress(const RecordBatch& batch, Codec codec,
                                       std::optional<int> level,
                                       BatchBuilder& builder) {
  BatchFields fields = FieldsOf(batch);
  fields.codec = codec;
  fields.codec_level = level;
  builder.SetFields(fields);
  RecordReader reader;
  CAUCE_RETURN_IF_ERROR(reader.Open(batch));
  RecordView view;
  std::vector<Header> headers;
  while (reader.Next(&view)) {
    headers.clear();
    for (const Header& header : view.headers) headers.push_back(header);
    const Record record{view.key, view.value, headers,
                        reader.stored_timestamp()};
    const auto delta = static_cast<int32_t>(view.offset - batch.base_offset());
    if (!builder.AddAt(delta, record)) {
      return MakeError(Reason::kBatchTooLarge,
                       fmt::format("batch at offset {} grows past {} bytes "
                                   "when it is decompressed",
                                   batch.base_offset().value, kRecordBytesMax));
    }
  }
  CAUCE_RETURN_IF_ERROR(reader.status());
  return builder.Finish();
}

}  // namespace cauce
