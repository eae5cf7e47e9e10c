// What compaction makes of one batch: the same bytes, fewer records, a batch
// without records, or nothing.
//
// What stays keeps its offset, its timestamp and its place among the others;
// the batch keeps its base offset, its last offset delta, its producer, its
// epoch and its codec. Runs of records that stay are copied as they are stored.
// A batch that holds a tombstone, or a marker that nothing belongs to any more,
// gets a delete horizon, until when these stay, the first time that a pass over
// all they bear on meets it.
// Source: Apache Kafka, MemoryRecords.filterTo; bytes in engine/FORMAT.md.
// Which records stay is not decided here. Reuses its memory; for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

// A record of a batch as whoever decides about it sees it.
struct StoredRecord {
  Offset offset;
  Timestamp timestamp;
  std::string_view bytes;  // as it is stored, its length included
  std::string_view key;
  bool has_key = false;
  bool has_value = false;  // a tombstone has none
  bool stays = true;       // the answer
};

// What is known of a batch before any of its records is looked at.
struct BatchVerdict {
  // None of its records stays: of an aborted transaction, or a marker whose
  // time is over.
  bool discards_records = false;
  // It stays even where none of its records does: it tells something else.
  bool stays_empty = false;
  // A marker of a transaction of which nothing else is left.
  bool is_idle_marker = false;
  // All of its records stay, and none is a tombstone that was not met before.
  bool stays_whole = false;
  // What goes after a while gets a delete horizon: nothing but the time is
  // waited for.
  bool gets_horizon = true;
};

enum class BatchFate {
  kWhole,      // its bytes as they were
  kRewritten,  // fewer records, or a delete horizon
  kEmptied,    // without records
  kDropped,
};

struct CompactedBatch {
  BatchFate fate = BatchFate::kWhole;
  // Valid until the next call, or as long as the batch that came in; none where
  // it was dropped.
  std::string_view bytes;
  int32_t records = 0;  // that are in it
  // Of its records; kNoTimestamp where it has none.
  Timestamp max_timestamp;
};

class BatchCompactor {
 public:
  // Decides, by `stays`, about all the records of a batch at once.
  using Judge = absl::FunctionRef<void(std::span<StoredRecord> records)>;

  // `horizon` is until when tombstones stay that are met for the first time.
  // `judge` is asked where the verdict leaves the records open. Errors of
  // RecordReader, for a batch whose records cannot be decoded.
  absl::StatusOr<CompactedBatch> Compact(const RecordBatch& batch,
                                         const BatchVerdict& verdict,
                                         Timestamp horizon, Judge judge);

  // Decodes all records of `batch`, which are valid until the next call here.
  absl::StatusOr<std::span<StoredRecord>> Decode(const RecordBatch& batch);

 private:
  CompactedBatch Whole(const RecordBatch& batch) const;
  CompactedBatch Without(const RecordBatch& batch, bool stays_empty);
  absl::StatusOr<CompactedBatch> Rewrite(const RecordBatch& batch);
  absl::StatusOr<CompactedBatch> RewriteWithHorizon(const RecordBatch& batch,
                                                    Timestamp horizon);
  // Of what is in output_ behind the old header, which this completes.
  CompactedBatch Seal(int16_t attributes, Timestamp base, Timestamp largest,
                      int32_t records);

  RecordReader reader_;
  std::vector<StoredRecord> records_;
  std::string output_;
  std::string plain_;  // records that are to be compressed
};

}  // namespace cauce
