#include "engine/coord/transaction_errors.h"

#include <string>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "fmt/format.h"

namespace cauce {

absl::Status WrongProducerId(std::string_view id,
                             const ProducerInstance& theirs,
                             const ProducerInstance& ours) {
  return MakeError(
      Reason::kInvalidProducerIdMapping,
      fmt::format("transactional id {}: belongs to producer {}, not {}; "
                  "initialize the producer anew",
                  id, ours.id.value, theirs.id.value));
}

absl::Status ProducerIsFenced(std::string_view id,
                              const ProducerInstance& theirs,
                              const ProducerInstance& ours) {
  return MakeError(
      Reason::kProducerFenced,
      fmt::format("transactional id {}: producer {} comes with epoch {}, and "
                  "epoch {} is at work; a newer instance has taken its place, "
                  "or its transaction has timed out",
                  id, theirs.id.value, theirs.epoch, ours.epoch));
}

absl::Status IsBusy(std::string_view id, std::string_view with) {
  return MakeError(Reason::kConcurrentTransactions,
                   fmt::format("transactional id {}: {}; try again", id, with));
}

absl::Status MarkerIsRefused(std::string_view id, TransactionStatus status,
                             const RefusedMarker& marker) {
  const std::string_view outcome =
      status == TransactionStatus::kPrepareCommit ? "committed" : "aborted";
  const std::string others =
      marker.left > 1 ? fmt::format(" and {} others have", marker.left - 1)
                      : " has";
  std::string_view what_to_do = "try again";
  if (marker.is_stuck) {
    what_to_do = marker.partition.topic == kConsumerOffsetsTopic
                     ? "open the log again"
                     : "open the log again, or delete the topic and make a "
                       "new producer";
  }
  return MakeError(
      marker.is_stuck ? Reason::kDiskFailed : Reason::kConcurrentTransactions,
      fmt::format("transactional id {}: its last transaction is {}, and ends "
                  "once {}{} taken note of it; {}: {}",
                  id, outcome, marker.partition.ToString(), others, what_to_do,
                  MessageOf(marker.why)));
}

absl::Status LacksProducerId(std::string_view id) {
  return MakeError(
      Reason::kCoordinatorNotAvailable,
      fmt::format("transactional id {}: needs a new producer id and there is "
                  "none; try again",
                  id));
}

absl::Status CannotEnd(std::string_view id, TransactionStatus status,
                       TransactionOutcome outcome) {
  return MakeError(
      Reason::kInvalidTxnState,
      fmt::format("transactional id {}: is {}, and cannot be {}", id,
                  TransactionStatusName(status),
                  outcome == TransactionOutcome::kCommit ? "committed"
                                                         : "aborted"));
}

}  // namespace cauce
