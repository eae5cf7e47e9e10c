// One segment of a partition: a .log file of batches and its indexes, as
// readers see it.
//
// What lies below bytes() has been written and does not change. The file is
// opened when it is needed and may be closed in between; the indexes of a
// sealed segment are loaded when they are needed and rebuilt where they are
// absent or lead astray, also on the disk where the segment may be written and
// is whole. A segment that was deleted stays readable for those who hold it,
// under another name. Thread-safe; Publish and the dirty state belong to the
// partition's one writer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/io/file_pool.h"
#include "engine/io/free_space.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/closable_end.h"
#include "engine/log/index_files.h"
#include "engine/log/segment_front.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_reads.h"
#include "engine/log/segment_scan.h"
#include "engine/log/sparse_index.h"
#include "engine/log/tail_memory.h"

namespace cauce {

// Where a segment lives, how its indexes are spaced, and what may be in it.
struct SegmentPlace {
  FileSystem* files = nullptr;
  FilePool* pool = nullptr;
  std::string directory;
  Offset base;
  int64_t index_interval_bytes = 4096;
  // Whether compaction may have taken batches out of it, here or elsewhere.
  bool may_have_gaps = true;
  // May be null: asked before more is written than has to be.
  const FreeSpace* space = nullptr;
  // May be null: then no bytes are kept in memory for who reads at the end.
  TailMemory* tails = nullptr;
  // May be null: told of indexes that had to be made anew.
  const EventSink* events = nullptr;

  // Where another segment of the same partition lives.
  SegmentPlace At(Offset other) const {
    SegmentPlace place = *this;
    place.base = other;
    return place;
  }
  // The path of a file in the partition's directory.
  std::string PathOf(std::string_view name) const {
    return directory + '/' + std::string(name);
  }
};

// A record found by its time, where its batch begins, and what the look-up has
// met in front of it: nothing where it has begun with that batch.
struct FoundTime {
  FoundOffset record;
  Offset batch_base;
  SegmentFront front = {};

  friend bool operator==(const FoundTime&, const FoundTime&) = default;
};

class Segment {
 public:
  // `bytes` and `next` tell what the file holds; `mode` how to open it, and
  // `state` what its name ends in beside its own: kSwapSuffix,
  // kDeletedSuffix or nothing.
  Segment(SegmentPlace place, OpenMode mode, int64_t bytes, Offset next,
          std::string_view state = "");
  ~Segment();

  Offset base() const { return place_.base; }
  // Where the last whole batch ends in the file.
  int64_t bytes() const { return bytes_.load(std::memory_order_acquire); }
  // The offset behind the last batch; base() while there is none. For a sealed
  // segment that was not scanned: the base of the segment that follows.
  Offset next() const { return {next_.load(std::memory_order_acquire)}; }
  const SegmentPlace& place() const { return place_; }
  std::string path() const { return log().path(); }

  absl::StatusOr<std::shared_ptr<File>> OpenFile() { return log().Acquire(); }

  // Starts `scanner` here and returns the first batch that ends above
  // `offset`; nothing where there is none yet. The scanner goes on behind it,
  // and checks that each batch continues the one before. It keeps the file open
  // for no longer than each of its reads takes, and must not outlive the pool.
  absl::StatusOr<std::optional<RecordBatch>> Seek(BatchScanner& scanner,
                                                  Offset offset);

  // The segment may have grown: `scanner`, which walks over it, goes on to
  // where it ends now.
  void Extend(BatchScanner& scanner) const;

  // Returns the first batch behind what is damaged at `position` that begins
  // at `expected` or later, as the damaged one should have; nothing where none
  // is known. Tries where the damaged batch says it ends, and where the index
  // leads.
  absl::StatusOr<std::optional<RecordBatch>> SeekBehind(BatchScanner& scanner,
                                                        int64_t position,
                                                        Offset expected);

