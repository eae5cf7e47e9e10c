#include "engine/log/gap_batch.h"

#include "cauce/record_batch.h"
#include "engine/base/check.h"

namespace cauce {

std::string GapBatch(Offset base, Offset next, const GapStamp& stamp) {
  CAUCE_CHECK(base < next);
  CAUCE_CHECK(next - base <= kGapOffsetsMax);
  BatchFields fields;
  fields.base_offset = base;
  fields.leader_epoch = stamp.epoch;
  fields.max_timestamp = stamp.time;
  fields.last_offset_delta = static_cast<int32_t>(next - base - 1);
  BatchBuilder builder(fields);
  const auto batch = builder.Finish();
  // Nothing is compressed, which is all that could fail.
  CAUCE_CHECK(batch.ok());
  return std::string(batch->bytes());
}

}  // namespace cauce
