// A batch without records: it says of its offsets that there is nothing, and
// that nothing is missing. Kafka's compaction leaves such ones, so every reader
// of the format passes over it. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "cauce/types.h"

namespace cauce {

// How many offsets one covers at most.
inline constexpr int64_t kGapOffsetsMax = int64_t{INT32_MAX} + 1;

// What one has in common with the batches around it, as if it had been among
// them from the beginning.
struct GapStamp {
  LeaderEpoch epoch;
  // By which it is too old to be kept; that of its file where it has none.
  Timestamp time = kNoTimestamp;
};

// The bytes of the one that covers [base, next), of which there are some, and
// kGapOffsetsMax at most.
std::string GapBatch(Offset base, Offset next, const GapStamp& stamp);

}  // namespace cauce
