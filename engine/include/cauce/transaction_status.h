// How far the transaction of a transactional id is, by Kafka's words. A plain
// value: any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace cauce {

// Kafka's TransactionState, by the numbers that are stored.
enum class TransactionStatus : int8_t {
  kEmpty = 0,
  kOngoing = 1,
  kPrepareCommit = 2,
  kPrepareAbort = 3,
  kCompleteCommit = 4,
  kCompleteAbort = 5,
  kDead = 6,
  kPrepareEpochFence = 7,
};

// As Kafka's tools print it: "PrepareCommit".
std::string_view TransactionStatusName(TransactionStatus status);

}  // namespace cauce
