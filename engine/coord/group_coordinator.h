// The coordinator of consumer groups: who belongs to each, and what it has
// committed.
//
// Its groups are machines, and its offsets tables, of which this is the shell:
// it has the lock, the time and who waits, and carries out what machines say in
// their order: records become durable in the log of their partition, and what
// depends on them is answered after that. A partition is read when something
// of it is asked for first; where it cannot be read whole, whoever asks is told
// and nothing of it is believed, until it is tried again after a while.
//
// Requests are values, and are answered by a callback: once, on any thread,
// perhaps before the call returns, and under no lock of this. Nothing here
// knows whether they come from this process. Needs no executor: then Tick is to
// be called. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/group_state.h"
#include "cauce/types.h"
#include "engine/base/mutex.h"
#include "engine/coord/group.h"
#include "engine/coord/group_events.h"
#include "engine/coord/group_options.h"
#include "engine/coord/offset_events.h"
#include "engine/coord/offset_table.h"
#include "engine/coord/state_log.h"
#include "engine/coord/unread_partitions.h"
#include "engine/coord/waiter.h"

namespace cauce {

struct GroupListing {
  std::string id;
  GroupState state = GroupState::kEmpty;
  std::string protocol_type;
};

// By id, without those of partitions that could not be read, and why.
struct GroupListings {
  std::vector<GroupListing> groups;
  std::vector<absl::Status> unread;
};

struct DescribedMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::string metadata;
  std::string assignment;
};

struct GroupDescription {
  GroupListing listing;
  int32_t generation = 0;
  std::string protocol;
  std::vector<DescribedMember> members;
};

