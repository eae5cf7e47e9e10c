// What comes to a transactional id and what it answers: Kafka's requests and
// responses of InitProducerId, AddPartitionsToTxn and EndTxn without their
// bytes, and what the caller shall do. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/types.h"
#include "engine/coord/state_record.h"
#include "engine/coord/transaction_metadata.h"
#include "engine/coord/waiter.h"

namespace cauce {

struct InitProducerRequest {
  Waiter waiter = 0;
  absl::Duration timeout;
  // What the producer has, if it goes on after an error (KIP-360).
  std::optional<ProducerInstance> current;
};

// With offsets of a group it is the group's partition of __consumer_offsets
// that is added. With an epoch per transaction the first batch to a partition
// adds it.
struct AddPartitionsRequest {
  Waiter waiter = 0;
  ProducerInstance producer;
  std::set<TopicPartition> partitions;
  int16_t version = 0;  // of transactions, as the producer knows them
};

struct EndTransactionRequest {
  Waiter waiter = 0;
  ProducerInstance producer;
  TransactionOutcome outcome = TransactionOutcome::kAbort;
  int16_t version = 0;
};

struct TransactionReply {
  Waiter waiter = 0;
  absl::Status status;
  // What the producer has from now on: of InitProducer, and of EndTransaction
  // with an epoch per transaction.
  ProducerInstance producer;
};

// The same to each of some partitions. With an epoch per transaction the
// marker's epoch is higher than any batch's in the transaction that it ends: a
// partition where the newest is as high has had it already.
struct MarkersToWrite {
  TransactionEnd end;
  std::vector<TopicPartition> partitions;
};

enum class MarkerResult {
  kWritten,
  kRetry,          // it was not written, and no late one is on its way
  kStuck,          // the same, and none will be before its log is opened anew
  kPartitionGone,  // there is nothing to end there any more
};

struct MarkersWrittenEvent {
  ProducerInstance producer;  // as the markers have it
  struct Result {
    TopicPartition partition;
    MarkerResult result;
    absl::Status why = absl::OkStatus();  // it was not written
  };
  std::vector<Result> results;
};

// What the caller does, in this order.
struct TransactionOutput {
  // 1. Makes this durable and says Appended or AppendFailed. No other comes
  //    before it has.
  std::optional<StateRecord> append;
  // 2. Writes these, and says MarkersWritten of each partition once.
  std::optional<MarkersToWrite> markers;
  // 3. Answers these, at once: what must wait for the record comes with
  //    Appended.
  std::vector<TransactionReply> reply;
  // 4. Comes back with Tick at this time, and no longer at an earlier one.
  std::optional<absl::Time> wake_at;
};

// For who asks what goes on.
struct TransactionDescription {
  std::string id;
  TransactionStatus status = TransactionStatus::kEmpty;
  ProducerInstance producer;
  absl::Duration timeout;
  std::optional<absl::Time> start;
  // While a transaction ends, those that have no marker yet.
  std::vector<TopicPartition> partitions;
};

}  // namespace cauce
