// The write side of a partition: assigns offsets, appends, rolls, truncates,
// deletes, and publishes what readers may see.
//
// One append at a time; readers never wait for it. Offsets are given out in
// the order of the writes and only after the write succeeded. What readers see
// ends at the high watermark: what is durable (cauce.flush=group) or written
// (os). After a failed sync, write or cut nothing is appended, deleted or noted
// as durable until it is reopened.
// Thread-safe. Locks, in order: refresh_mutex_, ends_mutex_, writer_mutex_, the
// waiters', the committer's, a segment's for syncs, its one for repairs, then
// those held for one look (the published segments', view_mutex_). Files change
// under the second and third, and index files also where a reader repairs them;
// under the first they are looked at where another process writes. Callbacks
// run under none.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/file_system.h"
#include "cauce/read.h"
#include "cauce/topic_config.h"
#include "cauce/types.h"
#include "engine/base/final_status.h"
#include "engine/base/mutex.h"
#include "engine/catalog/directory_identity.h"
#include "engine/catalog/known_log.h"
#include "engine/io/kept_watch.h"
#include "engine/log/cleaned_segment.h"
#include "engine/log/committer.h"
#include "engine/log/compaction.h"
#include "engine/log/compaction_plan.h"
#include "engine/log/cut_point.h"
#include "engine/log/log_environment.h"
#include "engine/log/log_epochs.h"
#include "engine/log/log_producers.h"
#include "engine/log/log_view.h"
#include "engine/log/log_waiters.h"
#include "engine/log/published_segments.h"
#include "engine/log/retention.h"
#include "engine/log/retired_segments.h"
#include "engine/log/segment.h"
#include "engine/log/segment_ages.h"
#include "engine/log/segment_front.h"
#include "engine/log/segment_set.h"
#include "engine/log/segment_writer.h"

namespace cauce {

struct RecoveredLog;
struct SegmentEnd;

// What a pass of compaction is begun with.
struct CompactionOrder {
  // What has come of age by then may go.
  absl::Time now;
  // Somebody has asked for it: however little is dirty is enough.
  bool on_demand = false;
  // For keys, at least KeyMap::kBytesMin.
  int64_t memory_bytes_max = 64 << 10;
};

class Log : public std::enable_shared_from_this<Log> {
 public:
  static absl::StatusOr<std::shared_ptr<Log>> Open(
      std::shared_ptr<const LogEnvironment> environment,
      const LogOptions& options);

  // Of one that was opened to be synced later: whether its recovery left
  // anything to that, and, where a sync of all of its file system came to
  // `synced` since, that it is durable as it was found. Where that fails it is
  // to be abandoned and opened again.
  bool owes_recovery_sync() const { return owes_recovery_sync_; }
  absl::Status TakeRecoverySync(const absl::Status& synced)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  const TopicPartition& name() const { return name_; }
  // Of its files.
  const std::string& directory() const { return directory_; }

  // As Partition's functions of the same names.
  absl::StatusOr<AppendResult> Append(const RecordBatch& batch,
                                      const AppendOptions& options);
  absl::StatusOr<AppendResult> Append(std::span<const Record> records,
                                      const AppendOptions& options);
  void AppendAsync(const RecordBatch& batch, const AppendOptions& options,
                   AppendCallback done);
  absl::StatusOr<AppendResult> EndTransaction(const TransactionEnd& end,
                                              const AppendOptions& options);
  void EndTransactionAsync(const TransactionEnd& end,
                           const AppendOptions& options, AppendCallback done);
  // Returns once what was written before the call is acknowledged as `ack`
  // says: for who writes to several logs (Ack::kWritten) before it waits.
  absl::Status Await(Ack ack);
  absl::Status Flush();
  absl::StatusOr<std::optional<FoundOffset>> FindByTime(
      Timestamp time, OnDamage on_damage = OnDamage::kStop);
  absl::StatusOr<bool> WaitFor(
      Offset offset, absl::Duration timeout,
      Isolation isolation = Isolation::kReadUncommitted);
  void Watch(std::shared_ptr<PartitionWatcher> watcher,
             Isolation isolation = Isolation::kReadUncommitted) {
    waiters_.Watch(std::move(watcher), isolation);
  }
  void Unwatch(const PartitionWatcher& watcher) { waiters_.Unwatch(watcher); }
  absl::StatusOr<Offset> TruncateTo(Offset offset);
  absl::Status DeleteRecordsBefore(Offset offset);

