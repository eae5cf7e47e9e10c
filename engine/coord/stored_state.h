// What groups and transactional ids are by their logs alone, as coordinators
// would tell it: for who only reads, while another process may be writing.
// Members of groups, and transactions, are as they were stored last. Functions
// of what stands there: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/offset_events.h"
#include "engine/coord/state_log.h"
#include "engine/coord/transaction_events.h"

namespace cauce {

struct StoredTransactions {
  std::vector<TransactionDescription> transactions;
  // Why partitions could not be read; theirs are left out.
  std::vector<absl::Status> unread;
};

// Errors of the replay, as are those of all that follow.
GroupListings ListStoredGroups(StateLog& log);
// Reason::kGroupIdNotFound.
absl::StatusOr<GroupDescription> DescribeStoredGroup(StateLog& log,
                                                     const std::string& group);
absl::StatusOr<OffsetFetchReply> FetchStoredOffsets(StateLog& log,
                                                    const OffsetFetch& fetch);
StoredTransactions ListStoredTransactions(StateLog& log);
// Nothing where nobody has the id. Looks at its partition alone.
absl::StatusOr<std::optional<TransactionDescription>> FindStoredTransaction(
    StateLog& log, const std::string& id);

}  // namespace cauce
