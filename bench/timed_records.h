// Batches whose records each have a time of their own, and where a look-up by
// time has to end: the model that answers are held against.
//
// Record i of the log has a time within the thousand milliseconds of its block
// of a thousand records: i itself where times rise, else one of the block's in
// a fixed disorder. Immutable but for BatchAt(): for one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/payload.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce::bench {

enum class TimeOrder { kRising, kMixed };

class TimedRecords {
 public:
  // `payload` is borrowed.
  TimedRecords(const Payload& payload, TimeOrder order);

  // The payload's records as batch number `batch` of a log, whose bytes are
  // valid until the next call.
  absl::StatusOr<RecordBatch> BatchAt(int64_t batch);

  Timestamp TimeOf(int64_t offset) const;

  // The offset of the first record whose time is at or after that of the record
  // at `offset`.
  int64_t FirstAtOrAfterTimeOf(int64_t offset) const;

 private:
  const Payload& payload_;
  const TimeOrder order_;
  // By a time within a block: the first of the block's records at or after it.
  std::vector<int64_t> first_;
  BatchBuilder builder_;
};

}  // namespace cauce::bench
