// What an Engine is made of: a directory, its topics, and the logs that are
// open.
//
// Topics change only by way of the catalogue: an entry is saved before the
// directories it speaks of are made and after they are gone, so that whatever
// a crash leaves can be told from what was meant. Logs are opened when they
// are first used; after an unclean stop all that hold records, and were
// touched since a clean one, are recovered first, since only what was recovered
// may be closed as clean.
// Thread-safe; mutex_ comes before every lock of a log.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/compaction.h"
#include "cauce/engine.h"
#include "engine/base/mutex.h"
#include "engine/catalog/file_stamp.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/open_plan.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/hanging_transactions.h"
#include "engine/coord/marker_writer.h"
#include "engine/coord/state_log.h"
#include "engine/coord/transaction_coordinator.h"
#include "engine/facade/bounds_checkpoint.h"
#include "engine/facade/clock_jump.h"
#include "engine/facade/compactor.h"
#include "engine/facade/directory_claim.h"
#include "engine/facade/engine_environment.h"
#include "engine/facade/first_dirty_checkpoint.h"
#include "engine/facade/known_logs.h"
#include "engine/facade/open_logs.h"
#include "engine/facade/partition_directories.h"
#include "engine/facade/partition_log.h"
#include "engine/facade/shared_tables.h"
#include "engine/facade/store_claims.h"
#include "engine/facade/upkeep_agenda.h"
#include "engine/log/log.h"
#include "engine/log/log_environment.h"

namespace cauce {

class EngineCore : public std::enable_shared_from_this<EngineCore> {
 public:
  static absl::StatusOr<std::shared_ptr<EngineCore>> Open(
      std::string_view directory, const EngineOptions& options);
  ~EngineCore();

  // OK unless this is a child that was forked since the directory was opened.
  // Takes no lock: one that was held at the fork is never let go there. All
  // other functions are to be called only where it is.
  absl::Status CheckProcess() const;

  // As Engine's functions of the same names.
  absl::StatusOr<TopicDescription> CreateTopic(std::string_view name,
                                               const TopicSpec& spec);
  absl::StatusOr<std::vector<TopicDescription>> ListTopics();
  absl::StatusOr<TopicDescription> DescribeTopic(std::string_view name);
  absl::Status AlterTopic(std::string_view name,
                          const std::vector<ConfigChange>& changes,
                          std::optional<int32_t> partitions);
  absl::Status DeleteTopic(std::string_view name);

