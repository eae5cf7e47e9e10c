#include "engine/log/recompress.h"

#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/record/batch_fields.h"
#include "fmt/format.h"

namespace cauce {

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
