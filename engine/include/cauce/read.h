// How records are read: what a caller asks and what is answered.
// Plain values, safe to copy and share, and who waits for more.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

// How far a cursor reads.
enum class ReadUpTo {
  kHighWatermark,  // what consumers see
  kLogEnd,         // everything written, for replication and tools
};

// What a cursor hands out of transactions.
enum class Isolation {
  kReadUncommitted,  // all batches, whatever becomes of them
  // Nothing of a transaction that was aborted, and nothing at or above the last
  // stable offset: in front of it every transaction has ended. No markers.
  kReadCommitted,
};

struct CursorOptions {
  ReadUpTo up_to = ReadUpTo::kHighWatermark;
  Isolation isolation = Isolation::kReadUncommitted;
  // Bytes asked from the file at a time: what lies outside of 4 KiB to 16 MiB
  // counts as the nearer of them. A larger batch grows the buffer to its own
  // size.
  size_t read_bytes = 256 << 10;
  // Bound for a batch's records once decompressed.
  size_t decompressed_bytes_max = kDecompressedBytesMax;
};

// What who looks for a time gets where records that may have it cannot be read.
enum class OnDamage {
  kStop,  // the error that reading them gives
  kSkip,  // the first record that can be read
};

// A record found by its time.
struct FoundOffset {
  Offset offset;
  Timestamp timestamp;

  friend bool operator==(const FoundOffset&, const FoundOffset&) = default;
};

// The offsets [base, next).
struct OffsetRange {
  Offset base{0};
  Offset next{0};
  int64_t count() const { return next > base ? next - base : 0; }
  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

// Records that were durable, that nobody deleted, and whose files are gone or
// shorter than they were. At the end also those of a file that may hold some
// and cannot be read as what it is called; and what stands behind a torn batch
// at which the log ends. Empty where none are missed.
struct LostRecords {
  // In front of the first offset that is there.
  OffsetRange front;
  // Behind the last one. But where whole batches are gone from within the last
  // file, nobody knows which: then it is all that this file held, so that most
  // of it may be there, and it ends where the log does.
  OffsetRange back;

  friend bool operator==(const LostRecords&, const LostRecords&) = default;
};

// Who is told that a partition may show more than it did, or has ended.
class PartitionWatcher {
 public:
  virtual ~PartitionWatcher() = default;

  // Called by whoever moved it, under a lock: it must not block, and must call
  // nothing of the engine. Look at the partition afterwards, on another thread
  // or later on this one.
  virtual void Moved() = 0;
};

}  // namespace cauce
