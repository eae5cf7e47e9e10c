// What a transactional id says to who asks for what cannot be: Kafka's errors,
// in words that name the id and both values. Pure.
#pragma once

#include <string_view>

#include "absl/status/status.h"
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
absl::Status LacksProducerId(std::string_view id);
absl::Status CannotEnd(std::string_view id, TransactionStatus status,
                       TransactionOutcome outcome);

}  // namespace cauce
