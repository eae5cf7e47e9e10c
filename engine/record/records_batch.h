// Records that a program appends, made into one batch: what must hold of them,
// and which time those get that have none.
//
// Pure; any thread.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

// All of `records`, at least one, as a batch of `builder`'s, which must be
// empty, may take kRecordBytesMax and keeps the batch alive; those without a
// time get `now`. `partition` is for the errors. Reason::kInvalidRecord where
// there are none, kInvalidTimestamp, kBatchTooLarge and errors of
// BatchBuilder::Finish.
absl::StatusOr<RecordBatch> RecordsBatch(const TopicPartition& partition,
                                         std::span<const Record> records,
                                         Timestamp now, BatchBuilder& builder);

}  // namespace cauce
