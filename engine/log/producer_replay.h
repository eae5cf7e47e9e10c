// Reads a log's batches once more, for what they tell of its producers.
//
// What is damaged is passed by, as a reader's SkipDamage does. Only reads.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/segment.h"
#include "engine/log/segment_set.h"

namespace cauce {

// Told of a batch, and of the segment it stands in.
using TakeBatch = absl::FunctionRef<void(const RecordBatch&, const Segment&)>;

// Every batch that holds an offset of [from, up_to), in their order.
absl::Status ReplayBatches(const SegmentSet& set, Offset from, Offset up_to,
                           TakeBatch take);

}  // namespace cauce