  // CreateTopic in parts, for who fills it before anybody sees it. The first
  // makes its directories, where there is room for `bytes`, and gives it a new
  // id; who stops behind that has the next opening remove them. The last makes
  // it live, with logs that are durable and begin where `bounds` says. Or all
  // is taken back, because of `why`, which is returned.
  absl::StatusOr<TopicEntry> BeginTopic(TopicEntry topic, int64_t bytes)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status FinishTopic(const TopicEntry& topic,
                           const std::map<PartitionId, LogBounds>& bounds)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status TakeBackTopic(const TopicEntry& topic, const absl::Status& why)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // For who fills it.
  FileSystem& files() const { return files_; }
  std::string PathOf(const TopicPartition& partition) const {
    return PathOf(partition.ToString());
  }
  absl::StatusOr<std::shared_ptr<PartitionLog>> OpenPartition(
      std::string_view topic, PartitionId partition);
  // The log of a handle, which is opened where it is dormant.
  absl::StatusOr<Log*> Awake(PartitionLog& log) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (Log* const open = log.awake()) return open;
    return Wake(log);
  }
  // The log in which a coordinator keeps its state: kConsumerOffsetsTopic or
  // kTransactionStateTopic. The same for all who ask. Where the topic is not
  // there it is made, or that is told with Reason::kUnknownTopic.
  enum class IfMissing { kMake, kTell };
  absl::StatusOr<std::shared_ptr<StateLog>> OpenStateLog(
      std::string_view topic, IfMissing if_missing)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The coordinator of transactions, made at its first use with what is stored
  // of them: what was going on goes on. Reason::kReadOnly, kClosed, kDiskFull.
  // Of ids whose partition cannot be read the event sink is told, and who asks
  // for them.
  absl::StatusOr<std::shared_ptr<TransactionCoordinator>> Transactions()
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // Partitions that a transaction holds back of which the coordinator knows
  // nothing, so that none ends it: told to the event sink too. Looks at all
  // there are, and may have to read their logs; of those that cannot be read
  // the event sink is told. Errors of reading what the coordinator keeps.
  absl::StatusOr<std::vector<HeldBack>> FindHangingTransactions()
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // The same of one partition, with the error of reading it.
  absl::StatusOr<std::optional<HeldBack>> FindHangingTransaction(
      const TopicPartition& partition)
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // Makes it where there is something that may go on, and has it go on. Returns
  // whether all that stands there could be read.
  absl::StatusOr<bool> GoOnWithTransactions()
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // Has transactions do what is due, where there is a coordinator of them: who
  // waits where there is no executor calls it. Returns how long until there is
  // more; infinite where nothing will be.
  absl::Duration RunDueTransactions()
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // How long until they have; infinite where nothing will be.
  absl::Duration UntilTransactionsAreDue()
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // Calls `changed` whenever topics have come, gone or grown: under the
  // engine's lock, so that all it does is to note that. Ends with the handle.
  // Where another process writes nobody tells of it.
  using TopicWatch = std::shared_ptr<const std::function<void()>>;
  TopicWatch WatchTopics(std::function<void()> changed)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The coordinator of groups, made when it is first asked for.
  std::shared_ptr<GroupCoordinator> Groups() ABSL_LOCKS_EXCLUDED(mutex_);
  // What is behind an engine, for the rooms above.
  static const std::shared_ptr<EngineCore>& Of(const Engine& engine) {
    return engine.core_;
  }
  // As Engine's, for rooms above that keep the core and not the engine.
  static absl::StatusOr<Partition> OpenHandle(
      const std::shared_ptr<EngineCore>& core, std::string_view topic,
      PartitionId partition) {
    Engine engine(core);
    auto handle = engine.OpenPartition(topic, partition);
    engine.core_.reset();  // this one is not to close it
    return handle;
  }
  // Reason::kClosed once it is. Takes no lock.
  absl::Status CheckNotClosed() const;
  const EngineOptions& options() const { return options_; }
  // Where the name that was given leads.
  const std::string& directory() const { return directory_; }
  // Whether all of it lives in memory, as ":memory:" does.
  bool is_volatile() const { return environment_->is_volatile; }
  StoreClaims& store_claims() { return store_claims_; }
  SharedTables& shared_tables() { return shared_tables_; }
  absl::Status RunUpkeep(absl::Duration time_max);
  // Of a log of this engine, as Partition's function of the same name.
  absl::StatusOr<CompactionTotals> Compact(const std::shared_ptr<Log>& log);
  CompactionStatus compaction() const { return compactor_.status(); }
  absl::Status Close();
  // The same where nobody asks: tells the event sink what failed.
  void CloseAndReport();

