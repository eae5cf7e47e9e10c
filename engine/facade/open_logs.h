// The logs of a directory that are open, by partition.
//
// A log is opened when it is first used and let go when nobody has a handle of
// it. One that was let go is known to be whole: opening it again
// needs no recovery, whatever the last stop was like. Not thread-safe: the
// engine locks; its lock comes before every lock of a log.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "cauce/topic_config.h"
#include "engine/base/mutex.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/facade/bounds_checkpoint.h"
#include "engine/facade/first_dirty_checkpoint.h"
#include "engine/facade/known_logs.h"
#include "engine/facade/new_partitions.h"
#include "engine/facade/partition_directories.h"
#include "engine/facade/partition_log.h"
#include "engine/log/log.h"

namespace cauce {

class OpenLogs {
 public:
  // How many logs are recovered at once. Each holds some two mebibytes
  // meanwhile; more of them wait for the same disk.
  static constexpr int kRecoveriesMax = 8;
  // How many logs are closed, or recovered, with one sync. Each may hold a
  // descriptor until then.
  static constexpr size_t kSyncedTogetherMax = 256;

  OpenLogs(std::shared_ptr<const LogEnvironment> environment,
           std::shared_ptr<BoundsCheckpoint> bounds,
           const FirstDirtyCheckpoint& first_dirty, KnownLogs& known,
           PartitionDirectories& directories, Access access);

  // Of dormant logs whose last handle is gone no more are remembered than this,
  // or than had one at once.
  static constexpr size_t kGoneSleepersMax = 64;

  // Whether what was there when the directory was opened may be believed.
  void set_clean_stop(bool clean_stop) { clean_stop_ = clean_stop; }
  // Where many logs are closed, or recovered, it syncs all of them at once.
  // None at first.
  void set_whole_sync(std::unique_ptr<WholeSync> whole) {
    whole_sync_ = std::move(whole);
  }
  // Whether something is known to be missing, of a log that is open by now,
  // that the last one who asked was not told.
  bool TakeNews() { return std::exchange(has_news_, false); }

  // Reason::kUnknownPartition; NotFound where its directory is missing;
  // kCorruptFile where it is another topic's; errors of its recovery.
  absl::StatusOr<std::shared_ptr<Log>> Open(const TopicEntry& topic,
                                            PartitionId partition);

  // The same for who has a handle of it: dormant where the last close tells
  // what there is, and nobody has changed it since.
  absl::StatusOr<std::shared_ptr<PartitionLog>> OpenOrKnow(
      const TopicEntry& topic, PartitionId partition);

  // Opens all of them that hold anything of their own, but for those that
  // nobody has changed since they were closed in order, several at a time where
  // the engine has an executor. Bounds are saved as it goes on, so that a stop
  // meanwhile leaves only the rest. One whose directory is missing is passed
  // over; one that cannot be recovered is told of and tried again when it is
  // asked for.
  struct Place {
    const TopicEntry* topic;
    PartitionId partition;
  };
  void OpenAll(std::span<const Place> places);

  // Null where it is not open.
  std::shared_ptr<Log> Find(const TopicPartition& partition) const;
  std::vector<TopicPartition> Names() const;

  // When upkeep has something to do in one that is not open, by what its close
  // has noted: see upkeep_agenda.h. Infinitely early where it has not.
  absl::Time NextLook(const TopicPartition& partition,
                      const TopicConfig& config) const;

  // Whether all that was there is, so that it may count as cleanly closed.
  bool all_recovered() const { return unrecovered_.empty(); }

  // How many dormant ones are remembered: for tests.
  size_t sleepers() const { return sleepers_.size(); }

  // Whether somebody has a handle of it, a dormant one too, and may change it
  // unseen.
  bool IsInUse(const TopicPartition& partition) const;

  // What a partition's directory holds.
  enum class Contents {
    kNothing,     // as it was made
    kNoSegments,  // somebody has begun to open it, no more
    kRecords,     // segments; or none, where there were some
  };
  // NotFound where it is missing.
  absl::StatusOr<Contents> Look(const TopicPartition& partition) const;

  // Closes the log unless somebody has a handle of it, or it is not at rest, or
  // something was told of it, or all that it owes are index files, since it was
  // killed.
  absl::Status LetGo(const TopicPartition& partition);

  // Returns those of which Flush() is to follow, under no lock that callbacks
  // may want.
  std::vector<std::shared_ptr<Log>> SetConfig(const std::string& topic,
                                              const TopicConfig& config);

  // Remembers where the logs of `topic`, which others have made, begin and end
  // by now: what lies below is not missed from then on, what lies between is,
  // and no recovery takes the cleaner's gaps there for lost tails. Each that
  // holds segments is opened for that, and let go. The disk's error where it
  // does not show whose they are, or where they begin; what keeps one from
  // being opened, or has ended one that is open.
  absl::Status NoteStarts(const TopicEntry& topic);

