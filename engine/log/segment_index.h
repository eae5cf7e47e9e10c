// The two indexes of one segment, kept as batches are added.
//
// Kafka's rule: once more than `interval` bytes lie behind the last entry, the
// next batch gets one in each index; when a segment is sealed its time index
// ends with its largest timestamp. One writer adds; readers look at the same
// time without a lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/sparse_index.h"

namespace cauce {

// What an index needs to know of a batch.
struct BatchFacts {
  Offset last;              // its last offset
  Timestamp max_timestamp;  // of its records
  int64_t bytes = 0;
  int64_t position = 0;  // where it begins in the segment's log

  static BatchFacts Of(const RecordBatch& batch, int64_t position);
};

// Where the first record at or after a time may be, by what an index says.
struct TimeStretch {
  // The last time entry with at most that time. No record in front of its batch
  // has a larger one.
  std::optional<TimeEntry> entry;
  // Nor has any in the batches behind it up to this offset: each of those that
  // has an entry by offset would have got one by time. Below the entry's own
  // offset where nothing is said of them.
  Offset passed{-1};
  // Of the next time entry, for SegmentIndex::NoteSure.
  size_t number = 0;
  // Whether all that holds: the batches themselves have said so. Else it is
  // what a file says.
  bool is_sure = false;
};

class SegmentIndex {
 public:
  SegmentIndex(Offset base, int64_t interval_bytes)
      : base_(base), interval_bytes_(interval_bytes) {}

  // Takes the indexes as their files hold them, for a segment that is sealed
  // or whose batches behind the last entry are then added.
  // Reason::kCorruptFile.
  static absl::StatusOr<std::unique_ptr<SegmentIndex>> Decode(
      Offset base, int64_t interval_bytes, std::string_view offsets,
      std::string_view times);

  // After Decode, of a segment that was not closed: forgets all that is said
  // of batches that end above `next`.
  void KeepUpTo(Offset next);

  // After Decode: `entry` is the batch of the last offset entry, and the
  // batches behind it are added next.
  void ResumeBehindEntry(const BatchFacts& entry) {
    bytes_since_entry_ = entry.bytes;
  }

  // Of a segment with no more bytes than the interval, so that no batch has an
  // entry: takes what is known of them all, for those behind to be added.
  void ResumeWithoutEntries(Timestamp largest, Offset largest_at,
                            int64_t bytes);

  // Batches come in the order in which they lie in the log.
  void Add(const BatchFacts& batch);

  // Adds the final time entry of a segment that is sealed.
  void Seal();

  TimeStretch StretchOf(Timestamp time) const;
  // A walk over the batches has found that what was said of `stretch` holds:
  // from now on it is sure. Any thread.
  void NoteSure(const TimeStretch& stretch) const;

  // It was made from what could be read: between two entries there may be
  // batches that nobody has seen. From now on no stretch is sure.
  void PassedDamage() { is_unsure_ = true; }

  // Whether another entry might not fit into index files of `bytes_max`; one
  // slot of the time index is kept for Seal().
  bool IsFull(int64_t bytes_max) const;

  // Of both files.
  int64_t bytes() const {
    return static_cast<int64_t>(offsets_.size() * OffsetEntry::kBytes +
                                times_.size() * TimeEntry::kBytes);
  }

  const OffsetIndex& offsets() const { return offsets_; }
  const TimeIndex& times() const { return times_; }
  std::string EncodeOffsets() const { return offsets_.Encode(base_); }
  std::string EncodeTimes() const { return times_.Encode(base_); }
  Offset base() const { return base_; }
  int64_t interval_bytes() const { return interval_bytes_; }

  // Of all batches added, and what a file says of those in front of them:
  // kNoTimestamp where none has one. At least that much where it is not known
  // to be the largest.
  Timestamp largest_timestamp() const {
    return {std::max(largest_.load(std::memory_order_acquire),
                     missed_.load(std::memory_order_acquire))};
  }
  bool knows_largest() const { return HoldsBehindTimes() || lacks_times(); }
  // Where the batches lie of which a file says, by having no time entry behind
  // its last one, that none has a larger time. It says the same where it was
  // cut. Those further on were added. Empty where there are none.
  OffsetRange claimed_behind_times() const { return claimed_behind_times_; }
  // A walk over them has found `largest`, the largest time of theirs, and
  // `is_whole` whether it could read them all. Any thread.
  void NoteBehindTimes(Timestamp largest, bool is_whole) const;
  // Whether that was larger: an entry is missing, and whatever is written of
  // this index would hide that.
  bool lacks_times() const {
    return missed_.load(std::memory_order_acquire) != kNoTimestamp.ms;
  }
  // The last offset of the batch that has it. For the writer alone.
  Offset largest_offset() const { return largest_offset_; }

 private:
  void AddTimeEntry();
  // Takes the largest timestamp from the last time entry.
  void ResumeTimes();
  bool IsSure(size_t number) const;
  // Of the stretches that a file claims: whether NoteSure was told.
  bool IsNoted(size_t number) const;
  void NoteNumber(size_t number) const;
  // Whether nothing in claimed_behind_times() is only claimed.
  bool HoldsBehindTimes() const {
    return claimed_behind_times_.count() == 0 || IsNoted(claimed_times_);
  }
  // As it was added, without what NoteBehindTimes has found.
  Timestamp added_largest() const {
    return {largest_.load(std::memory_order_acquire)};
  }

  const Offset base_;
  const int64_t interval_bytes_;
  OffsetIndex offsets_;
  TimeIndex times_;
  std::atomic<int64_t> largest_ = kNoTimestamp.ms;
  // How many time entries are as a file has them, and a bit for each of those,
  // and the next one, of which NoteSure was told; null where no file was read.
  size_t claimed_times_ = 0;
  Timestamp claimed_largest_;  // of the last of them
  OffsetRange claimed_behind_times_;
  mutable std::atomic<int64_t> missed_ = kNoTimestamp.ms;
  std::unique_ptr<std::atomic<uint64_t>[]> sure_;
  // An entry of a file has kept one from being added, or damage was passed by.
  std::atomic<bool> is_unsure_ = false;

  // For the writer alone.
  Offset largest_offset_;          // last offset of the batch that has largest_
  int64_t bytes_since_entry_ = 0;  // in batches behind the last offset entry
};

}  // namespace cauce
