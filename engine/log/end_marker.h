// The control batch that ends a producer's transaction, as its coordinator has
// it written. Source of the format: Kafka's ControlRecordType and
// EndTransactionMarker. Pure functions: any thread.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/producer_state.h"

namespace cauce {

// Built in `builder`, whose memory it stays in until that builds another.
absl::StatusOr<RecordBatch> BuildEndMarker(const TransactionEnd& end,
                                           Timestamp time,
                                           BatchBuilder& builder);

// Nothing where `batch` ends no transaction: it holds records, or control
// records of another kind, or none any more.
std::optional<EndMarker> ParseEndMarker(const RecordBatch& batch);

}  // namespace cauce