class GroupCoordinator
    : public std::enable_shared_from_this<GroupCoordinator> {
 public:
  struct Options {
    GroupOptions group;
    absl::Duration offsets_retention = absl::Hours(7 * 24);
    absl::Duration offsets_retention_check_interval = absl::Minutes(10);
    size_t offset_metadata_bytes_max = 4096;
  };
  enum class IfMissing { kMake, kTell };
  struct Seams {
    // The log of the groups; Reason::kUnknownTopic where it is not there and
    // is not to be made.
    std::function<absl::StatusOr<std::shared_ptr<StateLog>>(IfMissing)> log;
    Clock* clock = nullptr;
    Executor* executor = nullptr;  // may be null
  };
  template <typename Reply>
  using Done = std::function<void(Reply)>;

  GroupCoordinator(const Options& options, Seams seams);

  // As Group's, whose waiter they are given here. Reason::kInvalidGroupId.
  // These and those below: kCoordinatorNotAvailable while too many wait for an
  // answer.
  void Join(const std::string& group, JoinRequest join, Done<JoinReply> done);
  void Sync(const std::string& group, SyncRequest sync, Done<SyncReply> done);
  void Heartbeat(const std::string& group, HeartbeatRequest heartbeat,
                 Done<HeartbeatReply> done);
  void Leave(const std::string& group, LeaveRequest leave,
             Done<LeaveReply> done);

  // Reason::kInvalidGroupId, those of Group::CheckCommit; of each offset
  // kInvalidTopicName, kOffsetMetadataTooLarge.
  void Commit(OffsetCommit commit, Done<OffsetCommitReply> done);
  // Waits for commits that came before it. Of a group that is not there nothing
  // is committed.
  void Fetch(OffsetFetch fetch, Done<OffsetFetchReply> done);
  // Forgets what was committed of these. Reason::kGroupIdNotFound; of each
  // kInvalidTopicName, kGroupSubscribedToTopic.
  void DeleteOffsets(const std::string& group,
                     std::vector<TopicPartition> partitions,
                     Done<OffsetCommitReply> done);

  // Ends the transaction of a producer in a partition of the log, for the
  // coordinator of transactions, who alone knows how: the marker, and what it
  // decides of offsets.
  void EndTransaction(PartitionId partition, const TransactionEnd& end,
                      Done<absl::Status> done);
  // Which partition that is for a group. Makes the log.
  absl::StatusOr<PartitionId> PartitionOf(const std::string& group);

  // Reason::kGroupNotEmpty, kGroupIdNotFound.
  void Delete(const std::string& group, Done<absl::Status> done);
  absl::StatusOr<GroupListings> List();
  // Reason::kGroupIdNotFound.
  absl::StatusOr<GroupDescription> Describe(const std::string& group);

  // Calls `changed` whenever the group has gone from one state to another, or a
  // static member has come in the place of one that may still run: briefly, for
  // who has to look again. Ends with the handle.
  using Watch = std::shared_ptr<std::function<void()>>;
  Watch WatchGroup(const std::string& group, std::function<void()> changed);

  // Does what is due by now. Where there is no executor whoever waits for
  // something calls it.
  void Tick();
  // How long until it is to be called again; infinite where it was closed.
  absl::Duration UntilDue();
  // Forgets offsets, and groups, that are too old, whether anybody has asked
  // for them or not: partitions that were not read yet are. Nothing where the
  // interval between two looks is infinite.
  void ExpireOffsets();
  // The same where the last look is an interval ago, or was never: for who
  // comes by now and then. Tick does so first after an interval.
  void ExpireOffsetsWhenDue();

  // Answers all who wait with `why`, and whoever comes later.
  void Close(const absl::Status& why);

 private:
  struct Entry {
    Entry(std::string id, const GroupOptions& options, PartitionId in)
        : group(std::move(id), options), partition(in) {}
    Group group;
    const PartitionId partition;
    std::optional<absl::Time> wake_at;
    // What is being written of it, apart from what the machine knows of.
    int64_t writing = 0;
    bool deleting = false;
    std::vector<std::weak_ptr<std::function<void()>>> watches;
  };
  // One partition of the log.
  struct Shard {
    OffsetTable offsets;
    // Writes are numbered as they begin, and take effect in that order, in
    // whatever order the log tells of them.
    uint64_t begun = 0;
    uint64_t ended = 0;
    std::map<uint64_t, std::function<void()>> finished;
    // What is done once so many have ended.
    std::multimap<uint64_t, std::function<void()>> later;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // For what is due in this process: the clock on the wall may be set.
  absl::Time Now() const;
  // The same for an event of a group, which is told the time of day as well.
  absl::Time NowOf(Entry& entry) const;

  // Reading: group_coordinator_load.cc
  absl::StatusOr<PartitionId> Enter(const std::string& group,
                                    IfMissing if_missing)
      ABSL_LOCKS_EXCLUDED(mutex_, load_mutex_);
  absl::Status OpenLog(IfMissing if_missing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(load_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Load(PartitionId partition)
      ABSL_LOCKS_EXCLUDED(mutex_, load_mutex_);
  // Why each partition could not be read that could not; an error of the log
  // itself is one of them.
  std::vector<absl::Status> LoadAll() ABSL_LOCKS_EXCLUDED(mutex_, load_mutex_);

  EntryPtr FindOrMake(const std::string& group, PartitionId partition)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null where it is not there.
  EntryPtr Find(const std::string& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckUsable(const Entry& entry) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether one more request may wait there, for what is written or for who
  // carries out what is to be done. What it refuses is answered at once.
  absl::Status CheckRoom(const std::string& group, PartitionId partition)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // A request to a group's machine.
  template <typename Reply, typename Ask>
  void AskGroup(const std::string& group, Done<Reply> done, Ask ask)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void CarryOut(const EntryPtr& entry, GroupState before, GroupOutput output)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetWake(Entry& entry, std::optional<absl::Time> at)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellWatchers(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Has the executor come back when something is due.
  void ScheduleNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Writes: `finish` comes under the lock.
  using Finish = std::function<void(const absl::StatusOr<Offset>& base)>;
  void Write(PartitionId partition, StateBatch batch, Finish finish)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finished(PartitionId partition, uint64_t number,
                std::function<void()> finish) ABSL_LOCKS_EXCLUDED(mutex_);

  void TakeEnd(PartitionId partition, const TransactionEnd& end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Tombstones of `keys`, and of the group itself where `with_group`; `finish`
  // comes behind the last.
  enum class Removes { kOffsets, kGroup };
  void Remove(const EntryPtr& entry, std::vector<OffsetCommitKey> keys,
              Removes what, std::function<void(absl::Status)> finish)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireOf(const EntryPtr& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  OffsetFetchReply Look(const OffsetFetch& fetch, PartitionId partition)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Not where it was only asked for.
  bool IsThere(const Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  GroupListing ListingOf(const Entry& entry) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // What is done under no lock, in this order, by one thread at a time.
  using Effect = absl::AnyInvocable<void()>;
  void Later(Effect effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    effects_.push_back(std::move(effect));
  }
  void RunEffects() ABSL_LOCKS_EXCLUDED(mutex_);
  void RunEffectsSoon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Seams seams_;
  const absl::Time began_;            // by the clock on the wall,
  const absl::Duration began_after_;  // and by the one that never goes back

  // Of who reads a partition: comes before mutex_, and before all of the log's.
  Mutex load_mutex_;
  Mutex mutex_;
  std::shared_ptr<StateLog> log_ ABSL_GUARDED_BY(mutex_);
  absl::Status closed_ ABSL_GUARDED_BY(mutex_);
  std::map<PartitionId, Shard> shards_ ABSL_GUARDED_BY(mutex_);
  UnreadPartitions unread_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, EntryPtr> groups_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<absl::Time, std::string>> wakes_ ABSL_GUARDED_BY(mutex_);
  absl::Time next_expiry_ ABSL_GUARDED_BY(mutex_);
  bool has_expired_ ABSL_GUARDED_BY(mutex_) = false;  // looked for it, once
  // When the executor comes back.
  absl::Time scheduled_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  Waiter last_waiter_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Waiter, std::function<void(const GroupReply&)>> waiters_
      ABSL_GUARDED_BY(mutex_);
  std::deque<Effect> effects_ ABSL_GUARDED_BY(mutex_);
  bool is_running_effects_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace cauce
