// What a partition of __transaction_state says of its transactional ids: the
// last value of each, without those that are forgotten. A function of what
// stands there: any thread.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "cauce/types.h"
#include "engine/coord/state_log.h"
#include "engine/coord/transaction_records.h"

namespace cauce {

// Errors of the replay; Reason::kCorruptBatch and kUnsupportedFormat for a
// record that cannot be read, which may be the last word on its id.
absl::StatusOr<std::map<std::string, TransactionLogValue>> ReplayTransactions(
    StateLog& log, PartitionId partition);

}  // namespace cauce
