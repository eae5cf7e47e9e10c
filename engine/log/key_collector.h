// Takes the keys of the dirty part of a log into a map, until that is full.
//
// A look-up misses the cache, so some are under way at once; what is full is
// told by the first batch that did not fit: whatever lies in front of it is in
// the map, and it is left to the next one whole, since what becomes of a batch
// is decided once. Batches come in the order of the log. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/key_hash.h"
#include "engine/log/key_map.h"

namespace cauce {

class KeyCollector {
 public:
  // Of records in [from, end), in at most `bytes_max` of memory. `hasher` is
  // borrowed.
  KeyCollector(Offset from, Offset end, int64_t bytes_max,
               const KeyHasher& hasher)
      : map_(from, end, bytes_max), hasher_(hasher) {}

  // Takes the records of a batch of data that supersede others. False once one
  // does not fit: then full_at() is where its batch begins, or, where it is the
  // first one, that record's offset. Errors of RecordReader.
  absl::StatusOr<bool> Take(const RecordBatch& batch);
  // The same of what was taken and is still on its way into the map: before
  // anybody looks there.
  bool Finish() { return PutPending(0); }
  Offset full_at() const { return full_at_; }

  const KeyMap& map() const { return map_; }
  int64_t records() const { return records_; }  // that were taken

 private:
  static constexpr size_t kAhead = 32;

  struct Pending {
    KeyHash key;
    Offset offset;
    Offset batch;  // where that begins
  };

  bool PutPending(size_t keep);
  void NoteFull(Offset offset, Offset batch);

  KeyMap map_;
  const KeyHasher& hasher_;
  RecordReader reader_;
  Offset full_at_;
  int64_t records_ = 0;
  std::array<Pending, kAhead> pending_;
  size_t pending_first_ = 0;
  size_t pending_count_ = 0;
};

}  // namespace cauce