 private:
  // CreateTopic of any name.
  absl::StatusOr<TopicDescription> MakeTopic(std::string_view name,
                                             const TopicSpec& spec)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The parts of that: its directories, for which there is room; that it is
  // live; and taking it back where that has `failed`.
  absl::Status BeginMaking(const TopicEntry& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status FinishMaking(const TopicEntry& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeBack(const TopicEntry& topic, const absl::Status& failed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // That it is still being made, by who has begun it.
  absl::Status CheckBegun(const TopicEntry& topic) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellOfTopics() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // AlterTopic, but for the logs that are to be flushed after it.
  absl::Status ChangeTopic(std::string_view name,
                           const std::vector<ConfigChange>& changes,
                           std::optional<int32_t> partitions,
                           std::vector<std::shared_ptr<Log>>& to_flush)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether what is saved of the topics is what it was: nothing of a change
  // that failed has got its name.
  bool ListIsAsBefore() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // In front of `saved`, for who wanted a list of so many bytes.
  std::string WhyUnchanged(std::string_view name, size_t list_bytes,
                           const absl::Status& saved) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // DeleteTopic but for the callbacks of the logs that it has `ended`.
  absl::Status RemoveTopic(std::string_view name,
                           std::vector<std::shared_ptr<Log>>& ended)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // What is done for each partition.
  enum class Upkeep {
    kCheckpoint,  // sync, remember the bounds, let go of what is idle
    kRetention,   // and delete what is not kept; find what is to be compacted
    kCompaction,  // only that, in topics that are
  };
  // A walk over the partitions, in one go or in turns.
  struct UpkeepRound {
    Upkeep upkeep;
    // Those that are still to come, the next one last; none before it begins.
    std::optional<std::vector<TopicPartition>> left;
    absl::Status status;  // the first that failed
  };

  EngineCore(EngineEnvironment environment, const EngineOptions& options);

  absl::Status Start() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::optional<HeldBack>> LookAtStableEnd(
      const TopicPartition& partition) ABSL_LOCKS_EXCLUDED(mutex_);
  // Those that hang, as they are now.
  absl::StatusOr<std::vector<HeldBack>> HangingAmong(
      const std::vector<HeldBack>& held)
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  // Of who coordinates the ids of a partition: of the engine itself.
  absl::StatusOr<int32_t> TransactionEpoch(PartitionId partition)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void LoadTransactions(TransactionCoordinator& made, int32_t partitions)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Before the logs are: what goes on there uses them.
  void CloseCoordinators() ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  absl::Status StartReading() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status StartWriting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the last close has noted; nothing where there is none, or where it
  // cannot be read, which is told. An error for want of descriptors, or where
  // one that cannot be read does not go out of the way.
  absl::StatusOr<Manifest> ReadManifest()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where the checkpoint of recovery points is lost, or an older one.
  absl::Status TakeKnownEnds(const Manifest& known)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same of those of which it says nothing, by a close before the stop.
  void TakeLeftEnds(const Manifest& known)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same for the next opening, once all is closed and saved; empty where
  // nothing is known.
  std::string FormatManifest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // That nothing else than a file is in the place of a copy of the catalogue.
  absl::Status CheckCatalogIsFree() const;
  absl::Status SettleTopics() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What creations and deletions that did not end have left.
  struct Leftovers {
    // Directories under names that are no partition's, and without their files
    // as far as these can be removed.
    std::vector<std::string> emptied;
    // Topics of which a directory has kept its name, since it cannot be given
    // another, or is another topic's: they stay in the list as being deleted.
    std::set<std::string> stuck;
  };
  // Of topics that were being filled and are taken back.
  void TellOfUnfinished(const OpenPlan& plan) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Why `directory`, which is named as deleted, may be none that we deleted:
  // what a broker was deleting is left to it.
  std::optional<std::string> WhyNotOurs(const std::string& directory,
                                        const OpenPlan& plan) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether the list of topics says whose deletion it was.
  bool IsOfADeletedTopic(const std::string& directory,
                         const OpenPlan& plan) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same of one that nothing says the owner of: it stays with its files.
  std::optional<std::string> WhyNotEmptied(const std::string& directory) const;
  absl::StatusOr<Leftovers> EmptyLeftovers(const OpenPlan& plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::string> GiveNameAway(const TopicEntry& topic,
                                           PartitionId partition)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes them; those that cannot be are told of, and tried again by upkeep.
  void RemoveEmptied(const std::vector<std::string>& names)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellOfStuck(const TopicEntry& topic, const absl::Status& cause) const;
  // OK for what was not saved because the disk is full: the next checkpoint, or
  // the next change, saves it.
  absl::Status LaterIfFull(const absl::Status& saved)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes topics of others out of the catalogue that were made again since they
  // were taken in, so that `plan` has them as found just now; returns them.
  absl::StatusOr<std::vector<FoundTopic>> TakeOutMadeAgain(OpenPlan& plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Zero where no directory of topic `name` has one of its own.
  TopicId IdInDirectories(const std::string& name, const OpenPlan& plan) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes topics that others made into the catalogue.
  absl::Status Adopt(const OpenPlan& plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellOfAdopted(const OpenPlan& plan) const;
  absl::Status RecoverAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<Log>> OpenAndNote(const TopicEntry& topic,
                                                   PartitionId partition)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What is found to be missing as a log is opened, durably: it may leave no
  // trace but what was noted.
  void SaveMissing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ScheduleUpkeep() ABSL_LOCKS_EXCLUDED(mutex_);
  // Forgets committed offsets that are too old, where it is time to look for
  // such: of all groups, whether anybody has asked for them or not.
  void ExpireOffsets() ABSL_LOCKS_EXCLUDED(mutex_);
  void ScheduleEvery(absl::Duration interval, Upkeep upkeep);
  // A part of a round that the executor runs: what else is scheduled there, as
  // the syncs that appends wait for, comes in between.
  void TakeTurn(UpkeepRound round, absl::Duration interval);

  // Says of topics whose making or deletion failed halfway that they go. Their
  // logs were let go as they were: as long as the disk may have such a topic as
  // live, the directory must not be marked as cleanly closed.
  absl::Status SaveHalfDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Saves `topics`, what catalog_ is or is to be: nothing is unsaved then.
  absl::Status SaveTopics(TopicCatalog& topics)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Saves the list of topics where the opening found no room for it. Before
  // anybody can be told that bounds of a topic that others made again are
  // durable: the next opening forgets them with those of the old one as long as
  // the list has its id.
  absl::Status SaveUnsavedTopics() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Log*> Wake(PartitionLog& log) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckWritable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Another process may have changed what a read-only engine knows.
  absl::Status RefreshTopics() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of the list of topics, to who only reads; once.
  void TellOfDamagedCopy() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  FileStamps LookAtTopics() const;
  // Whether a partition that is there need not be looked for by a refresh: who
  // opens many of them reads and lists everything once.
  bool IsKnown(std::string_view name, PartitionId partition) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends the logs of a topic that was deleted, also where one of its name was
  // made since.
  void AbandonIfGone(const TopicEntry& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of one that has none what its directories have and no topic of the list;
  // else a new one: brokers before 2.8 knew of no ids.
  absl::StatusOr<TopicId> IdOf(const TopicEntry& topic) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<TopicEntry> FindTopic(std::string_view name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // On the executor, until all could be read: what is open there holds readers
  // of what is committed back, though nobody may come to end it.
  void KeepTransactionsGoing(absl::Duration delay);
  // Tells the event sink what failed; of a full disk once, until it is over.
  void TellOfUpkeep(const UpkeepRound& round) ABSL_LOCKS_EXCLUDED(mutex_);
  // Finds whether the log is to be compacted, and when else to look again.
  absl::StatusOr<absl::Time> LookAtCompaction(Log& log, absl::Time now_at_most);
  // Runs passes of compaction until monotonic time `until`, by a piece at
  // least.
  Compactor::Worked CompactSome(absl::Duration until)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::shared_ptr<Log>> OpenToCompact(
      const TopicPartition& partition, absl::Time* now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void ScheduleCompaction(absl::Duration delay) ABSL_LOCKS_EXCLUDED(mutex_);
  // Goes on with the round, by one partition at least.
  void GoOn(UpkeepRound& round, absl::Duration time_max);
  // Once a round, however many turns it took: each of these looks at all that
  // is open, and writes of all partitions. A stop before that only costs time.
  void EndRound(UpkeepRound& round);
  // Of one partition; of one that is not open only what is due.
  absl::Status KeepUp(const TopicPartition& partition, Upkeep upkeep,
                      absl::Time now_at_most);
  // What the time of day is at most, for what is called too old. Tells when it
  // begins to be in doubt, and when that is over.
  absl::Time LookAtClock() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The log, where there is something to do; null where there is not.
  absl::StatusOr<std::shared_ptr<Log>> LogToKeepUp(
      const TopicPartition& partition, Upkeep upkeep, absl::Time now_at_most)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Notes when a log that has been looked at is due again, and lets go of it.
  absl::Status PutAway(const TopicPartition& partition,
                       std::optional<UpkeepAgenda::Look> look, absl::Time next);
  // Where the next upkeep begins.
  std::vector<TopicPartition> PartitionsToKeepUp(Upkeep upkeep)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<TopicPartition> AllPartitions() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Report(Severity severity, std::string_view line) const;
  std::string PathOf(std::string_view name) const;

  const std::string directory_;
  const EngineOptions options_;
  const std::shared_ptr<const LogEnvironment> environment_;
  const std::shared_ptr<BoundsCheckpoint> bounds_;
  const std::shared_ptr<FirstDirtyCheckpoint> first_dirty_;
  const std::shared_ptr<KnownLogs> known_;
  FileSystem& files_;
  const int forks_;           // when the directory was opened
  const ClockReading began_;  // when this run did

  // Works under a lock of its own, which is taken under mutex_.
  Compactor compactor_;
  StoreClaims store_claims_;
  SharedTables shared_tables_;

  // Held while a coordinator is made. Comes before mutex_.
  Mutex coordinators_mutex_;
  bool coordinators_closed_ ABSL_GUARDED_BY(coordinators_mutex_) = false;
  std::unique_ptr<MarkerWriter> markers_ ABSL_GUARDED_BY(coordinators_mutex_);
  std::shared_ptr<TransactionCoordinator> transactions_
      ABSL_GUARDED_BY(coordinators_mutex_);

  mutable Mutex mutex_;
  std::optional<DirectoryClaim> claim_ ABSL_GUARDED_BY(mutex_);
  TopicCatalog catalog_ ABSL_GUARDED_BY(mutex_);
  // The catalogue's files before they were read last. For reading only.
  FileStamps topics_seen_ ABSL_GUARDED_BY(mutex_);
  // What was told of them last, so that it is told once. For reading only.
  std::string damage_told_ ABSL_GUARDED_BY(mutex_);
  PartitionDirectories directories_ ABSL_GUARDED_BY(mutex_);
  // Directories of deleted topics that could not be removed.
  std::vector<std::string> leftovers_ ABSL_GUARDED_BY(mutex_);
  OpenLogs logs_ ABSL_GUARDED_BY(mutex_);
  UpkeepAgenda agenda_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> closed_ = false;  // changes under mutex_
  bool upkeep_told_full_ ABSL_GUARDED_BY(mutex_) = false;
  bool topics_unsaved_ ABSL_GUARDED_BY(mutex_) = false;
  // Topics that the list on the disk has with the id of an older one: nobody
  // gets a handle of them before it is saved.
  std::set<std::string> made_again_unsaved_ ABSL_GUARDED_BY(mutex_);
  bool compaction_is_scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  bool clock_jumped_ ABSL_GUARDED_BY(mutex_) = false;  // and that was told
  // Whether the topic was found, and nobody has given its configs: nothing that
  // is kept in it expires.
  bool IsImported(std::string_view topic) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null where there is none.
  std::shared_ptr<TransactionCoordinator> TransactionsIfAny()
      ABSL_LOCKS_EXCLUDED(coordinators_mutex_, mutex_);
  std::shared_ptr<GroupCoordinator> GroupsIfAny() ABSL_LOCKS_EXCLUDED(mutex_);

  // Null until it is asked for.
  std::shared_ptr<GroupCoordinator> groups_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<const std::function<void()>>> topic_watches_
      ABSL_GUARDED_BY(mutex_);
  // Of coordinators, by topic.
  std::map<std::string, std::shared_ptr<StateLog>, std::less<>> state_logs_
      ABSL_GUARDED_BY(mutex_);
  // Behind which partition the next upkeep goes on; none before the first.
  std::optional<TopicPartition> upkeep_done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