  Offset log_start() const { return {log_start_.load()}; }
  Offset log_end() const { return {log_end_.load(std::memory_order_acquire)}; }
  Offset durable_end() const {
    return environment_->is_volatile ? log_end() : committer_.durable();
  }
  Offset high_watermark() const;
  // As Partition's. The first call may have to read the log, and waits for its
  // writer.
  absl::StatusOr<Offset> LastStableOffset()
      ABSL_LOCKS_EXCLUDED(refresh_mutex_, writer_mutex_);
  // The open transaction that began first, which keeps that offset back unless
  // one does that has only just ended.
  absl::StatusOr<std::optional<OpenTransaction>> OldestOpenTransaction()
      ABSL_LOCKS_EXCLUDED(refresh_mutex_, writer_mutex_);
  // As LastStableOffset, for who asks of each batch what became of its
  // transaction: where the one that keeps readers back may have ended in what
  // cannot be read, this is the high watermark.
  absl::StatusOr<Offset> DecidableEnd()
      ABSL_LOCKS_EXCLUDED(refresh_mutex_, writer_mutex_);
  // Of these two nothing is known in a forked child.
  LeaderEpoch leader_epoch() const;
  LostRecords lost() const { return lost_; }
  int64_t bytes() const;

  // What a reader walks over. A read-only log looks at the files again where
  // they have grown since: one look at a time, so that who asks for one waits
  // for another's.
  std::shared_ptr<const SegmentSet> segments() const;
  // How often other records have taken the place of some: what was read before
  // says nothing of what is there now.
  int64_t cuts() const { return segments_.cuts(); }
  // Ends it where its directory is another topic's by now.
  absl::Status Refresh() ABSL_LOCKS_EXCLUDED(refresh_mutex_) {
    return Refresh(&LogView::Refresh);
  }
  // A read-only log begins where its writer has saved that it does by now: for
  // who begins to read, looks for a time or comes to the end. Looks at no
  // segment, and waits for nobody.
  absl::Status LookAtStart();
  // CheckOpen, and of a read-only log that its name still leads to the
  // directory of its topic: ends it where it does not. Looks at no segment.
  absl::Status CheckDirectory() ABSL_LOCKS_EXCLUDED(refresh_mutex_);
  // What `look`, which looks at segments(), returns; again after a Refresh
  // where another process has deleted a file that is listed.
  template <typename Look>
  auto ReadListed(Look look) -> decltype(look()) {
    for (int lists = 0;; ++lists) {
      auto result = look();
      if (!absl::IsNotFound(result.status())) return result;
      // Whoever ended the log meanwhile may have taken its files.
      if (absl::Status open = CheckOpen(); !open.ok()) return open;
      if (!read_only_ || lists == kListsMax) return result;
      const absl::Status listed =
          Refresh(lists == 0 ? &LogView::Refresh : &LogView::RefreshNames);
      if (!listed.ok()) return listed;
    }
  }
  bool is_read_only() const { return read_only_; }
  // As LogOptions says, and once its topic is compacted.
  bool may_have_gaps() const { return may_have_gaps_; }

  // OK while the log may be used; else why not: closed, topic deleted, or this
  // is a child that was forked from the process that opened it. Takes no lock.
  absl::Status CheckOpen() const;

  // Returns whether Flush() is to follow: readers are shown what is not durable
  // by now, and are to be shown only what is. Nothing that they have seen
  // vanishes until then.
  bool SetConfig(const TopicConfig& config, bool keep_everything);

