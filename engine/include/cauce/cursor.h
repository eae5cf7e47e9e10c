// Reads a partition in the order of its offsets, batch by batch or record by
// record, without copying: what it returns views the cursor's own buffer.
//
// A cursor never waits for a writer and never blocks one. Segments that
// retention deletes stay readable for a cursor that is inside of them; one
// that falls behind the log start gets Reason::kOffsetOutOfRange. Those that
// another process deletes under a read-only engine are gone as soon as their
// file is closed. A cursor keeps no file open between its calls. Every batch is
// verified before it is returned. For one thread at a time; many cursors may
// read the same partition.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

class LogCursor;

class Cursor final {
 public:
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  // The offset the next record returned has, or lies below.
  Offset position() const;

  // Goes on at `offset`, back or forth.
  void Seek(Offset offset);

  // Reads the next batch: the one that holds position(), or the first behind
  // it. It may begin with records below position(); Next() skips them. Returns
  // false at the end of what is visible now; call again when there is more.
  // The batch is valid until the next call. Control batches are returned too,
  // but not with Isolation::kReadCommitted, nor are those of transactions that
  // were aborted or have not ended.
  // With Isolation::kReadCommitted damage may stand where the transaction's end
  // should: what cannot be said to be committed is not returned, and the error
  // says so. A transaction that is merely open is waited for.
  // Reason::kOffsetOutOfRange when position() is outside the log;
  // kCorruptBatch, naming file and position, on damage, kUnsupportedFormat for
  // messages from before there were batches, kUnsupportedCodec: the cursor
  // stays in front of it, and SkipDamage goes on behind. kDiskFailed, kClosed,
  // kUnknownTopic.
  absl::StatusOr<bool> NextBatch(RecordBatch* batch);

  // Reads the next record, without those of control batches. Returns false at
  // the end of what is visible now. The record is valid until the next call.
  // Errors as NextBatch; and where the batch's CRC is right, but its records
  // cannot be decoded, Reason::kInvalidRecord, kCorruptBatch for a compressed
  // stream that is damaged, and kBatchTooLarge for one that holds more than
  // CursorOptions::decompressed_bytes_max: SkipDamage goes on behind the batch.
  absl::StatusOr<bool> Next(RecordView* record);

  // After an error of damage: moves to the next batch that can be read, found
  // through the index or the next segment, and returns its offset. So it does
  // where something that is no file, as a link, stands in a segment's place
  // (absl::IsFailedPrecondition, without a Reason), or a file that may not be
  // read (absl::IsPermissionDenied). Where its directory or the mount refuses,
  // the files are whole: that stays an error, and the cursor where it is.
  absl::StatusOr<Offset> SkipDamage();

 private:
  friend class Partition;
  explicit Cursor(std::unique_ptr<LogCursor> cursor);
  // Of a partition that could not be opened, for which all there is to read is
  // the reason.
  Cursor(absl::Status failure, Offset from);

  std::unique_ptr<LogCursor> cursor_;  // null where there is a failure
  absl::Status failure_;
  Offset from_;
};

}  // namespace cauce
