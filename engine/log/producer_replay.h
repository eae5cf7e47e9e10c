// Reads a log's batches once more, for what they tell of its producers.
//
// What is damaged or missing is passed by, as a reader's SkipDamage does, and
// told. Only reads.
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

struct Replay {
  TakeBatch take;
  // What lies right in front of `end`, and behind the batch before, cannot be
  // read.
  absl::FunctionRef<void(Offset end)> pass_damage;
  // Whether it is damage that no batch has these offsets.
  absl::FunctionRef<bool(const OffsetRange&)> is_missing;
};

// Every batch that holds an offset of [from, up_to), in their order.
absl::Status ReplayBatches(const SegmentSet& set, Offset from, Offset up_to,
                           const Replay& replay);

}  // namespace cauce