  // Deletes the segments that the topic's retention no longer keeps, and files
  // whose time to be kept for late readers is over. What is too old is so by
  // the time of day and by `now_at_most`: the earlier of them counts.
  absl::Status ApplyRetention(absl::Time now_at_most = absl::InfiniteFuture());
  // When it would first have something to delete by age if nothing were
  // appended any more; never where that is not its topic's way.
  absl::StatusOr<absl::Time> NextRetention();

  // What compaction would find to do: nothing where the topic is not compacted,
  // or a pass that came no further would come no further now.
  absl::StatusOr<CompactionPlan> LookAtCompaction(const CompactionOrder& order);
  // Seals what is active, so that a pass goes over it too; does nothing where
  // the topic is not compacted.
  absl::Status RollToCompact() ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  // A pass, to be worked at by one thread at a time and in which no lock is
  // held but while a segment takes its place; null where none is due. Nobody
  // begins another before EndCompaction, or after this one was destroyed. Only
  // what is durable is compacted: Flush() comes first. Neither this nor the
  // pass calls anybody back: where it has failed Deliver() follows.
  absl::StatusOr<std::unique_ptr<Compaction>> BeginCompaction(
      const CompactionOrder& order);
  // The pass is over, without an error: the next one begins behind it.
  absl::Status EndCompaction(const Compaction& pass)
      ABSL_LOCKS_EXCLUDED(ends_mutex_);
  // Where the next pass begins.
  Offset first_dirty() const { return {first_dirty_.load()}; }
  // Reason::kCorruptBatch where passes go around what is missing.
  absl::Status CheckNothingMissing() const;

  // Ends the log: writes its indexes, makes everything durable and answers
  // everybody who waits. With `cause`, later calls fail with it.
  absl::Status Close(const absl::Status& cause);
  // Whether that has anything to make durable.
  bool OwesSync() const ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // Whether it is only that a kill left no index files of a closed log.
  bool OwesIndexAlone() const ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // The same for many logs, all on the file system that `whole` syncs, which it
  // does twice for all of them; where that fails each syncs its own files.
  // Returns what Close() would of each.
  static std::vector<absl::Status> CloseTogether(
      std::span<const std::shared_ptr<Log>> logs, WholeSync& whole,
      const absl::Status& cause);

  // The topic is gone: nothing is written any more. Who waits learns of it;
  // callbacks do with the next Deliver(). Nor is that, or what appends, flushes
  // or rolls, to be called under a lock that they may want.
  void Abandon(const absl::Status& cause);
  void Deliver() { committer_.Deliver(); }

  // Tells the environment up to where the log is durable by now. Not from
  // outside, by two accessors: a cut or a deletion might come between them.
  absl::Status NoteBounds();
  // The same, and the log was meant to begin where its files do: what is
  // missing below is not missed any more.
  absl::Status NoteFoundStart();
  // What the next opening may go by, of a log that was closed in order, but
  // for its directory's stamp. Nothing of one that leaves something to be done.
  std::optional<KnownLog> Known() const
      ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  // Whether its opening told of what the next one has to look for as well.
  bool is_odd() const { return is_odd_; }
  // OK where nothing is missing behind `end`, the end of the segment that
  // begins at `base`, and in front of the next one. Else Reason::kCorruptBatch:
  // in a log that may have gaps where files of these offsets are gone that
  // nobody deleted, or this one has less than it had.
  absl::Status CheckNothingMissing(const SegmentEnd& end, Offset base,
                                   Offset next)
      ABSL_LOCKS_EXCLUDED(view_mutex_);
  // What is to be remembered of a log that was closed.
  LogBounds bounds() const ABSL_LOCKS_EXCLUDED(ends_mutex_);

  void DropIdle();

  // Whether it may be closed and opened again without anybody noticing: all is
  // durable, and no deleted file waits for late readers.
  bool IsAtRest();

 private:
  // How often one look is repeated because another process deletes files.
  static constexpr int kListsMax = 8;

