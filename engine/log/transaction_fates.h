// What became of the transactions that a cursor meets, for one that reads what
// is committed.
//
// The log alone says so: a cursor of our own reads ahead up to the marker of
// the transaction, and keeps what it meets on the way. No file beside the log
// is believed. Where the log is damaged in between, a marker may be missing:
// nobody can say then. Bounded: of many markers the later ones are read again.
// For one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/log.h"
#include "engine/log/producer_state.h"

namespace cauce {

class LogCursor;

enum class Fate {
  kCommitted,
  kNotShown,  // aborted, or a marker
  kOpen,      // not known yet
};

class TransactionFates {
 public:
  explicit TransactionFates(std::shared_ptr<Log> log);
  ~TransactionFates();

  // Of the transaction of `batch`. Batches come in the order of the log; who
  // goes elsewhere begins with another object. Damage where what is told of the
  // transaction may stand in a place that cannot be read.
  absl::StatusOr<Fate> Of(const RecordBatch& batch);
  // How far it has read ahead: where it fails, in front of what it cannot read.
  Offset position() const;
  // Whether any file was read since the last call.
  bool TakeHasRead() { return std::exchange(has_read_, false); }
  // The cursor has passed `batch`, a control batch.
  void Pass(const RecordBatch& batch);

 private:
  struct Marker {
    Offset offset;
    TransactionOutcome outcome;
  };
  // What cannot be read, in front of `offset`.
  struct Hole {
    Offset offset;
    absl::Status damage;
  };

  void Begin(Offset from);
  // Lets go of its producer's markers in front of it, and of itself.
  void DropUpTo(const RecordBatch& batch);
  // Reads ahead to the first marker of `producer`. False at the end of the log.
  absl::StatusOr<bool> FindMarker(ProducerId producer);
  absl::Status PassDamage(const absl::Status& damage);
  void Keep(const EndMarker& marker);
  absl::Status CheckNoHole(Offset from, Offset up_to) const;

  const std::shared_ptr<Log> log_;
  std::unique_ptr<LogCursor> ahead_;
  int64_t cuts_ = 0;  // of the log when reading ahead began
  // Of each producer, those in front of ahead_ and behind the cursor.
  std::unordered_map<int64_t, std::deque<Marker>> markers_;
  size_t kept_ = 0;
  bool has_read_ = false;
  std::deque<Hole> holes_;
};

}  // namespace cauce
