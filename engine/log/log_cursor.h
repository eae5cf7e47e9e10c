// Walks over the batches of a log in the order of their offsets; what Cursor
// is made of.
//
// Returns a batch only where its offsets continue those before it, so that
// what it hands out is as it was written or not handed out at all. Holds the
// segment it is in, so that the segment's file outlives its deletion from the
// log, a buffer of the file's bytes, and no descriptor between two reads. Looks
// at the log's segments before every batch: what was cut off is not read from
// the buffer. For one thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/log.h"
#include "engine/log/segment.h"
#include "engine/log/segment_set.h"
#include "engine/log/transaction_fates.h"

namespace cauce {

class LogCursor {
 public:
  LogCursor(std::shared_ptr<Log> log, Offset from,
            const CursorOptions& options);

  // As Cursor's functions of the same names.
  Offset position() const { return position_; }
  void Seek(Offset offset);
  absl::StatusOr<bool> NextBatch(RecordBatch* batch);
  absl::StatusOr<bool> Next(RecordView* record);
  absl::StatusOr<Offset> SkipDamage();

 private:
  // What Next() does where a batch ends or begins in front of position().
  absl::StatusOr<bool> NextFurther(RecordView* record);
  absl::StatusOr<Offset> Limit() const;
  absl::Status CheckPosition() const;
  // The same where reading begins anew.
  absl::Status CheckEntry() const;
  absl::StatusOr<std::optional<RecordBatch>> NextVisible();
  // The next one below `limit`, whatever it belongs to.
  absl::StatusOr<std::optional<RecordBatch>> NextBelow(Offset limit);
  // What becomes of `batch`, of a cursor that reads what is committed.
  // Whether `batch`, which was just read, may be no part of the log any more.
  absl::StatusOr<bool> MayBeGone(const RecordBatch& batch);
  absl::StatusOr<Fate> FateOf(const RecordBatch& batch);
  absl::StatusOr<std::optional<RecordBatch>> ReadBatch();
  // Whether a batch is passed by on request whose fate is not known because of
  // `fate`: damage, or what stands in the place of a file.
  bool MayBeDoubted(const absl::Status& fate) const;
  // In the segments as they are listed now.
  absl::StatusOr<std::optional<RecordBatch>> ReadBatchOnce();
  // Whether it is passed by that the file of a segment is not there.
  enum class Lost { kStops, kIsPassed };
  absl::StatusOr<Offset> SkipDamageOnce(Lost lost);
  absl::StatusOr<std::optional<RecordBatch>> EnterSegment(
      const SegmentSet& set, std::shared_ptr<Segment> segment);
  // Whether `next`, the segment behind, begins where this one's batches end.
  absl::Status CheckNoGap(const Segment& next);
  // The same within a segment: that `batch` begins where it is expected.
  absl::Status CheckNoGapBefore(const RecordBatch& batch);
  absl::StatusOr<std::optional<RecordBatch>> ReadOn(const SegmentSet& set);
  // For SkipDamage: goes on from `batch`, what scanner_ found in `segment`, to
  // the first one that can be read and ends above position().
  absl::StatusOr<std::optional<RecordBatch>> FindReadable(
      Segment& segment, absl::StatusOr<std::optional<RecordBatch>> batch);

  const std::shared_ptr<Log> log_;
  const CursorOptions options_;
  BatchScanner scanner_;
  // Where scanner_ stands; null until the first read, and after a Seek.
  std::shared_ptr<Segment> segment_;
  bool at_gap_ = false;  // what was read last ended in front of lost records
  Offset position_;

  // Null until a batch of a transaction is met, and where all are read.
  std::unique_ptr<TransactionFates> fates_;
  // Of the batch at position() it cannot be said whether it was committed; it
  // ends in front of this offset.
  std::optional<Offset> doubtful_next_;

  // Whether reader_ hands out more of its batch. What is left of one whose file
  // was replaced meanwhile may have been cut off, and other records may stand
  // in its place, in its gaps too: it is found once more from position() on.
  bool IsInBatch() const { return in_batch_ && !segment_->is_superseded(); }

  // The batch whose records Next() hands out, or that it cannot open.
  RecordReader reader_;
  bool in_batch_ = false;
  Offset batch_next_;
};

}  // namespace cauce
