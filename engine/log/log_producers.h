// The producers of a log: what is known of them, and what of that is saved.
//
// Nothing is known until somebody asks: then the newest snapshot that can be
// used is read, and the batches behind it. So a log to which nobody writes with
// a producer id costs nothing but a snapshot now and then as it rolls, that no
// later asking has to read all of it. Invariants: a snapshot never tells of an
// offset at or above the log's end, so one above it goes before the log may
// grow there again; below the recovery point the `.txnindex` files tell of
// every aborted transaction, or it is owed that they do, and then no recovery
// point is noted. Of the snapshots only the newest may begin no segment. All of
// these files may be lost; a damaged snapshot is removed once it is met. None
// is taken while damage may hide a transaction's end: it could not say so.
// For the log's one writer, but for what says so.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/read.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/log/aborted_index.h"
#include "engine/log/aborted_lists.h"
#include "engine/log/leftovers.h"
#include "engine/log/log_environment.h"
#include "engine/log/producer_state.h"
#include "engine/log/producer_table.h"
#include "engine/log/published_segments.h"
#include "engine/log/segment.h"

namespace cauce {

// What a log has by now.
struct LogRange {
  Offset start;
  Offset end;
};

// Where readers of decided records end.
struct StableEnd {
  Offset offset;
  // As UnstableTransactions::Decidable.
  Offset decidable;
};

// A transaction that has not ended, which may have lost its first records.
struct OpenTransaction {
  ProducerId producer_id;
  int16_t producer_epoch = -1;
  Offset first;
};

class LogProducers {
 public:
  // Whether it is damage that no batch has these offsets.
  using IsMissing = std::function<bool(const OffsetRange&)>;

  // Of the log `name` in `directory`. All are borrowed.
  LogProducers(const LogEnvironment& environment, const TopicPartition& name,
               const std::string& directory, PublishedSegments& segments,
               IsMissing is_missing);

  // The log was opened with `range`, and `found` stands in its directory.
  // Removes what of its lists tells of more than it has.
  absl::Status Opened(const LogRange& range, const Leftovers& found);
  // After any stop but a clean one: what was written above `recovery_point` may
  // tell of producers. Makes the files whole that tell of it.
  void Recovered(const LogRange& range, Offset recovery_point);

  // As ProducerTable's, for a batch of a producer that is to be appended at the
  // end of `range`. Errors of reading what has to be known.
  absl::StatusOr<std::optional<KnownBatch>> Check(const RecordBatch& batch,
                                                  const LogRange& range);
  // The same for the end of a transaction.
  absl::Status Check(const TransactionEnd& end, const LogRange& range);
  // It was appended at `base`, with this largest time. Whoever sees the log's
  // new end must see this first.
  void Take(const RecordBatch& batch, Offset base, Timestamp max_timestamp,
            Offset high_watermark);

  // Reads what has to be known where that has not been done.
  absl::Status Load(const LogRange& range);
  // The same for a log that another process writes: also what has come since.
  // Returns whether there was anything to read.
  absl::StatusOr<bool> Follow(const LogRange& range)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // What Follow has read may not have been one log: the next one reads all.
  void Unfollow() { followed_in_ = nullptr; }

  // Where readers of decided records end while all below `high_watermark`,
  // which was looked at before, is seen; nothing where that is not known yet.
  // Any thread.
  std::optional<StableEnd> LastStable(Offset high_watermark) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The one that began first. Any thread.
  std::optional<OpenTransaction> OldestOpen() const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // What is known of producers where the log ended at `at`.
  struct Snapshot {
    Offset at;
    std::vector<ProducerState> producers;
  };
  // A segment begins at the log's end, and there may be a snapshot.
  void Rolled(const LogRange& range);
  // The same, but that it is left to the caller: to Write(), which takes its
  // time and needs no lock of the log's but that no cut comes in between, and
  // then Written(). Nothing where there is to be none.
  std::optional<Snapshot> RolledUnsaved(const LogRange& range);
  absl::Status Write(const Snapshot& snapshot) const;
  void Written(Offset at, const absl::Status& written);
  // The log is closed with `range`, and all of it is durable.
  void SaveForClose(const LogRange& range);

  // In two steps, around the cut: the files must not tell of what goes, which
  // is all at and above `end`, when the log may be written again. `base` is
  // that of the last segment that stays. Then what is known is read anew, by
  // whoever asks next.
  absl::Status CutFiles(Offset base, Offset end);
  void CutAt(Offset end) ABSL_LOCKS_EXCLUDED(mutex_);

  // The snapshots below `end` are about to be removed, by RemoveSnapshotsBelow.
  void ForgetSnapshotsBelow(Offset end);

  // 0 where there is none.
  Offset newest_snapshot() const { return newest_snapshot_; }

  // Whether anything is owed before a recovery point may be noted. Any thread.
  bool owes() const { return lists_.owes(); }
  absl::Status SettleOwed(const LogRange& range);
  // Makes durable what was written of aborted transactions: before a recovery
  // point is noted. Any thread.
  void SyncAborted() { lists_.Sync(); }
  // Whether the active segment's list of aborted transactions is as large as it
  // may be, where an index may have `index_bytes_max`.
  bool HasFullList(int64_t index_bytes_max) const {
    return lists_.bytes() >= std::min(index_bytes_max, AbortedIndex::kBytesMax);
  }

  // Forgets producers that were idle for longer than the environment says.
  void Expire(absl::Time now);
  // Whether nobody notices that of each producer only the last batch is known.
  bool IsIdle(absl::Duration now) const;

 private:
  // What the log says of aborted transactions, and where it cannot be read.
  struct FoundAborts {
    AbortedLists::ByBase lists;
    std::vector<OffsetRange> unread;
  };
  // Reads all up to the end of `range`, from a snapshot at `at_most` or below
  // on, and what was aborted in segments that begin at `aborted_from` or
  // behind.
  absl::StatusOr<ProducerTable> ReadAll(const LogRange& range, Offset at_most,
                                        Offset aborted_from,
                                        FoundAborts& aborted);
  // Adds what the lists say, as they are, of markers that cannot be read: once
  // these are made anew nothing else does.
  absl::Status KeepUnread(Offset from, FoundAborts& aborted) const;
  struct FromSnapshot {
    ProducerTable table;
    Offset at{0};
  };
  absl::StatusOr<FromSnapshot> ReadNewestSnapshot(Offset at_most);
  void RemoveDamaged(Offset at);
  void Know(ProducerTable table, Offset up_to) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsEmpty() const ABSL_LOCKS_EXCLUDED(mutex_);
  // How many bytes would have to be read without another snapshot.
  int64_t BytesSinceSnapshot() const;
  absl::Status Save(Offset at);
  // Nothing where one would not tell all.
  std::optional<Snapshot> TakeSnapshot(Offset at) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // It is there.
  absl::Status Saved(Offset at);
  void Tell(Severity severity, const absl::Status& status) const;

  const LogEnvironment& environment_;
  const TopicPartition& name_;
  const std::string& directory_;
  PublishedSegments& segments_;
  const IsMissing is_missing_;
  AbortedLists lists_;

  // What was appended from here on while nothing was known came from nobody.
  Offset unknown_until_{0};
  Offset newest_snapshot_{0};
  bool writes_ = false;  // who only reads removes nothing
  absl::Duration last_taken_ = -absl::InfiniteDuration();  // monotonic

  // For reading only: where Follow has come to, and in which segment.
  std::shared_ptr<Segment> followed_in_;
  Offset followed_to_;

  mutable Mutex mutex_;
  // Absent until it is known. Only the writer changes it.
  std::optional<ProducerTable> table_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
