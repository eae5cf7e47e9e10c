// Who may speak for a transactional id: which instance of its producer a
// request comes from, whether it is the retry of one that was answered, or a
// zombie's, as Kafka judges it (KIP-360 and KIP-890). Pure: any thread.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/coord/transaction_events.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce {

// What a producer that asks for an epoch gets.
enum class NewInstance {
  kNextEpoch,
  kNewId,      // the epochs of the old one are used up
  kSameAgain,  // it asks again: the answer got lost
};

// Whether a producer that has `request.current`, or has nothing yet, may have
// the id at all: kProducerFenced.
absl::Status CheckOwner(std::string_view id, const TransactionMetadata& known,
                        const InitProducerRequest& request);
// What it gets, where no transaction is in the way: kProducerFenced.
absl::StatusOr<NewInstance> JudgeInit(std::string_view id,
                                      const TransactionMetadata& known,
                                      const InitProducerRequest& request);

// Whether `producer` is who works with the id now: kInvalidProducerIdMapping,
// kProducerFenced; kConcurrentTransactions where it has just been told to go
// on as what it is, and its last transaction has not ended yet.
absl::Status CheckCurrent(std::string_view id,
                          const TransactionMetadata& known,
                          const ProducerInstance& producer);

// What comes of the wish to end a transaction.
enum class EndStep {
  kEnd,
  kEndedBefore,  // it is a retry: to be answered as the first one was
};

// Whether it comes from who works with the id now, or as a retry of what that
// one asked: kInvalidProducerIdMapping, kProducerFenced.
absl::Status CheckEnder(std::string_view id, const TransactionMetadata& known,
                        const EndTransactionRequest& request);
// Of a request that CheckEnder lets pass: kInvalidTxnState, or
// kConcurrentTransactions while that end has not come.
absl::StatusOr<EndStep> JudgeEnd(std::string_view id,
                                 const TransactionMetadata& known,
                                 const EndTransactionRequest& request);

}  // namespace cauce
