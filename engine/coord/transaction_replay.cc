#include "engine/coord/transaction_replay.h"

#include <utility>
#include <variant>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status Take(const StateRecord& record,
                  std::map<std::string, TransactionLogValue>& ids) {
  CAUCE_ASSIGN_OR_RETURN(const TransactionStateKey key,
                         DecodeTransactionStateKey(record.key));
  const auto* const named = std::get_if<TransactionLogKey>(&key);
  if (named == nullptr) return absl::OkStatus();
  if (!record.value.has_value()) {
    ids.erase(named->transactional_id);
    return absl::OkStatus();
  }
  CAUCE_ASSIGN_OR_RETURN(TransactionLogValue value,
                         DecodeTransactionLogValue(*record.value));
  ids.insert_or_assign(named->transactional_id, std::move(value));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::map<std::string, TransactionLogValue>> ReplayTransactions(
    StateLog& log, PartitionId partition) {
  std::map<std::string, TransactionLogValue> ids;
  const auto visit = [&ids, partition](const StateEntry& entry) {
    const auto* const record = std::get_if<StateEntry::Record>(&entry.what);
    if (record == nullptr) return absl::OkStatus();
    return Annotate(Take(record->record, ids),
                    fmt::format("partition {} of the transactional ids, "
                                "offset {}",
                                partition.value, entry.offset.value));
  };
  CAUCE_RETURN_IF_ERROR(log.Replay(partition, visit));
  return ids;
}

}  // namespace cauce
