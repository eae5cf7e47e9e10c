// One transactional id and the transactions of its producer: Kafka's
// transaction protocol as a machine, of versions 1 and 2.
//
// A transaction has one outcome, which is durable before any marker of it is
// written and before anybody is told. While it ends no other begins. Every
// transaction ends: by its producer, by its time-out, or because a newer
// instance of the producer comes, and whoever is fenced adds nothing more.
//
// Events come in one at a time, with the time; what to do comes out. At most
// one record is being stored: whoever asks meanwhile is told to try again
// (kConcurrentTransactions), as in Kafka, and so is the newer instance until
// the transaction of the older one has ended. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/types.h"
#include "engine/coord/producer_fencing.h"
#include "engine/coord/transaction_events.h"
#include "engine/coord/transaction_metadata.h"
#include "engine/coord/transaction_options.h"
#include "engine/coord/transaction_records.h"

namespace cauce {

// Reason::kInvalidOption where `id` cannot be a transactional id.
absl::Status CheckTransactionalId(std::string_view id);

class Transaction {
 public:
  // `coordinator_epoch` grows with every coordinator that has the id, and
  // stands in the markers of this one. `id` has passed CheckTransactionalId.
  Transaction(std::string id, int32_t coordinator_epoch,
              TransactionOptions options);

  // Takes up what was stored of the id: first of all, and once. A transaction
  // that was ending gets its markers again.
  TransactionOutput Load(const TransactionLogValue& stored, absl::Time now);

  // Whether an event may need a producer id that nobody has had; then one
  // should be offered before the event. Without one a producer is told to try
  // again (kCoordinatorNotAvailable), and nothing hangs.
  bool NeedsProducerId() const;
  void OfferProducerId(ProducerId fresh) { fresh_id_ = fresh; }

  // What is asked while a transaction ends is answered kConcurrentTransactions;
  // but kDiskFailed, with a word on what helps, where a partition takes no
  // marker before its log is opened anew: waiting does not bring that about.

  // kInvalidTransactionTimeout, kProducerFenced, kConcurrentTransactions.
  TransactionOutput InitProducer(const InitProducerRequest& request,
                                 absl::Time now);
  // kInvalidProducerIdMapping, kProducerFenced, kConcurrentTransactions,
  // kTransactionAbortable.
  TransactionOutput AddPartitions(const AddPartitionsRequest& request,
                                  absl::Time now);
  // kInvalidProducerIdMapping, kProducerFenced, kConcurrentTransactions,
  // kInvalidTxnState.
  TransactionOutput EndTransaction(const EndTransactionRequest& request,
                                   absl::Time now);
  // What is not of the transaction that ends is passed over.
  TransactionOutput MarkersWritten(const MarkersWrittenEvent& written,
                                   absl::Time now);
  TransactionOutput Tick(absl::Time now);

  // What was to be appended is durable, or is not.
  TransactionOutput Appended(absl::Time now);
  TransactionOutput AppendFailed(const absl::Status& error, absl::Time now);

  // Ends the machine, not the transaction; whoever waits is told `why`.
  TransactionOutput Close(const absl::Status& why);

  // Whether a batch of `producer` may be added to `partition` now. The answer
  // holds until the next event: who appends later must see to it that no
  // marker was written meanwhile. kInvalidProducerIdMapping,
  // kInvalidProducerEpoch, kConcurrentTransactions, kTransactionAbortable.
  absl::Status CheckProduce(const ProducerInstance& producer,
                            const TopicPartition& partition) const;

  const std::string& id() const { return id_; }
  // Whether who asks is told to try again, whatever it asks.
  bool is_busy() const {
    return storing_.has_value() || known_.is_ending() ||
           known_.status == TransactionStatus::kDead;
  }
  TransactionStatus status() const { return known_.status; }
  const TransactionMetadata& metadata() const { return known_; }
  TransactionDescription Describe() const;

 private:
  // What is being stored, and who is told what once it is.
  struct Storing {
    TransactionMetadata next;
    std::optional<Waiter> waiter;
    absl::Status status;
  };

  // transaction_requests.cc
  absl::Status CheckInit(const InitProducerRequest& request) const;
  void GiveInstance(const InitProducerRequest& request, NewInstance instance,
                    absl::Time now);
  absl::Status CheckAdd(const AddPartitionsRequest& request) const;
  void End(const EndTransactionRequest& request, absl::Time now);
  absl::Status CheckNotStoring() const;
  ProducerId TakeFreshId();
  bool IsUsedUp() const;

  // transaction_markers.cc
  void StartEnding();
  void SendMarkers(const std::set<TopicPartition>& partitions);
  // The same answer, or, where it says to try again because markers are
  // refused, what it is that refuses them, and whether to wait for that.
  absl::Status WhyItStillEnds(absl::Status answer) const;

  // transaction.cc
  void Store(TransactionMetadata next);
  void StoreFor(Waiter waiter, absl::Status status, TransactionMetadata next);
  void Answer(Waiter waiter, absl::Status status,
              const ProducerInstance& producer);
  void RunDue(absl::Time now);
  void GrowPause();
  // When the transaction that is open has timed out, or the id expires.
  absl::Time Deadline() const;
  absl::Time NextDue() const;
  TransactionOutput Finish(absl::Time now);

  const std::string id_;
  const int32_t coordinator_epoch_;
  const TransactionOptions options_;

  TransactionMetadata known_;  // what is durable
  std::optional<Storing> storing_;
  ProducerId fresh_id_;
  // Why a partition has no marker yet, as the last try has told; OK before.
  struct Refusal {
    absl::Status why;
    bool is_stuck = false;
  };
  // Of the transaction that ends: partitions that have no marker yet, and
  // those of them that none is on its way to.
  std::map<TopicPartition, Refusal> owed_;
  std::set<TopicPartition> unsent_;
  // What failed is not tried again before this time, and waits twice as long
  // when it fails once more.
  absl::Time retry_at_ = absl::InfinitePast();
  absl::Duration retry_pause_;
  TransactionOutput out_;
};

}  // namespace cauce
