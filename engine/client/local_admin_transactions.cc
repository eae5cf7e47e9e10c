// What a LocalAdmin tells of transactions, and does to those that hang.
#include <algorithm>
#include <utility>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/client/local_admin.h"
#include "engine/coord/stored_state.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr absl::Duration kCallTimeout = absl::Minutes(1);

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

}  // namespace

absl::StatusOr<std::vector<DescribedTransaction>>
LocalAdmin::ListTransactions() {
  CAUCE_ASSIGN_OR_RETURN(const auto log, StoredIn(kTransactionStateTopic));
  if (log == nullptr) return std::vector<DescribedTransaction>();
  std::vector<TransactionDescription> all;
  if (IsReadOnly()) {
    CAUCE_ASSIGN_OR_RETURN(all, ListStoredTransactions(*log));
  } else {
    CAUCE_ASSIGN_OR_RETURN(const auto transactions, core().Transactions());
    all = transactions->List();
  }
  std::ranges::sort(all, {}, &TransactionDescription::id);
  std::vector<DescribedTransaction> described;
  for (TransactionDescription& each : all)
    described.push_back(DescribedAs(std::move(each)));
  return described;
}

absl::StatusOr<DescribedTransaction> LocalAdmin::DescribeTransaction(
    std::string_view id) {
  CAUCE_ASSIGN_OR_RETURN(auto all, ListTransactions());
  const auto found = std::ranges::find(all, id, &DescribedTransaction::id);
  if (found != all.end()) return std::move(*found);
  return absl::NotFoundError(
      fmt::format("transactional id {}: nobody has it, or it was idle for so "
                  "long that it is forgotten",
                  id));
}

absl::StatusOr<std::vector<HangingTransaction>>
LocalAdmin::FindHangingTransactions() {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  CAUCE_ASSIGN_OR_RETURN(const auto held, core().FindHangingTransactions());
  std::vector<HangingTransaction> hanging;
  for (const HeldBack& each : held) {
    CAUCE_ASSIGN_OR_RETURN(HangingTransaction identified, Identify(each));
    hanging.push_back(std::move(identified));
  }
  return hanging;
}

// Readers end where it begins: its first batch stands there.
absl::StatusOr<HangingTransaction> LocalAdmin::Identify(const HeldBack& held) {
  CAUCE_ASSIGN_OR_RETURN(
      const Partition partition,
      engine().OpenPartition(held.partition.topic, held.partition.partition));
  Cursor cursor = partition.Read(held.stable);
  RecordBatch batch;
  CAUCE_ASSIGN_OR_RETURN(const bool is_there, cursor.NextBatch(&batch));
  if (!is_there || !batch.is_transactional()) {
    return MakeError(
        Reason::kInvalidTxnState,
        fmt::format("{}: no transaction begins at offset {}, where one was "
                    "found to hang; look again",
                    held.partition.ToString(), held.stable.value));
  }
  return HangingTransaction{.partition = held.partition,
                            .producer_id = batch.producer_id(),
                            .producer_epoch = batch.producer_epoch(),
                            .start = held.stable,
                            .end = held.end};
}

absl::Status LocalAdmin::AbortTransaction(
    const HangingTransaction& transaction) {
  CAUCE_ASSIGN_OR_RETURN(const auto hanging, FindHangingTransactions());
  const auto is_it = [&transaction](const HangingTransaction& each) {
    return each.partition == transaction.partition &&
           each.producer_id == transaction.producer_id &&
           each.producer_epoch == transaction.producer_epoch &&
           each.start == transaction.start;
  };
  const TopicPartition& name = transaction.partition;
  if (std::ranges::none_of(hanging, is_it)) {
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
        {who, "to end a transaction", kCallTimeout}, [&](auto done) {
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
