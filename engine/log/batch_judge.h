// Decides what of each batch stays in a pass of compaction, by the map of keys
// and by what is known of producers.
//
// What lies at or above the end of what is filtered stays whole. Batches come
// in the order of the log, each once, and whoever keeps one says so: so it
// learns when a marker has nothing left to mark. A copy begins again where it
// was made. Source of the rules: Apache Kafka, Cleaner. Reads no file; not
// thread-safe.
#pragma once

#include <span>
#include <vector>

#include "absl/time/time.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/aborted_index.h"
#include "engine/log/batch_compactor.h"
#include "engine/log/key_hash.h"
#include "engine/log/key_map.h"
#include "engine/log/producer_scan.h"
#include "engine/log/transaction_sweep.h"

namespace cauce {

// What a pass goes by. All is borrowed.
struct PassView {
  const KeyMap* map = nullptr;
  const KeyHasher* hasher = nullptr;  // of the map's keys
  const ProducerView* producers = nullptr;
  // In the order of their first offsets.
  std::span<const AbortedTransaction> aborted;
  Offset first_dirty;
  Offset filter_end;
  // What has a delete horizon at or before this may go.
  absl::Time now;
};

class BatchJudge {
 public:
  explicit BatchJudge(const PassView& pass)
      : pass_(pass), sweep_(pass.aborted) {}

  // `is_last` of the segment that is made: it says how far that reaches.
  BatchVerdict Judge(const RecordBatch& batch, bool is_last);
  // Of one of which the verdict leaves the records open.
  void JudgeRecords(const RecordBatch& batch, std::span<StoredRecord> records);
  // It stays, with records or without.
  void Keep(const RecordBatch& batch);

  // From now on nothing goes because its time is over, and no time begins: what
  // a segment holds that cannot be read may still need it, and once it can be
  // no pass has been there.
  void KeepExpired() { keeps_expired_ = true; }
  // Whether a tombstone without a horizon was met where a pass had been.
  bool was_never_clean() const { return was_never_clean_; }

 private:
  // Whether it is the one that tells of an active producer's end.
  bool IsLastOfProducer(const RecordBatch& batch) const;
  bool IsExpired(const RecordBatch& batch) const;
  // Whether all of it lies where passes have been.
  bool IsClean(const RecordBatch& batch) const;
  // Whether the time of what is to go after a while may begin.
  bool MayBegin(const RecordBatch& batch) const;
  // Of what lies in front of that the map knows each record.
  Offset MappedEnd() const;

  PassView pass_;
  TransactionSweep sweep_;
  bool keeps_expired_ = false;
  bool was_never_clean_ = false;
  std::vector<KeyHash> hashes_;
};

}  // namespace cauce