  // Whether this is a child that was forked from the process that opened it.
  bool IsInherited() const;

  Log(std::shared_ptr<const LogEnvironment> environment,
      const LogOptions& options, SegmentSet::List segments, Offset log_start);

  // The start to save while nothing is deleted, of a log that begins at
  // `found`: the one that was saved, so that first files that are missing can
  // be put back.
  static Offset StartToSave(const LogOptions& options, Offset found);

  Committer::Hooks CommitterHooks();

  // Told of a write under the writer's lock: no cut comes in between.
  using OnWritten = absl::FunctionRef<void(const AppendResult&)>;
  // Makes `some`, which tells of what it has written, acknowledged.
  using WriteSome = absl::FunctionRef<absl::StatusOr<AppendResult>(OnWritten)>;
  absl::StatusOr<AppendResult> AppendWith(Ack ack, WriteSome some)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);
  void AppendWithAsync(Ack ack, WriteSome some, AppendCallback done)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);
  absl::StatusOr<AppendResult> Write(const RecordBatch& batch,
                                     const AppendOptions& options,
                                     OnWritten written)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // What is known of a batch before the writer's lock is taken.
  struct Arrival {
    Timestamp now;
    // The config that takes it, held by the caller; null where none was asked.
    // By another it is checked again: it is stamped by the one it is taken by.
    const TopicConfig* taken_by = nullptr;
    // What it ends, if it is a marker: the log's own, no config is asked.
    const TransactionEnd* ends = nullptr;
  };
  absl::StatusOr<AppendResult> WriteBatch(const RecordBatch& batch,
                                          const AppendOptions& options,
                                          const Arrival& arrival,
                                          OnWritten written)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);
  absl::StatusOr<AppendResult> WriteEnd(const TransactionEnd& end,
                                        const AppendOptions& options,
                                        OnWritten written)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // What an append of a batch of a producer that was appended before is
  // answered with; nothing where this one is the first.
  absl::StatusOr<std::optional<AppendResult>> FindFirstAppend(
      const RecordBatch& batch, const AppendOptions& options,
      const Arrival& arrival) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  LogRange range() const { return {log_start(), log_end()}; }
  absl::StatusOr<StableEnd> LookAtStableEnd()
      ABSL_LOCKS_EXCLUDED(refresh_mutex_, writer_mutex_);
  // The same where another process writes.
  absl::StatusOr<StableEnd> FollowStableEnd()
      ABSL_LOCKS_EXCLUDED(refresh_mutex_);
  // Nothing where that is not known before something is read.
  std::optional<StableEnd> FindStableEnd() const;
  // `stable` of a log that was seen up to `seen`.
  StableEnd WithinSeen(const StableEnd& stable, Offset seen) const;
  // Whether an append is acknowledged after a sync rather than the write.
  bool WaitsForSync(Ack ack) const;
  // What is due after a write that is acknowledged at once.
  absl::Status AfterWrite(Offset end);
  // Whether something is to be saved before a recovery point is noted. Epochs
  // change at the end of the log under ends_mutex_ too.
  bool OwesFiles() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return epochs_.owed() || producers_.owes();
  }
  // Tells the environment, now and then, up to where the log is durable: a sync
  // has covered all below `end`, when so many bytes had been appended.
  void NoteSynced(Offset end, int64_t appended)
      ABSL_LOCKS_EXCLUDED(ends_mutex_);
  // In the background where something runs there, else here.
  void RunAside(void (*task)(Log&));
  void SaveNotedAside();
  void SaveLiveIndex();
  // For cauce.flush=os: Kafka's flush.messages and flush.ms.
  absl::Status FlushAsConfigured(Offset end);
  // flush.ms where nothing runs in the background: at the first append after
  // the time is over. Engine::RunUpkeep flushes in any case.
  absl::Status FlushIfDue(absl::Duration interval);
  absl::Status CheckWritable() const;
  // Why no write will ever succeed again; OK where one may.
  absl::Status CheckTakesWrites() const;
  // OK while the log is what it is known to be: it is open, and no sync, write
  // or cut has failed. Else no bound moves and no file goes.
  absl::Status CheckSound() const;
  // Whether so much may be written, by what is to stay free of the disk.
  // What a coordinator writes may use of that too.
  absl::Status TakeSpace(int64_t bytes, AppendOrigin origin) const;
  absl::Status TakeSpaceToRoll(int64_t bytes, AppendOrigin origin) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // The disk has refused what a look at it had left room for.
  void NoteIfFull(const absl::Status& status) const;
  void NoteFailedWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // The first record below `up_to`, in the order of offsets, that can be read
  // and has that time or a later one.
  absl::StatusOr<std::optional<FoundTime>> FindByTimeIn(const SegmentSet& set,
                                                        Timestamp time,
                                                        Offset up_to,
                                                        OnDamage on_damage);
  // Whether that may be given: OK where the record right in front of it, or of
  // `end` where none was found, can be read or is not there by right: the log
  // starts there, or it is a gap of compaction that nothing speaks against.
  // Else the error that reading there gives, since what lies there may be what
  // was asked for.
  absl::Status CheckInFrontOf(const SegmentSet& set,
                              const std::optional<FoundTime>& found,
                              Offset end);
  // The same of what a look into one segment has met.
  absl::Status CheckFront(const SegmentFront& front, const Segment& segment);
  // That nothing is missed behind the last record there is.
  absl::Status CheckEndIsThere() const;
  // That its topic may have gaps by now, where that is so.
  absl::Status TakeInGaps() ABSL_EXCLUSIVE_LOCKS_REQUIRED(refresh_mutex_);
  // How the files of a read-only log are looked at.
  using Listing = absl::Status (LogView::*)();
  absl::Status Refresh(Listing listing) ABSL_LOCKS_EXCLUDED(refresh_mutex_);
  // Takes in what another process has changed. False where the directory is
  // another topic's by now.
  absl::StatusOr<bool> LookAtFiles(Listing listing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(refresh_mutex_);
  absl::StatusOr<bool> LookAtDirectory()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(refresh_mutex_);
  // Returns why nobody may use it from then on.
  absl::Status EndAsReplaced() ABSL_LOCKS_EXCLUDED(refresh_mutex_);
  // WaitFor where another process writes.
  absl::StatusOr<bool> WaitForFiles(Offset offset, absl::Duration timeout,
                                    Isolation isolation);
  // Up to where who reads so may come, as far as is known.
  absl::StatusOr<Offset> VisibleEnd(Isolation isolation)
      ABSL_LOCKS_EXCLUDED(refresh_mutex_, writer_mutex_);
  void WakeWaiters() {
    waiters_.Wake([this] { return LookAtDecided(); });
  }
  // For LogWaiters; takes the locks of leaves alone, and the committer's where
  // it has failed.
  std::optional<LogWaiters::Decided> LookAtDecided() const;

  // For the segment that is active from now on.
  void DrawLimits() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // What is left to be written of a roll: of the sealed segment its index, and
  // what is known of producers.
  struct RollRest {
    std::shared_ptr<Segment> sealed;
    std::shared_ptr<const SegmentIndex> index;
    std::optional<LogProducers::Snapshot> snapshot;
  };
  // With `rest`, which may be null, that is left to the caller, who holds
  // ends_mutex_ until it is done.
  absl::Status Roll(Offset base, Timestamp now, RollRest* rest = nullptr)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  absl::Status RollTo(Offset base, Timestamp now, RollRest* rest)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // A sync of the roll's own fences the log where it failed, as any other.
  absl::Status FenceUnless(const absl::Status& synced);
  // Nothing where what is written has to be durable first.
  absl::StatusOr<std::optional<Offset>> Truncate(Offset offset)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_, writer_mutex_);
  // A failure leaves files and what is known of them apart: no more appends.
  // `kept` is what stays of the segment that is cut, and `file` its file.
  absl::StatusOr<Offset> CutAt(CutPoint cut, std::shared_ptr<Segment> kept,
                               File& file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_, writer_mutex_);
  // Nothing where no segment goes but on request.
  std::optional<RetentionOptions> Keep() const
      ABSL_LOCKS_EXCLUDED(view_mutex_);
  absl::Status DeleteAndUnlink(absl::Time now_at_most)
      ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  absl::Status DeleteUnkept(absl::Time now_at_most)
      ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  absl::Status RollExpired(const RetentionOptions& keep,
                           const SegmentAges& ages, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_)
          ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // How many of the oldest segments lie below `start` as a whole; the active
  // one never does.
  size_t CountBelow(Offset start) const;
  // The log begins at `start`, durably, and without its `count` oldest
  // segments, which lie below.
  absl::Status MoveStart(Offset start, size_t count)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_)
          ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // The same where there is no room to save the start before the segments go:
  // their indexes go first, then they, with a sync of their names in between. A
  // stop before the start is saved looks as if first files were missing.
  absl::Status MoveStartByFiles(Offset start, size_t count)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_)
          ABSL_LOCKS_EXCLUDED(writer_mutex_);
  absl::Status SaveStart(Offset start)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_)
          ABSL_LOCKS_EXCLUDED(writer_mutex_);
  void Note(Offset recovery_point) ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  // Up to where a recovery need not look.
  Offset RecoveryPoint() const ABSL_LOCKS_EXCLUDED(writer_mutex_);
  void BeginAt(Offset start) ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // The start never moves back, whoever of several has seen the older one.
  void RaiseStart(Offset start);
  // Readers see `count` segments less.
  void DropOldest(size_t count) ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // Unlinks the files whose time is over; all that nobody reads where the disk
  // is short of room.
  absl::Status UnlinkRetired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  // The same, where the disk is short of room.
  absl::Status UnlinkIfShort() ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  absl::Status Retire(const std::shared_ptr<Segment>& segment)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  absl::Status OpenProducers(const LogOptions& options,
                             const RecoveredLog& recovered)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  bool IsCompacted() const;
  absl::StatusOr<CompactionPlan> PlanFor(const SegmentSet& set,
                                         Offset stable_end,
                                         const CompactionOrder& order);
  absl::Status SealToCompact() ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  void NoteFirstDirty(Offset first_dirty)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  absl::Status LowerFirstDirty(Offset first_dirty)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  // Once for each.
  void TellOfDamage(const absl::Status& damage);
  // False where `sources` are no longer part of the log.
  absl::StatusOr<bool> ReplaceSegments(const SegmentSet::List& sources,
                                       CleanedSegment& cleaned)
      ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  absl::Status RemoveSnapshotsBelow(Offset end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_)
          ABSL_LOCKS_EXCLUDED(writer_mutex_);
  absl::Status Swap(const SegmentSet::List& sources, CleanedSegment& cleaned,
                    Offset next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_)
      ABSL_LOCKS_EXCLUDED(writer_mutex_);
  absl::Status TakePlaces(const SegmentSet::List& sources, Segment& segment)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ends_mutex_);
  // Fences the log, and returns why.
  absl::Status FailSwap(const absl::Status& cause);
  // What a log that has ended, and is not read-only, leaves to be done, with
  // syncs of its own.
  absl::Status SyncForClose() ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  absl::Status SealForClose() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // The last of it: what says no more than the log does, and names.
  absl::Status SyncSealed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // Epochs and producers.
  absl::Status SaveBeside() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);
  // The pieces of CloseTogether. The log, and of its indexes what has to be
  // durable before the rest; false where the log had ended before.
  absl::StatusOr<bool> WriteForClose(const absl::Status& cause)
      ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  // A sync of all has succeeded, and nothing was written since it began. Goes
  // on with the rest where WriteForClose had `begun` it well.
  absl::Status TakeWholeSync(const absl::Status& begun)
      ABSL_LOCKS_EXCLUDED(ends_mutex_, writer_mutex_);
  absl::Status WriteRestForClose() ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // Where no second sync of all has covered that.
  absl::Status SyncRestForClose() ABSL_LOCKS_EXCLUDED(writer_mutex_);
  // Everybody who waits is answered. Returns `closed`, or what failed here.
  absl::Status EndClose(absl::Status closed, const absl::Status& cause)
      ABSL_LOCKS_EXCLUDED(ends_mutex_);
  // Whether files of some of these offsets are gone that nobody deleted, from
  // between others, or are too short. Beside another process that is looked at
  // again; where it cannot be they count as missing. What could not be seen as
  // the log was opened does not, and is looked for until it can.
  bool IsMissing(const OffsetRange& range) ABSL_LOCKS_EXCLUDED(view_mutex_);
  // Whether the file of the segment that begins there has less than it had. As
  // above.
  bool IsShort(Offset base) ABSL_LOCKS_EXCLUDED(view_mutex_);
  // Whether it is damage that no batch has these offsets.
  bool IsDamagedGap(const OffsetRange& gap) {
    return !may_have_gaps() || IsMissing(gap);
  }
  // What was missing as it was opened, and was not cut off since.
  std::vector<OffsetRange> Missing() const ABSL_LOCKS_EXCLUDED(view_mutex_);
  // Looks for what is missing of one that may have gaps, for who only reads.
  absl::StatusOr<std::vector<MissingPart>> FindMissing() const;
  // The same as it is opened, which is told. Where others change the directory
  // all the while that is left to LookAgain.
  absl::Status NoteMissing() ABSL_LOCKS_EXCLUDED(view_mutex_);
  // Of those, what reaches to the end: nobody reads on behind it, and meets it.
  OffsetRange FindShortEnd() const ABSL_LOCKS_EXCLUDED(view_mutex_);
  // Where reading meets a gap: looks for what could not be seen before. That it
  // still cannot be is told once.
  void LookAgain() ABSL_LOCKS_EXCLUDED(view_mutex_);
  void TakeMissing(const std::vector<MissingPart>& found)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(view_mutex_);
  void TellOfMissing(const std::vector<MissingPart>& found) const;
  // Returns false when the log had ended before.
  bool End(const absl::Status& cause);

  // Whether records are decoded before they are appended.
  static bool Prepares(const TopicConfig& topic);
  // Whether flush.messages or flush.ms is set.
  static bool FlushesItself(const TopicConfig& topic);
  // Whether nothing is waited for that is written: readers see it at once.
  bool ShowsWritten(const TopicConfig& topic) const;

  SegmentPlace PlaceOf(Offset base) const;
  std::shared_ptr<const TopicConfig> config() const;

  const std::shared_ptr<const LogEnvironment> environment_;
  const int forks_;  // when it was opened
  const TopicPartition name_;
  const std::string directory_;
  const bool read_only_;
  LostRecords lost_;  // as it was opened: nobody has it before
  // Of what is missing that counts which lies below: others take the place of
  // what a cut has taken.
  std::atomic<int64_t> missing_up_to_ = INT64_MAX;
  bool is_odd_ = false;
  bool owes_recovery_sync_ = false;

  // Held by whoever moves an end of the log other than by an append, from the
  // plan to the last file: saved bounds follow each other, and appends go on
  // while files are renamed and unlinked.
  mutable Mutex ends_mutex_ ABSL_ACQUIRED_BEFORE(writer_mutex_);
  RetiredSegments retired_ ABSL_GUARDED_BY(ends_mutex_);
  // What was deleted on purpose lies below. The log starts above it where its
  // first files are missing: put back, they are part of it again.
  Offset saved_start_ ABSL_GUARDED_BY(ends_mutex_);

  // Up to here passes of compaction have come; changes under ends_mutex_.
  std::atomic<int64_t> first_dirty_;
  // How often the end was cut off, by now and as the last pass began, and what
  // it found dirty.
  int64_t end_cuts_ ABSL_GUARDED_BY(ends_mutex_) = 0;
  int64_t cuts_before_pass_ ABSL_GUARDED_BY(ends_mutex_) = 0;
  std::atomic<int64_t> pass_dirty_bytes_ = 0;
  // What was dirty when a pass came no further for damage, and where the log
  // ended when one did for an open transaction; 0 and -1 where none did.
  std::atomic<int64_t> blocked_dirty_bytes_ = 0;
  std::atomic<int64_t> blocked_end_ = -1;

  mutable Mutex writer_mutex_;
  std::unique_ptr<SegmentWriter> writer_ ABSL_GUARDED_BY(writer_mutex_);
  // See RecoveredLog.
  Offset unsettled_from_ ABSL_GUARDED_BY(writer_mutex_){
      std::numeric_limits<int64_t>::max()};
  LogEpochs epochs_ ABSL_GUARDED_BY(writer_mutex_);
  // config_, which changes under this lock too: appends take no other for it.
  std::shared_ptr<const TopicConfig> topic_ ABSL_GUARDED_BY(writer_mutex_);
  // Decides the jitter of the active segment.
  uint64_t roll_chance_ ABSL_GUARDED_BY(writer_mutex_) = 0;
  // Of the active segment, by both of these.
  RollLimits limits_ ABSL_GUARDED_BY(writer_mutex_);

  // For reading only: held while the files are looked at.
  Mutex refresh_mutex_ ABSL_ACQUIRED_BEFORE(ends_mutex_);
  std::unique_ptr<LogView> view_ ABSL_GUARDED_BY(refresh_mutex_);
  std::optional<DirectoryIdentity> identity_ ABSL_GUARDED_BY(refresh_mutex_);
  // Null but for reading only.
  const std::unique_ptr<KeptWatch> kept_watch_;

  PublishedSegments segments_;
  // Belongs to whoever holds writer_mutex_, and of a log that is only read
  // refresh_mutex_, but for what any thread may ask.
  LogProducers producers_;
  Committer committer_;
  std::atomic<int64_t> log_start_;
  std::atomic<int64_t> log_end_;
  std::atomic<bool> may_have_gaps_;
  std::atomic<bool> shows_written_;  // as ShowsWritten says
  // What else of a config is asked for without a lock: whether appends take
  // the slow ways, as Prepares and FlushesItself say.
  std::atomic<bool> prepares_;
  std::atomic<bool> flushes_itself_;
  // Shown while shows_written_ was set: nobody takes it back but a cut.
  // Changes under writer_mutex_.
  std::atomic<int64_t> shown_ = 0;
  std::atomic<bool> flush_timer_set_ = false;
  std::atomic<int64_t> appended_bytes_ = 0;  // since the log was opened
  // How many of them the recovery point covers, as it was noted, and the saved
  // index. For the one sync that is under way.
  int64_t noted_bytes_ = 0;
  int64_t index_saved_bytes_ = 0;
  // Monotonic, in nanoseconds: the first write after the last flush.
  static constexpr int64_t kNothingUnsynced =
      std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> unsynced_since_ = kNothingUnsynced;

  // Nobody had saved what is known of it when it was opened.
  const bool is_brokers_;

  mutable Mutex view_mutex_;
  std::shared_ptr<const TopicConfig> config_ ABSL_GUARDED_BY(view_mutex_);
  bool keep_everything_ ABSL_GUARDED_BY(view_mutex_);
  std::string told_damage_ ABSL_GUARDED_BY(view_mutex_);
  // As it was opened, or, where that could not be seen, as it was first seen.
  std::vector<OffsetRange> missing_ ABSL_GUARDED_BY(view_mutex_);
  // It could not be seen yet: when to look for it again, by the monotonic time.
  std::optional<absl::Duration> look_again_at_ ABSL_GUARDED_BY(view_mutex_);
  bool told_unseen_ ABSL_GUARDED_BY(view_mutex_) = false;

  FinalStatus write_failure_;
  FinalStatus ended_;  // why it cannot be used

  LogWaiters waiters_;
};

}  // namespace cauce
