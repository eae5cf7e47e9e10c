// What bounds a transactional id and its transactions. The defaults are
// Kafka's where Kafka has one. Plain data.
#pragma once

#include <cstddef>

#include "absl/time/time.h"

namespace cauce {

struct TransactionOptions {
  // The longest time-out that a producer may ask for:
  // transaction.max.timeout.ms.
  absl::Duration timeout_max = absl::Minutes(15);
  // An id that is idle for so long is forgotten:
  // transactional.id.expiration.ms; with InfiniteDuration no id expires.
  absl::Duration id_expiration = absl::Hours(24 * 7);
  // How many partitions may take part in one transaction. All of them stand in
  // one record: 10 000 of topics with short names are about 60 kB of it.
  size_t partitions_max = 10'000;
  // How long to wait before a marker, or a record that nobody asked for, is
  // tried again: at first, and at most, as each failure doubles it.
  absl::Duration retry_backoff = absl::Milliseconds(100);
  absl::Duration retry_backoff_max = absl::Seconds(5);
};

// Transactional ids are strings of a record; Kafka takes any that is not empty.
inline constexpr size_t kTransactionalIdBytesMax = 32'767;

}  // namespace cauce
