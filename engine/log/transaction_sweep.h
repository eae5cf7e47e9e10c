// What a pass of compaction over a log learns of transactions as it goes:
// whether a batch was aborted, and whether a marker has nothing left to mark.
//
// Invariant: a marker is called idle only where the pass has met no batch of
// its transaction that was not dropped outright; so it never goes before its
// data. Batches and markers are told in the order of the log, each once.
// Source: Apache Kafka, CleanedTransactionMetadata. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"

namespace cauce {

class TransactionSweep {
 public:
  // `aborted` is in the order of first offsets, and outlives this.
  explicit TransactionSweep(std::span<const AbortedTransaction> aborted)
      : aborted_(aborted) {}

  // Whether this batch of data is of an aborted transaction.
  bool IsAborted(const RecordBatch& batch);
  // A batch of data, aborted or not, was kept, with records or without.
  void Keep(const RecordBatch& batch);

  // The marker of a transaction of its producer is reached: whether nothing
  // else of that one was kept.
  bool IsIdleMarker(const RecordBatch& batch);

 private:
  // The transactions that begin at or below `offset` are under way.
  void AdvanceTo(Offset offset);

  std::span<const AbortedTransaction> aborted_;
  size_t next_ = 0;  // in aborted_
  // By producer: where the marker of its aborted transaction stands.
  std::unordered_map<int64_t, Offset> under_way_;
  // Producers of whose transaction under way something was kept.
  std::unordered_set<int64_t> kept_;
};

}  // namespace cauce
