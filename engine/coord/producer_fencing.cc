#include "engine/coord/producer_fencing.h"

#include "engine/coord/transaction_errors.h"

namespace cauce {
namespace {

constexpr std::string_view kStillEnds = "its last transaction still ends";

// With an epoch per transaction the end of one changes the epoch, so that a
// retry comes with the one before: of the same id, or of the one whose epochs
// that used up.
bool IsRetry(const TransactionMetadata& known,
             const EndTransactionRequest& request) {
  if (request.version < kEpochPerTransaction) return false;
  const ProducerInstance& theirs = request.producer;
  if (theirs.id == known.producer.id)
    return known.producer.epoch == theirs.epoch + 1;
  return theirs.id == known.previous_producer_id &&
         theirs.epoch == kProducerEpochMax - 1 && known.producer.epoch == 0;
}

TransactionOutcome OutcomeOf(TransactionStatus status) {
  return status == TransactionStatus::kPrepareCommit ||
                 status == TransactionStatus::kCompleteCommit
             ? TransactionOutcome::kCommit
             : TransactionOutcome::kAbort;
}

}  // namespace

absl::Status CheckOwner(std::string_view id, const TransactionMetadata& known,
                        const InitProducerRequest& request) {
  if (!request.current.has_value()) return absl::OkStatus();
  // The id was forgotten meanwhile, and begins anew.
  if (known.producer.epoch < 0) return absl::OkStatus();
  const ProducerInstance& theirs = *request.current;
  const bool is_known = theirs.id == known.producer.id ||
                        theirs.id == known.successor().id ||
                        (theirs.id == known.previous_producer_id &&
                         IsLastEpoch(theirs.epoch));
  if (is_known) return absl::OkStatus();
  return ProducerIsFenced(id, theirs, known.producer);
}

absl::StatusOr<NewInstance> JudgeInit(std::string_view id,
                                      const TransactionMetadata& known,
                                      const InitProducerRequest& request) {
  const auto& theirs = request.current;
  const int16_t epoch = known.producer.epoch;
  const bool is_current = !theirs.has_value() || theirs->epoch == epoch;
  if (epoch < 0) return NewInstance::kNewId;
  if (is_current) {
    return IsLastEpoch(epoch) ? NewInstance::kNewId : NewInstance::kNextEpoch;
  }
  if (known.last_epoch >= 0 && theirs->epoch == known.last_epoch)
    return NewInstance::kSameAgain;
  return ProducerIsFenced(id, *theirs, known.producer);
}

absl::Status CheckCurrent(std::string_view id,
                          const TransactionMetadata& known,
                          const ProducerInstance& producer) {
  if (known.is_ending() && producer == known.successor())
    return IsBusy(id, kStillEnds);
  if (producer.id != known.producer.id || !producer.is_known())
    return WrongProducerId(id, producer, known.producer);
  if (producer.epoch != known.producer.epoch)
    return ProducerIsFenced(id, producer, known.producer);
  if (known.is_ending()) return IsBusy(id, kStillEnds);
  return absl::OkStatus();
}

absl::Status CheckEnder(std::string_view id, const TransactionMetadata& known,
                        const EndTransactionRequest& request) {
  const ProducerInstance& theirs = request.producer;
  const bool has_ended = known.is_ending() ||
                         known.status == TransactionStatus::kCompleteCommit ||
                         known.status == TransactionStatus::kCompleteAbort;
  if (has_ended && IsRetry(known, request)) {
    // The last epoch is told to nobody: there is nothing to go on with.
    if (known.successor().epoch == kProducerEpochMax)
      return ProducerIsFenced(id, theirs, known.producer);
    return absl::OkStatus();
  }
  if (known.is_ending() && theirs == known.successor()) return absl::OkStatus();
  if (theirs.id != known.producer.id || !theirs.is_known())
    return WrongProducerId(id, theirs, known.producer);
  if (theirs.epoch != known.producer.epoch)
    return ProducerIsFenced(id, theirs, known.producer);
  return absl::OkStatus();
}

absl::StatusOr<EndStep> JudgeEnd(std::string_view id,
                                 const TransactionMetadata& known,
                                 const EndTransactionRequest& request) {
  const bool has_epochs = request.version >= kEpochPerTransaction;
  const bool is_retry = has_epochs ? IsRetry(known, request) : true;
  const bool is_same = request.outcome == OutcomeOf(known.status);
  const auto refused = CannotEnd(id, known.status, request.outcome);
  switch (known.status) {
    case TransactionStatus::kOngoing:
      return EndStep::kEnd;
    case TransactionStatus::kPrepareCommit:
    case TransactionStatus::kPrepareAbort:
      if (is_retry && !is_same) return refused;
      return IsBusy(id, kStillEnds);
    case TransactionStatus::kCompleteCommit:
    case TransactionStatus::kCompleteAbort:
      if (is_retry) {
        if (is_same) return EndStep::kEndedBefore;
        return refused;
      }
      [[fallthrough]];
    case TransactionStatus::kEmpty:
      // Who adds partitions by its batches cannot know whether there is a
      // transaction, and aborts it to be sure.
      if (has_epochs && request.outcome == TransactionOutcome::kAbort)
        return EndStep::kEnd;
      return refused;
    case TransactionStatus::kDead:
    case TransactionStatus::kPrepareEpochFence:
      return refused;
  }
  return refused;
}

}  // namespace cauce
