// Writes a batch anew with another codec, for topics whose `compression.type`
// is not the producer's choice. Everything but the codec stays.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "cauce/record_batch.h"

namespace cauce {

// The result lives in `builder`, which must be empty. Errors are those of
// RecordReader and BatchBuilder::Finish.
absl::StatusOr<RecordBatch> Recompress(const RecordBatch& batch, Codec codec,
                                       std::optional<int> level,
                                       BatchBuilder& builder);

}  // namespace cauce
