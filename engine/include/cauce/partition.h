// One partition of a topic: records in the order of their offsets.
//
// Offsets only grow and are never reused. Those below log_start() are gone;
// compaction may leave gaps above it. What readers see ends at the high
// watermark; the log itself ends at log_end().
//
// When an append is acknowledged, by the topic's `cauce.flush`:
//
//   cauce.flush       kWritten          kDurable                 readers see
//   group (default)   after the write   after a sync that began  what is
//                                       after the write          durable
//   os                after the write   after the write          what is
//                                                                written
//
// A partition of an engine that was opened for reading only shows what is
// written, since another process writes it.
//
// What was written survives the death of the process; what is durable survives
// a power loss. A sync is shared by all who wait for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/compaction.h"
#include "cauce/read.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

class Cursor;
class EngineCore;
class PartitionLog;

// Thread-safe. A handle: it keeps its engine's files open while it lives, and
// answers Reason::kClosed after Engine::Close, kUnknownTopic after the topic
// was deleted. Moved-from handles must not be used.
class Partition final {
 public:
  Partition(Partition&&) noexcept;
  Partition& operator=(Partition&&) noexcept;
  ~Partition();

  // Which partition this is.
  const TopicPartition& name() const;

  // Appends a batch that is ready, at the next offset; only its base offset
  // and leader epoch are set anew (and, with LogAppendTime, its timestamps).
  // The caller's bytes are not changed. Where the topic's `compression.type`
  // names another codec the records are compressed anew.
  // Records inside are decoded, and checked, only where that, a cleanup.policy
  // of compact or message.timestamp.before.max.ms asks for it: what else a
  // batch holds is its maker's word, as that its records decompress to no more
  // than kDecompressedBytesMax, above which readers answer kBatchTooLarge.
  // Reason::kInvalidTopicName for an internal topic, which its coordinator
  // writes, as in all that changes the partition, but Compact;
  // kBatchTooLarge, kInvalidRecord, kInvalidTimestamp, kFencedEpoch,
  // kDiskFull (nothing was stored; try again, it goes on once there is room),
  // kDiskFailed, kReadOnly; kOffsetOutOfRange where too few offsets are left;
  // kTruncated where the records were cut off before they were durable;
  // kCorruptBatch and kUnsupportedCodec where it is to be compressed anew and
  // cannot be read.
  //
  // A batch with a producer id takes part in deduplication and transactions, as
  // with Kafka: a retry of one of the producer's last five batches appends
  // nothing, and is answered as the first append was, once that is durable
  // where it is to be. Reason::kOutOfOrderSequence where batches in between are
  // missing, kInvalidProducerEpoch for an older instance of the producer,
  // kInvalidTxnState for a batch outside of the transaction that is open,
  // kTooManyProducers above 2^20. What is known of a producer is forgotten
  // EngineOptions::producer_expiration after its last batch; until then an
  // engine that is opened anew knows its last batch alone. The first such batch
  // since the partition was opened may have to read from its log.
  absl::StatusOr<AppendResult> Append(const RecordBatch& batch,
                                      const AppendOptions& options = {});

  // Appends `records`, at least one, as one batch: all or none.
  absl::StatusOr<AppendResult> Append(std::span<const Record> records,
                                      const AppendOptions& options = {});

  // The same without waiting: returns after the write and calls `done` once
  // the append is acknowledged or has failed. Many appends may be in flight;
  // without an Executor one that finds many waiting runs their sync itself,
  // as does any Flush or waiting append.
  void AppendAsync(const RecordBatch& batch, const AppendOptions& options,
                   AppendCallback done);

  // Ends the transaction of a producer in this partition, for the transaction
  // coordinator: appends the marker. Where none is open it counts as well, and
  // fences older epochs: so does one that comes twice. Of an older epoch, or
  // not above the open transaction's where each has its own:
  // Reason::kInvalidProducerEpoch. kCoordinatorFenced, kInvalidRecord for
  // negative numbers, and those of Append.
  absl::StatusOr<AppendResult> EndTransaction(
      const TransactionEnd& end, const AppendOptions& options = {});

  // Makes everything that is written durable. Reason::kDiskFailed; a
  // ResourceExhausted or PermissionDenied without a reason where a file could
  // not be opened for it: nothing is lost, and it may be tried again. A durable
  // append that meets this has written its records: Flush(), do not append
  // them again.
  absl::Status Flush();

  // Where another process writes, this and the two ends below are as they were
  // at the last look at the files, by any handle or cursor of the partition:
  // WaitFor looks, with a timeout of zero too, and so does a cursor at the end
  // of what is known. The start alone is looked at by FindByTime and by the
  // first read of a cursor, and behind a Seek; one that reads on may hand out
  // records that were deleted meanwhile.
  Offset log_start() const;
  // The end of what readers see: the offset the next visible record gets.
  Offset high_watermark() const;
  // Up to where readers of what is committed come: the high watermark, or where
  // the first transaction begins that is open or whose marker lies above it.
  // The first call since the partition was opened, and where another process
  // writes each, may have to read from its log: errors of that.
  absl::StatusOr<Offset> LastStableOffset() const;
  // The offset the next appended record gets.
  Offset log_end() const;
  // Everything below it survives a power loss.
  Offset durable_end() const;
  LeaderEpoch leader_epoch() const;

