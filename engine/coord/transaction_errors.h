// What a transactional id says to who asks for what cannot be: Kafka's errors,
// in words that name the id and both values. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/types.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce {

absl::Status WrongProducerId(std::string_view id,
                             const ProducerInstance& theirs,
                             const ProducerInstance& ours);
absl::Status ProducerIsFenced(std::string_view id,
                              const ProducerInstance& theirs,
                              const ProducerInstance& ours);
// To be tried again.
absl::Status IsBusy(std::string_view id, std::string_view with);
// The transaction is decided, and has to be ended in this partition yet, as the
// last of them or one of `left`.
struct RefusedMarker {
  const TopicPartition& partition;
  size_t left = 1;
  const absl::Status& why;
  bool is_stuck = false;  // before its log is opened anew
};
// To be tried again; kDiskFailed where that is of no use.
absl::Status MarkerIsRefused(std::string_view id, TransactionStatus status,
                             const RefusedMarker& marker);
absl::Status LacksProducerId(std::string_view id);
absl::Status CannotEnd(std::string_view id, TransactionStatus status,
                       TransactionOutcome outcome);

}  // namespace cauce