  // The first record of [from, up_to) that can be read and has a timestamp at
  // or after `time`, also of control batches: Kafka's ListOffsets finds those
  // too. With OnDamage::kStop Reason::kCorruptBatch where it has met damage
  // right in front of it.
  absl::StatusOr<std::optional<FoundTime>> FindByTime(
      Timestamp time, Offset from, Offset up_to,
      OnDamage on_damage = OnDamage::kStop);

  // What stands in front of `place`, where a batch begins or which lies behind
  // the last one, up to base().
  absl::StatusOr<SegmentFront> LookInFrontOf(Offset place);

  // That `scanner`, which has found no more batches here, has come to the end.
  absl::Status CheckEnd(const BatchScanner& scanner) const;

  // Whether `opened`, of its log, is because of what stands in its own place.
  bool IsStoodInFor(const absl::Status& opened) const;

  // Of what can be read; kNoTimestamp where no record has one. Where that much
  // is `enough` already, what is known at once: then it may be more. What a
  // file claims to be the largest is else looked at once, in the batches behind
  // its last time entry.
  absl::StatusOr<Timestamp> LargestTimestamp(
      Timestamp enough = Timestamp{INT64_MAX});

  // It is at least that, without a look at a file: kNoTimestamp where one is
  // needed.
  Timestamp KnownLargestTimestamp();
  // The same of one that is sealed, as it was known when it was open before.
  void NoteLargestTimestamp(Timestamp largest);

  // The indexes, loaded or rebuilt where that has not happened yet.
  absl::StatusOr<std::shared_ptr<const SegmentIndex>> Index();

  // Forgets indexes nobody used since the previous call, and its newest bytes;
  // of a segment that is being written only such of these as are gone already.
  void DropIdle();

  // Somebody has read all there is: what is appended next is kept in memory as
  // well, for as long as somebody reads there.
  void KeepNewest() { reads().tail().Want(bytes()); }
  bool keeps_newest() const { return reads().tail().IsWantedAt(bytes()); }
  // For the writer: `parts` were written behind bytes().
  void OfferNewest(std::span<const std::string_view> parts) {
    reads().tail().Offer(bytes(), parts);
  }
  // For the writer: `bytes` and `next` hold from now on.
  void Publish(int64_t bytes, Offset next);
  // For the writer, before others see the segment: the index it adds to. Null
  // once it no longer does.
  void ShareLiveIndex(std::shared_ptr<const SegmentIndex> index);

  // Another segment has taken the place of this one, whose end was cut off:
  // whoever reads it is to look again at the log's segments.
  void Supersede();
  bool is_superseded() const { return superseded_.load(); }

  // The log has ended: whoever still reads the segment writes no index files
  // into a directory that is somebody else's by now.
  void StopRepairs();

  // The file holds bytes that no sync covers; it is kept open until they are,
  // but as LetClose says. For the writer, before it writes and after: a sync in
  // between has covered only what was there before. The file is held from the
  // first call on.
  void MarkDirty();
  // The same before a write that MarkDirty follows while the file is held: a
  // look does where it is marked. A sync that takes the mark away at this
  // moment is found by the call behind the write.
  void MarkDirtyAhead() {
    if (!dirty_.load(std::memory_order_relaxed)) MarkDirty();
  }
  // For the writer, once it has published and before it lets go of the file: no
  // sync is expected soon, and the file holds bytes() and nothing behind that.
  // So where others need its descriptor the file may be closed, as long as so
  // little is unsynced that Sync can write it again.
  void LetClose();
  // The same where that is not so, or no more.
  void KeepOpen();
  // Makes what was written before the call durable. Does nothing when clean.
  // What was written before the file was closed is written again first: nobody
  // may have been told that it never reached the disk.
  // Where it finds no descriptor for that, the error is SyncNotBegun: all stays
  // as it was, for the next one.
  // Who comes while another's sync runs waits for it. After one that failed
  // every other does: nobody knows any more what the disk holds.
  absl::Status Sync() ABSL_LOCKS_EXCLUDED(sync_mutex_);
  // The same where nothing was written since a sync of all its file system
  // began, which has succeeded.
  absl::Status TakeWholeSync() ABSL_LOCKS_EXCLUDED(sync_mutex_);
  // How often that was done.
  int64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
  // Writes `index` into the segment's index files, and makes them durable.
  // Where the disk is full there are none afterwards, and all is well: they
  // are rebuilt once they are needed.
  absl::Status WriteIndexFiles(const SegmentIndex& index);
  absl::Status SyncIndexFiles();
  // The same in two halves, for who syncs all of the file system behind each:
  // see IndexFiles.
  absl::Status WriteTimeIndex(const SegmentIndex& index);
  absl::Status WriteOffsetIndex(const SegmentIndex& index);
  // Writes what the live index holds by now, so that after a kill it need not
  // be made again. Not for the writer alone; does nothing where the segment is
  // not written any more.
  absl::Status SaveLiveIndex();
  // Where there are none, they are rebuilt once they are needed.
  absl::Status RemoveIndexFiles();