  // What is missed at either end, or in the last file, as it was when the
  // partition was opened. A cursor reads what is there and tells nothing of it:
  // who takes the records for all there were asks here. Whoever opens it for
  // writing goes on behind what is lost, so that it lies in front, or is damage
  // to a cursor. Of a log whose start was never saved nobody can tell what is
  // missed in front.
  LostRecords lost() const;

  // The bytes of its segments' logs.
  int64_t bytes() const;

  // Reads from an offset on; see cursor.h. Any offset is taken: whether it
  // exists is told by the first read.
  Cursor Read(Offset from) const;
  Cursor Read(Offset from, const CursorOptions& options) const;

  // Returns the first visible record, in the order of offsets, that can be read
  // and has a timestamp at or after `time`; nothing where there is none. As
  // Kafka's ListOffsets it finds the marker of a transaction too, which
  // Cursor::Next passes over: who reads on from there gets the record behind.
  // With OnDamage::kStop the error that a read there gives, mostly
  // Reason::kCorruptBatch, where what was asked for may be lost:
  //   the record right in front of what was found, or of the end where nothing
  //   was, cannot be read, or is missing;
  //   damage further in front may hold the time: times need not be in the order
  //   of offsets.
  // The latter is no error where the time index says that no record there has
  // the time. Nor is it where the header of the damaged batch says so, and fits
  // what stands around it; that its time is what is damaged is not seen. An
  // index that was made anew behind damage, and the largest time of a file,
  // know of what can be read alone.
  // OnDamage::kSkip passes by both, and what is no file in a segment's place,
  // as a cursor does. With either kBatchTooLarge where a batch that may hold
  // the time decompresses to more than kDecompressedBytesMax, and the error of
  // the disk where a file in front cannot be read at all.
  absl::StatusOr<std::optional<FoundOffset>> FindByTime(
      Timestamp time, OnDamage on_damage = OnDamage::kStop) const;

  // Waits until the high watermark is above `offset`; returns false when
  // `timeout` passed first. Without an Executor it makes written records
  // durable, and so visible, itself. With kReadCommitted until a cursor of that
  // isolation may come further than `offset`: beside an open transaction who
  // waits so sleeps until it ends. Errors of LastStableOffset then.
  // Where the log can show no more: Reason::kDiskFailed after a write or a sync
  // that failed, kClosed, kUnknownTopic. Without an Executor also errors of
  // Flush. Where another process writes errors of looking at its files, and a
  // ResourceExhausted without a reason where no watch of them is left.
  absl::StatusOr<bool> WaitFor(
      Offset offset, absl::Duration timeout,
      Isolation isolation = Isolation::kReadUncommitted) const;

  // Tells `watcher` of every move from now on, until Unwatch; look once behind
  // this call. Who waits for many partitions waits so. With kReadCommitted of
  // those moves alone that show more to a cursor of that isolation, and of an
  // end. Nothing is told of a partition that another process writes:
  // FileSystem::Watch tells of those. Errors of its opening.
  absl::Status Watch(std::shared_ptr<PartitionWatcher> watcher,
                     Isolation isolation = Isolation::kReadUncommitted) const;
  // Behind it `watcher` is called no more. One that is not told does no harm.
  void Unwatch(const PartitionWatcher& watcher) const;

  // Removes the records at and above `offset`, and returns the new log end.
  // Only whole batches go: a batch that `offset` cuts goes as a whole. In a
  // gap that compaction left the log ends at `offset` itself.
  // Reason::kOffsetOutOfRange above the log end or below the log start.
  absl::StatusOr<Offset> TruncateTo(Offset offset);

  // Forgets the records below `offset`: it becomes the log start, at once and
  // durably; whole segments below it are deleted. An offset below the log
  // start changes nothing, but that it gives up what is missing there, of a log
  // whose first files are lost. Reason::kOffsetOutOfRange above the high
  // watermark.
  absl::Status DeleteRecordsBefore(Offset offset);

  // Compacts the partition now, in this call, whatever share of it is dirty:
  // the last record of each key stays. What was appended before the call is
  // gone over, but for what is younger than min.compaction.lag.ms or belongs to
  // a transaction that is open. Reason::kInvalidConfig where the topic's
  // cleanup.policy does not say compact, or its configs were never given;
  // kDiskFull, kReadOnly; kCorruptBatch where a segment is damaged, which is
  // left as it is, or missing.
  absl::StatusOr<CompactionTotals> Compact() const;

 private:
  friend class Engine;
  Partition(std::shared_ptr<EngineCore> core,
            std::shared_ptr<PartitionLog> log);

  std::shared_ptr<EngineCore> core_;
  std::shared_ptr<PartitionLog> log_;
};

}  // namespace cauce
