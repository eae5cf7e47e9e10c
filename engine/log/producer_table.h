// What a partition knows of all its producers, and of their transactions.
//
// It is a view of the log: what its batches say, in their order, as far back as
// they go. A producer that has been idle for long is forgotten, unless its
// transaction is open. At most kProducersMax are let in; where a log that
// others wrote has more, those that wrote last are kept. Not thread-safe: its
// owner locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/producer_state.h"
#include "engine/log/unstable_transactions.h"

namespace cauce {

class ProducerTable {
 public:
  ProducerTable() = default;
  // As a snapshot has them.
  explicit ProducerTable(const std::vector<ProducerState>& saved);

  bool empty() const { return producers_.empty(); }
  // In the order of their ids.
  std::vector<ProducerState> producers() const;
  // Null for one of which nothing is known; until the table changes.
  const ProducerState* Find(ProducerId id) const;
  const UnstableTransactions& transactions() const { return transactions_; }
  // Whose open transaction began first; null where none is open.
  const ProducerState* OldestOpen() const;
  // Batches right in front of `end` cannot be read.
  void PassDamage(Offset end) { transactions_.Doubt(end); }
  // Transactions whose markers lie below are seen by everybody.
  void Forget(Offset high_watermark) { transactions_.Forget(high_watermark); }

  // As ProducerState's; also Reason::kTooManyProducers.
  absl::StatusOr<std::optional<KnownBatch>> Check(
      const ProducedBatch& batch) const;
  absl::Status Check(const TransactionEnd& end) const;

  void Take(const ProducedBatch& batch);
  // Returns the transaction where it had begun and is aborted.
  std::optional<AbortedTransaction> Take(const EndMarker& marker);
  // A batch of the log, whatever it is.
  std::optional<AbortedTransaction> Take(const RecordBatch& batch);

  // Forgets those whose last batch is older than `age_max` and that have no
  // open transaction.
  void Expire(absl::Time now, absl::Duration age_max);

 private:
  absl::Status CheckRoom(ProducerId id) const;
  ProducerState& Of(ProducerId id);
  // Half of those without an open transaction, by who wrote last.
  void ForgetOldest();

  std::unordered_map<int64_t, ProducerState> producers_;
  UnstableTransactions transactions_;
};

}  // namespace cauce
