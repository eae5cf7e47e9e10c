// What a LocalAdmin tells of transactions, and does to those that hang.
#include <algorithm>
#include <optional>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/client/local_admin.h"
#include "engine/coord/state_partition.h"
#include "engine/coord/stored_state.h"
#include "fmt/format.h"

namespace cauce {
namespace {

DescribedTransaction DescribedAs(TransactionDescription told) {
  DescribedTransaction described;
  described.id = std::move(told.id);
  described.status = told.status;
  described.producer_id = told.producer.id;
  described.producer_epoch = told.producer.epoch;
  described.timeout = told.timeout;
  described.start = told.start;
  described.partitions = std::move(told.partitions);
  return described;
}

HangingTransaction HangingAs(const HeldBack& held) {
  return {.partition = held.partition,
          .producer_id = held.producer_id,
          .producer_epoch = held.producer_epoch,
          .start = held.stable,
          .end = held.end};
}

}  // namespace

absl::StatusOr<ReadableList<DescribedTransaction>>
LocalAdmin::ListReadableTransactions() {
  CAUCE_ASSIGN_OR_RETURN(const auto log, StoredIn(kTransactionStateTopic));
  ReadableList<DescribedTransaction> listed;
  if (log == nullptr) return listed;
  std::vector<TransactionDescription> all;
  if (IsReadOnly()) {
    StoredTransactions stored = ListStoredTransactions(*log);
    all = std::move(stored.transactions);
    listed.unread = std::move(stored.unread);
  } else {
    CAUCE_ASSIGN_OR_RETURN(const auto transactions, core().Transactions());
    listed.unread = transactions->LoadEach();
    all = transactions->List();
  }
  std::ranges::sort(all, {}, &TransactionDescription::id);
  for (TransactionDescription& each : all)
    listed.found.push_back(DescribedAs(std::move(each)));
  return listed;
}

absl::StatusOr<DescribedTransaction> LocalAdmin::DescribeTransaction(
    std::string_view id) {
  CAUCE_ASSIGN_OR_RETURN(auto found, FindTransaction(id));
  if (found) return *std::move(found);
  return absl::NotFoundError(
      fmt::format("transactional id {}: nobody has it, or it was idle for so "
                  "long that it is forgotten",
                  id));
}

absl::StatusOr<std::optional<DescribedTransaction>> LocalAdmin::FindTransaction(
    std::string_view id) {
  CAUCE_ASSIGN_OR_RETURN(const auto log, StoredIn(kTransactionStateTopic));
  if (log == nullptr) return std::nullopt;
  std::optional<TransactionDescription> told;
  if (IsReadOnly()) {
    CAUCE_ASSIGN_OR_RETURN(told, FindStoredTransaction(*log, std::string(id)));
  } else {
    CAUCE_ASSIGN_OR_RETURN(const auto transactions, core().Transactions());
    // It may be readable by now; where it is not Describe says why.
    transactions->Load(StatePartitionOf(id, log->partitions())).IgnoreError();
    CAUCE_ASSIGN_OR_RETURN(told, transactions->Describe(id));
  }
  if (!told) return std::nullopt;
  return DescribedAs(*std::move(told));
}

absl::StatusOr<std::vector<HangingTransaction>>
LocalAdmin::FindHangingTransactions() {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const auto held, core().FindHangingTransactions());
  std::vector<HangingTransaction> hanging;
  for (const HeldBack& each : held) hanging.push_back(HangingAs(each));
  return hanging;
}

absl::Status LocalAdmin::AbortTransaction(
    const HangingTransaction& transaction) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const auto hanging,
                         core().FindHangingTransaction(transaction.partition));
  const bool hangs = hanging &&
                     hanging->producer_id == transaction.producer_id &&
                     hanging->producer_epoch == transaction.producer_epoch &&
                     hanging->stable == transaction.start;
  const TopicPartition& name = transaction.partition;
  if (!hangs) {
    return MakeError(
        Reason::kInvalidTxnState,
        fmt::format("{}: the transaction of producer {}, epoch {}, at offset "
                    "{} does not hang: it has ended, or a transactional id has "
                    "it; FindHangingTransactions tells which do",
                    name.ToString(), transaction.producer_id.value,
                    transaction.producer_epoch, transaction.start.value));
  }
  CAUCE_ASSIGN_OR_RETURN(const TransactionEnd end, AbortOf(transaction));
  // Where the table of its offsets has to hear of it.
  if (name.topic == kConsumerOffsetsTopic) {
    const std::string who = name.ToString();
    return AwaitStatus(
        {who, "to end a transaction"}, [&](auto done) {
          Groups()->EndTransaction(name.partition, end, std::move(done));
        });
  }
  CAUCE_ASSIGN_OR_RETURN(Partition partition,
                         engine().OpenPartition(name.topic, name.partition));
  return partition.EndTransaction(end).status();
}

absl::StatusOr<TransactionEnd> LocalAdmin::AbortOf(
    const HangingTransaction& transaction) {
  TransactionEnd end;
  end.producer_id = transaction.producer_id;
  end.producer_epoch = transaction.producer_epoch;
  end.outcome = TransactionOutcome::kAbort;
  // As the newest coordinator that any partition has heard of: a broker counts
  // them by the leader epochs of the ids' partitions.
  end.coordinator_epoch = 0;
  CAUCE_ASSIGN_OR_RETURN(const TopicDescription ids,
                         DescribeTopic(kTransactionStateTopic));
  for (int32_t i = 0; i < ids.partitions; ++i) {
    CAUCE_ASSIGN_OR_RETURN(
        const Partition partition,
        engine().OpenPartition(kTransactionStateTopic, PartitionId{i}));
    end.coordinator_epoch =
        std::max(end.coordinator_epoch, partition.leader_epoch().value);
  }
  return end;
}

}  // namespace cauce
