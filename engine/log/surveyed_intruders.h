// The intruders (segment_intruders.h) of a partition, for repair: found by
// whoever looks at every byte, before it is asked where segments belong and
// where they end, which a name of none would answer wrong.
//
// An intruder holds no whole batch, whatever its offset, and the nearest log in
// front of it that has batches of its own reaches behind its name: nothing that
// can be read goes with it. An index beside it, or how far the log was durable,
// says nothing for it. Opens every log, and reads only those without a batch at
// their front and the ones before such, each once. Changes nothing; any thread.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/log/partition_logs.h"
#include "engine/log/segment_intruders.h"

namespace cauce {

// `bases` are those of the partition's logs, smallest first. What cannot be
// opened as a file is none.
absl::StatusOr<std::vector<Intruder>> FindIntruders(
    const PartitionLogs& logs, std::span<const Offset> bases);

}  // namespace cauce
