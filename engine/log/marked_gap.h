// What takes the place of lost offsets: markers of transactions whose own were
// lost, and batches without records between them. Pure; any thread.
#pragma once

#include <span>
#include <string>

#include "cauce/read.h"
#include "cauce/repair.h"
#include "cauce/types.h"
#include "engine/log/gap_batch.h"

namespace cauce {

// The bytes of [base, next), of which there are kGapOffsetsMax at most. The
// markers of `ended` stand there, in their order.
std::string MarkedGap(const OffsetRange& filled,
                      std::span<const EndedTransaction> ended,
                      const GapStamp& stamp);

}  // namespace cauce
