// What is known of a transactional id, and what becomes of it step by step:
// Kafka's TransactionMetadata and its transitions, as functions of values.
//
// An epoch tells the instances of a producer apart, and with transaction
// version 2 its transactions too. Epochs of a producer id only grow; the last
// one is never told to a producer, so that one can always be fenced. Pure: any
// thread.
#pragma once

#include <cstdint>
#include <limits>
#include <set>

#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/types.h"
#include "engine/coord/transaction_records.h"

namespace cauce {

// A producer id with the epoch that tells one instance of it from another.
struct ProducerInstance {
  ProducerId id;
  int16_t epoch = -1;

  bool is_known() const { return id >= ProducerId{0}; }
  friend bool operator==(const ProducerInstance&,
                         const ProducerInstance&) = default;
};

inline constexpr int16_t kProducerEpochMax =
    std::numeric_limits<int16_t>::max();

// Whether a producer that has `epoch` can be given no further one.
constexpr bool IsLastEpoch(int16_t epoch) {
  return epoch >= kProducerEpochMax - 1;
}

struct TransactionMetadata {
  ProducerInstance producer;  // that of markers, while a transaction ends
  ProducerId previous_producer_id;
  ProducerId next_producer_id;  // once the transaction that ends has ended
  // The one that the producer had before, if it may ask for this one again.
  // Not stored.
  int16_t last_epoch = -1;
  absl::Duration timeout;
  TransactionStatus status = TransactionStatus::kEmpty;
  std::set<TopicPartition> partitions;  // that take part
  Timestamp start;
  Timestamp last_update;
  int16_t version = 0;  // of the transaction, as the producer knows it

  // What the producer goes on with: told by the answer that ends a transaction,
  // though its markers are still on their way.
  ProducerInstance successor() const;
  bool is_ending() const;
  // No transaction is open or ends.
  bool is_idle() const;

  static TransactionMetadata From(const TransactionLogValue& value);
  TransactionLogValue ToValue() const;

  friend bool operator==(const TransactionMetadata&,
                         const TransactionMetadata&) = default;
};

// The next of a transactional id. `producer` is told once it is durable.
TransactionMetadata Initialized(const TransactionMetadata& of,
                                const ProducerInstance& producer,
                                absl::Duration timeout, absl::Time now);

// Takes part with `added` too; opens a transaction where none is.
TransactionMetadata WithPartitions(const TransactionMetadata& of,
                                   const std::set<TopicPartition>& added,
                                   int16_t version, absl::Time now);

// Ends the transaction on its producer's word. With an epoch per transaction
// the marker has the next one; `next` is the id to go on with where the epochs
// are used up.
struct RequestedEnd {
  TransactionOutcome outcome;
  int16_t version;
  ProducerId next;
};
TransactionMetadata Ending(const TransactionMetadata& of,
                           const RequestedEnd& end, absl::Time now);

// Aborts the transaction against its producer, which has no say any more:
// its epoch is over, whatever the version.
TransactionMetadata Fenced(const TransactionMetadata& of, ProducerId next,
                           absl::Time now);

// All markers are written.
TransactionMetadata Ended(const TransactionMetadata& of, absl::Time now);

}  // namespace cauce
