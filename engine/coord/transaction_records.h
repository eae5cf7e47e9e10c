// Transactional ids as __transaction_state keeps them: Kafka's
// TransactionLogKey and TransactionLogValue, versions 0 and 1; written is
// version 1, whose tagged fields carry transaction version 2. Pure functions:
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/transaction_status.h"
#include "cauce/types.h"
#include "engine/coord/state_record.h"
#include "engine/coord/topic_partitions.h"

namespace cauce {

struct TransactionLogKey {
  std::string transactional_id;

  friend auto operator<=>(const TransactionLogKey&,
                          const TransactionLogKey&) = default;
};

struct TransactionLogValue {
  ProducerId producer_id;
  // Tagged, since version 1; -1 where there is none.
  ProducerId previous_producer_id;  // of the last transaction that committed
  ProducerId next_producer_id;      // the latest one told to the producer
  int16_t producer_epoch = 0;
  int16_t next_producer_epoch = -1;  // tagged; of next_producer_id
  absl::Duration transaction_timeout;
  TransactionStatus status = TransactionStatus::kEmpty;
  // Absent as Kafka writes it where no transaction is open.
  std::optional<std::vector<TopicPartitions>> partitions;
  Timestamp last_update_timestamp;
  Timestamp start_timestamp;
  int16_t client_transaction_version = 0;  // tagged

  friend bool operator==(const TransactionLogValue&,
                         const TransactionLogValue&) = default;
};

// What stands at the head of a key.
inline constexpr int16_t kTransactionLogKind = 0;

inline constexpr int kTransactionLogValueVersion = 1;
inline constexpr int kTransactionLogValueVersionMax = 1;

using TransactionStateKey = std::variant<TransactionLogKey, UnknownStateKey>;

std::string EncodeTransactionLogKey(const TransactionLogKey& key);

// What `version` has no field for is left out. The time-out is in whole
// milliseconds, at most the largest that 32 bits hold.
std::string EncodeTransactionLogValue(
    const TransactionLogValue& value,
    int version = kTransactionLogValueVersion);

// Reason::kCorruptBatch for bytes that cannot be a key.
absl::StatusOr<TransactionStateKey> DecodeTransactionStateKey(
    std::string_view key);

// Reason::kCorruptBatch for bytes that cannot be a value; kUnsupportedFormat
// for a newer version.
absl::StatusOr<TransactionLogValue> DecodeTransactionLogValue(
    std::string_view value);

}  // namespace cauce