  // Ends the logs of a topic without writing anything. Returns those that were
  // open: once the engine's lock is let go they are to Deliver().
  std::vector<std::shared_ptr<Log>> Abandon(const std::string& topic,
                                            const absl::Status& cause);
  // All of them, where nothing was appended to any.
  void AbandonAll(const absl::Status& cause);

  // Closes all of them and remembers their bounds. Returns the first error,
  // having closed the rest; that one was not recovered is an error only where
  // there was no room, and whoever closes may make some.
  absl::Status CloseAll(const absl::Status& cause);

 private:
  // Whether a log that is recovered is durable at once, or with others later.
  enum class Syncs { kNow, kLater };
  // The log, which is not in the map. For several partitions at once.
  absl::StatusOr<std::shared_ptr<Log>> Make(const TopicEntry& topic,
                                            PartitionId partition,
                                            Syncs syncs = Syncs::kNow) const;
  // What is told of the partition while it is dormant; nothing where it has to
  // be opened.
  std::optional<PartitionLog::Bounds> FindDormant(
      const TopicEntry& topic, const TopicPartition& name) const;
  std::shared_ptr<PartitionLog> SleeperOf(const TopicPartition& name) const;
  // Forgets those that nobody has a handle of, now and then.
  void SweepSleepers();
  // Of these partitions nobody opens a dormant log any more.
  template <class Which>
  void EndSleepers(Which which, const absl::Status& cause);
  // The same, with its bounds remembered unless it owes a sync; null where it
  // holds nothing, or nothing but what it was furnished with.
  using Recovered = absl::StatusOr<std::shared_ptr<Log>>;
  Recovered Recover(const Place& place, Syncs syncs) const;
  // So many were recovered: their bounds are saved where that is due.
  absl::Status SaveRecovered(int64_t logs) const;
  // One sync for those of `logs`, recovered at `places`, that owe it. Where it
  // fails they are recovered once more, each by itself.
  void SyncRecovered(std::span<const Place> places,
                     std::span<Recovered> logs) const;
  // Whether the partition is as the last close that knew it has left it: then
  // it needs no recovery, however the last stop was.
  bool IsAsClosed(const TopicEntry& topic, const TopicPartition& name) const;
  // Nothing where that cannot be told, which is told.
  std::optional<FileInfo> Seen(const std::string& path) const;
  void TellUnseen(const absl::Status& why) const;
  absl::StatusOr<std::shared_ptr<const TopicConfig>> ConfigOf(
      const TopicEntry& topic) const ABSL_LOCKS_EXCLUDED(config_mutex_);
  absl::StatusOr<std::vector<EpochStart>> ReadEpochs(
      const std::string& directory) const;
  absl::Status NoteStart(const TopicEntry& topic, PartitionId partition);
  absl::Status CloseOne(const TopicPartition& partition, Log& log,
                        const absl::Status& cause);
  // A log, and what came of its close; nothing where it was not closed.
  struct ToClose {
    const TopicPartition* partition = nullptr;
    std::shared_ptr<Log> log;
    std::optional<absl::Status> closed;
  };
  // Closes those that are worth a sync of all of their file system.
  void CloseTogether(std::span<ToClose> all, const absl::Status& cause);
  // It was closed in order: what it knows of its ends is to be saved.
  void TakeBounds(const TopicPartition& partition, const Log& log);
  // Of one that was opened: no stop may forget it.
  void NoteMissing(const TopicPartition& partition, const Log& log);
  // Of a log that was closed in order.
  void NoteKnown(const TopicPartition& partition, const Log& log);

  const std::shared_ptr<const LogEnvironment> environment_;
  const std::shared_ptr<BoundsCheckpoint> bounds_;
  const FirstDirtyCheckpoint& first_dirty_;
  PartitionDirectories& directories_;
  const Access access_;
  bool clean_stop_ = false;
  std::unique_ptr<WholeSync> whole_sync_;  // may be null
  mutable NewPartitions new_partitions_;   // which locks
  std::map<TopicPartition, std::shared_ptr<Log>> logs_;
  // Of dormant logs, while somebody has a handle.
  std::map<TopicPartition, std::weak_ptr<PartitionLog>> sleepers_;
  size_t sweep_at_ = kGoneSleepersMax;  // how many of them
  std::map<TopicPartition, absl::Status> unrecovered_;  // and why
  std::set<TopicPartition> whole_;  // closed: no recovery is needed
  KnownLogs& known_;                // of what is closed
  bool has_news_ = false;
  absl::Status failed_;             // the first that could not be let go

  // The configs that were parsed last: partitions of one topic are mostly
  // opened one after the other.
  mutable Mutex config_mutex_;
  mutable std::optional<TopicConfigOverrides> parsed_
      ABSL_GUARDED_BY(config_mutex_);
  // Made of them, for all logs that have them.
  mutable std::shared_ptr<const TopicConfig> config_
      ABSL_GUARDED_BY(config_mutex_);
};

}  // namespace cauce