  // Of one that was made as kSwapSuffix says: gives its files their own names,
  // which nothing else has by now, the log last, once the others are durable.
  // Lets its indexes go as those of any sealed segment.
  absl::Status TakeOwnName();

  // Renames the segment's files so that they are no longer part of the log;
  // readers that hold the segment go on. Unlink() then removes them.
  absl::Status Retire();
  absl::Status Unlink();

 private:
  // What is there by now, with what a walk over it expects.
  ScanRange Range() const;
  absl::StatusOr<std::shared_ptr<const SegmentIndex>> LoadIndex();
  // From the log: since `claimed` leads astray, or the files are `unusable`. Of
  // one that is being written what its writer has: a scan of it would miss what
  // comes meanwhile.
  absl::StatusOr<std::shared_ptr<const SegmentIndex>> RebuildIndex(
      std::shared_ptr<const SegmentIndex> claimed, absl::Status unusable = {});
  absl::StatusOr<std::shared_ptr<const SegmentIndex>> KeepIndex(
      ScannedSegment scanned);
  // Returns an index that has the largest time of the batches that can be
  // read: `index`, or a better one.
  absl::StatusOr<std::shared_ptr<const SegmentIndex>> WithLargest(
      std::shared_ptr<const SegmentIndex> index);
  // Writes `index`, or takes its files away where it hides a time.
  using IndexWrite = absl::Status (IndexFiles::*)(const SegmentIndex&);
  absl::Status WriteIndex(const SegmentIndex& index, IndexWrite write)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(repair_mutex_);
  // Writes the index in the place of files that are not there or lead astray.
  absl::Status RepairIndexFiles(const ScannedSegment& scanned);
  // Once, and why: who looks something up is never told.
  void TellOfRepair(const ScannedSegment& scanned, const absl::Status& repaired)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(repair_mutex_);
  // Whether the files still belong to this segment and a log that goes on.
  bool MayRepair() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(repair_mutex_);
  absl::Status DoWithoutIfFull(const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(repair_mutex_);
  // Also where something else than a file is in the place of one, which is told
  // once.
  absl::Status DoWithout(const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(repair_mutex_);
  // Of one that may still be opened another time.
  bool MayOpenLater(const absl::Status& opened) const;
  absl::Status SyncFile(const absl::StatusOr<std::shared_ptr<File>>& file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mutex_);
  // Writes what no sync covers, and a descriptor that was closed may have
  // written, through this one.
  absl::Status WriteAgain(File& file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mutex_);
  std::string PathOf(std::string_view suffix) const;
  // Made when they are first needed: most segments are only read.
  IndexFiles& index_files() ABSL_EXCLUSIVE_LOCKS_REQUIRED(repair_mutex_);
  // Where a walk that is to find `offset` begins: at a batch that an entry of
  // the index leads to, or at the first one.
  struct ScanStart {
    int64_t position = 0;
    Offset base;
  };
  // Returns a batch in front of which no record below `up_to` that can be read
  // has `time` or a later one: as a walk from the last entry with at most that
  // time finds. That notes where the index is right and need not be walked
  // again. This and those below tell `front` what they pass; nobody asks for
  // what is in front of `from`.
  absl::StatusOr<std::optional<RecordBatch>> SeekTime(BatchScanner& scanner,
                                                      Timestamp time,
                                                      Offset from, Offset up_to,
                                                      SegmentFront& front);
  // As Seek, but what is damaged is passed by; `front` begins anew.
  absl::StatusOr<std::optional<RecordBatch>> SeekReadable(BatchScanner& scanner,
                                                          Offset offset,
                                                          SegmentFront& front);
  // The same of scanner.Next().
  absl::StatusOr<std::optional<RecordBatch>> NextReadable(BatchScanner& scanner,
                                                          SegmentFront& front);
  // Goes on from `batch`, what `scanner` has found here, behind damage.
  absl::StatusOr<std::optional<RecordBatch>> PassDamage(
      BatchScanner& scanner, absl::StatusOr<std::optional<RecordBatch>> batch,
      SegmentFront& front);
  // What a walk to `place` from the batch that holds `from` finds there.
  absl::StatusOr<SegmentFront> WalkTo(Offset place, Offset from,
                                      BatchScanner& scanner);
  // As Seek, by a guess that reads little: nothing where that does not lead to
  // the batch that holds `offset`, and the scanner may then stand anywhere.
  absl::StatusOr<std::optional<RecordBatch>> SeekAtOnce(BatchScanner& scanner,
                                                        Offset offset);
  absl::StatusOr<ScanStart> FindStart(Offset offset, BatchScanner& scanner);
  absl::StatusOr<std::optional<ScanStart>> StartAt(const OffsetEntry& entry,
                                                   BatchScanner& scanner);

  // How the log's file is reached: made for the first one who reads it or
  // writes it, which of most sealed segments nobody does.
  struct Reach {
    std::shared_ptr<PooledFile> log;
    // The same, for scanners: one that stands still holds no descriptor.
    std::shared_ptr<const SegmentReads> reads;
  };
  const Reach& reach() const;
  std::unique_ptr<const Reach> MakeReach(std::string_view state) const;
  PooledFile& log() const { return *reach().log; }
  const SegmentReads& reads() const { return *reach().reads; }
  bool is_writable() const { return mode_ != OpenMode::kRead; }

  const SegmentPlace place_;
  const OpenMode mode_;
  std::atomic<bool> retired_ = false;
  mutable std::atomic<const Reach*> reach_ = nullptr;  // owned; null at first
  std::atomic<int64_t> bytes_;
  std::atomic<int64_t> next_;
  std::atomic<bool> dirty_ = false;
  std::atomic<int64_t> syncs_ = 0;
  // What a sync has covered; what was there at first counts as covered.
  std::atomic<int64_t> synced_bytes_;
  bool may_be_closed_ = false;  // unsynced, as the pool knows; for the writer
  std::atomic<bool> superseded_ = false;

  // Held while the log is synced: what is clean is durable for who has it.
  Mutex sync_mutex_;
  absl::Status sync_failure_ ABSL_GUARDED_BY(sync_mutex_);

  // Held while index files are written, and while the segment leaves the log
  // or the log ends: one that has left writes no files under its old names.
  // Readers that repair nothing do not take it.
  Mutex repair_mutex_;
  std::unique_ptr<IndexFiles> index_files_ ABSL_GUARDED_BY(repair_mutex_);
  bool repairs_stopped_ ABSL_GUARDED_BY(repair_mutex_) = false;
  bool told_of_repair_ ABSL_GUARDED_BY(repair_mutex_) = false;
  bool told_of_place_ ABSL_GUARDED_BY(repair_mutex_) = false;

  // Behind what was written before the file was closed unsynced, if ever.
  ClosableEnd closable_end_;

  Mutex mutex_;
  std::shared_ptr<const SegmentIndex> index_ ABSL_GUARDED_BY(mutex_);
  bool index_is_live_ ABSL_GUARDED_BY(mutex_) = false;
  bool index_used_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Timestamp> largest_ ABSL_GUARDED_BY(mutex_);  // once sealed
  Timestamp noted_largest_ ABSL_GUARDED_BY(mutex_);  // or more; see its Note
};

}  // namespace cauce
