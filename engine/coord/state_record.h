// One record of a coordinator's state, as it stands in an internal topic:
// __consumer_offsets of the groups, __transaction_state of the transactions.
//
// The key begins with a number that says what kind of thing it names, the
// value with its own version. The last record of a key counts. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cauce {

struct StateRecord {
  std::string key;
  std::optional<std::string> value;  // absent: a tombstone, the thing is gone

  friend bool operator==(const StateRecord&, const StateRecord&) = default;
};

// A key of a kind that is not known here, such as those of Kafka's newer
// groups: who replays passes over the record.
struct UnknownStateKey {
  int16_t kind = 0;

  friend bool operator==(const UnknownStateKey&,
                         const UnknownStateKey&) = default;
};

// What kind of thing `key` names: the number at its head. Reason::kCorruptBatch
// where there is none.
absl::StatusOr<int16_t> KindOfStateKey(std::string_view key);

}  // namespace cauce
