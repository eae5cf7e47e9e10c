// What groups and transactional ids are by their logs alone, as coordinators
// would tell it: for who only reads, while another process may be writing.
// Members of groups, and transactions, are as they were stored last. Functions
// of what stands there: any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/offset_events.h"
#include "engine/coord/state_log.h"
#include "engine/coord/transaction_events.h"

namespace cauce {

// Errors of the replay, as are those of all that follow. By id.
absl::StatusOr<std::vector<GroupListing>> ListStoredGroups(StateLog& log);
// Reason::kGroupIdNotFound.
absl::StatusOr<GroupDescription> DescribeStoredGroup(StateLog& log,
                                                     const std::string& group);
absl::StatusOr<OffsetFetchReply> FetchStoredOffsets(StateLog& log,
                                                    const OffsetFetch& fetch);
absl::StatusOr<std::vector<TransactionDescription>> ListStoredTransactions(
    StateLog& log);

}  // namespace cauce
