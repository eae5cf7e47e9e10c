// The consumer of a log in this process.
//
// As a member of a group a Poll first hears what that has to say, and does it
// (local_consumer_group.cc). It asks its partitions in turn, beginning behind
// the one that gave records or an error last, so that none starves; of each it
// takes one batch at a time, so that nothing has to be copied. For one thread
// at a time, as Consumer says.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/consumer.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "engine/client/alarm.h"
#include "engine/client/assigned_partition.h"
#include "engine/client/client_core.h"
#include "engine/client/group_membership.h"
#include "engine/client/topic_pattern.h"
#include "engine/client/wake_signal.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/offset_events.h"
#include "engine/facade/engine_core.h"

namespace cauce {

class LocalConsumer final : public Consumer {
 public:
  // The options were validated.
  static absl::StatusOr<std::unique_ptr<LocalConsumer>> Make(
      std::shared_ptr<ClientCore> client, const ConsumerOptions& options);

  absl::Status Assign(const std::vector<TopicPartition>& partitions) override;
  std::vector<TopicPartition> assignment() const override;
  using Consumer::Subscribe;
  absl::Status Subscribe(const std::vector<std::string>& topics,
                         std::shared_ptr<RebalanceListener> listener) override;
  using Consumer::SubscribePattern;
  absl::Status SubscribePattern(
      std::string_view pattern,
      std::shared_ptr<RebalanceListener> listener) override;
  absl::Status Unsubscribe() override;
  absl::Status Commit() override;
  absl::Status Commit(const OffsetsToCommit& offsets) override;
  void CommitAsync(CommitCallback done) override;
  void CommitAsync(const OffsetsToCommit& offsets,
                   CommitCallback done) override;
  absl::StatusOr<OffsetsToCommit> Committed(
      const std::vector<TopicPartition>& partitions) override;
  ConsumerGroupMetadata group_metadata() const override;
  absl::StatusOr<std::span<const ConsumerRecord>> Poll(
      absl::Duration timeout) override;
  absl::Status Seek(const TopicPartition& partition, Offset offset) override;
  absl::Status SeekToStart(const TopicPartition& partition) override;
  absl::Status SeekToEnd(const TopicPartition& partition) override;
  absl::Status SeekToTime(const TopicPartition& partition,
                          Timestamp time) override;
  absl::StatusOr<Offset> SkipDamage(const TopicPartition& partition) override;
  absl::StatusOr<Offset> Position(const TopicPartition& partition) override;
  absl::StatusOr<int64_t> Lag(const TopicPartition& partition) override;
  absl::Status Pause(const TopicPartition& partition) override;
  absl::Status Resume(const TopicPartition& partition) override;
  void Wakeup() override;
  int event_descriptor() const override { return signal_->descriptor(); }
  absl::Duration UntilDue() const override;
  absl::Status Close() override;

 private:
  LocalConsumer(std::shared_ptr<ClientCore> client,
                const ConsumerOptions& options,
                std::unique_ptr<EventDescriptor> event);

  // Whether this process writes the log, and so tells of what moves.
  bool IsTold() const {
    return client_->options.access == Access::kReadWrite;
  }
  // Whether nobody else makes visible what is written.
  bool MakesVisible() const {
    return IsTold() && client_->options.executor == nullptr;
  }
  absl::Status CheckOpen() const;
  // The same, and that no listener is being called, under whom it would change.
  absl::Status CheckMayChange() const;
  absl::Status CheckNotWokenUp();
  absl::StatusOr<AssignedPartition*> Find(const TopicPartition& name);
  // Fills records_ with what is there, or comes within `timeout`.
  absl::Status GatherWithin(absl::Duration timeout);
  // What transactions that nobody ends have to do, where nothing runs in the
  // background: they hold back those who read what is committed. Returns how
  // long until there is more.
  absl::Duration RunDueTransactions();
  using Partitions = std::vector<TopicPartition>;
  using Told = void (RebalanceListener::*)(const Partitions&);
  // Calls the listener, where there is one and something to tell.
  void Tell(Told told, const Partitions& partitions);
  std::unique_ptr<AssignedPartition> MakeAssigned(
      const TopicPartition& name) const;
  // What Assign does, without asking whether it may.
  absl::Status Replace(const Partitions& partitions);

  // local_consumer_group.cc
  absl::Status CheckHasGroup() const;
  // Whether it may commit: what it has read may be another's by now.
  absl::Status CheckIsMember() const;
  absl::Status BeginToSubscribe(std::shared_ptr<RebalanceListener> listener);
  // What the group has to say, and what is due: before records are returned.
  absl::Status KeepUp();
  absl::Status FindMatchingTopics();
  absl::Status Prepare();
  absl::Status TakeShare(const Partitions& share);
  void LoseAll();
  // What it has still of `partitions`, or of all.
  void GiveUp(const Partitions& partitions);
  absl::Duration UntilGroupIsDue() const;
  absl::Status LeaveGroup();

  // local_consumer_offsets.cc
  // What waits for where the group is.
  Partitions WaitingForCommitted() const;
  // Asks for that, unless that was only just now, and begins once it is told: a
  // Poll does not wait for the coordinator.
  absl::Status BeginWhereCommitted();
  // Waits for it.
  absl::Status BeginNow();
  absl::Status BeginAt(const std::vector<FetchedOffset>& fetched);
  void AskWhereCommitted(Partitions partitions,
                         std::function<void(OffsetFetchReply)> done);
  absl::StatusOr<std::vector<FetchedOffset>> Fetch(Partitions partitions);
  // The same where another process writes, which the coordinator of this one
  // would not see.
  absl::StatusOr<OffsetFetchReply> FetchStored(const OffsetFetch& fetch) const;
  // As Fetch, once no transaction decides any of them yet, if that is soon.
  absl::StatusOr<std::vector<FetchedOffset>> FetchStable(
      const Partitions& partitions);

  // local_consumer_commits.cc
  // Who only reads the log commits nothing.
  bool CommitsByItself() const {
    return coordinator_ != nullptr && options_.auto_commit && IsTold();
  }
  // What it has committed last, or is about to, where that is what Poll has
  // returned: with what was noted there. Null else.
  const OffsetAndMetadata* FindKnown(const AssignedPartition& partition) const;
  // Whether Poll has returned another place than was committed last.
  bool HasUncommitted(const AssignedPartition& partition) const;
  // Whether what stands is committed once more, now and then and at the end,
  // lest it grow old: of who is no member nobody else keeps it from that.
  bool RepeatsCommits() const { return membership_ == nullptr && IsTold(); }
  // Of what Poll has returned: only where it is another than was committed
  // last, or all, where that stands once more as it was committed.
  enum class Delivers { kChanged, kAll };
  OffsetsToCommit Delivered(Delivers which) const;
  // Each with the topic that it is of, without those of topics that are gone:
  // they would go over what others commit in the one that has the name now.
  OffsetsToCommit OfTopicsThatAre(OffsetsToCommit offsets) const;
  OffsetCommit ToCommit(const OffsetsToCommit& offsets) const;
  absl::Status CommitDelivered(Delivers which);
  // Of what was checked.
  absl::Status CommitAndWait(const OffsetsToCommit& offsets);
  // How the last commit of these has ended.
  void NoteCommit(const OffsetsToCommit& offsets, const absl::Status& status);
  // CommitSoon, and notes how that ended.
  void CommitAndNote(const OffsetsToCommit& offsets, const absl::Status& may,
                     CommitCallback done);
  // Unless it `may` not, which `done` is told then.
  void CommitSoon(const OffsetsToCommit& offsets, const absl::Status& may,
                  CommitCallback done);
  void CommitNowAndThen();
  // By itself, and without waiting.
  void CommitBehind(Delivers which);
  // The commit of this number has ended.
  void TakeCommitted(uint64_t number, const OffsetsToCommit& offsets,
                     const absl::Status& status);
  // Of what it committed by itself, of which no call answers: that it fails,
  // and that it does no more.
  void TellOfOwnCommit(const absl::Status& status);
  // Of the commits that have ended.
  void RunCallbacks();
  void Call(const CommitCallback& done, const absl::Status& status);
  // Until all commits that it has asked for have ended, for call_timeout.
  void AwaitCommits();
  // Tells of what is left of them: there is no later call.
  void DropCommits();

  // Fills records_ with what is there now.
  absl::Status Gather();
  absl::Status TakeFrom(AssignedPartition& partition, size_t most);
  // Waits until there may be more.
  absl::Status Wait(absl::Duration timeout);
  absl::Status WaitForFiles(absl::Duration timeout);

  const std::shared_ptr<ClientCore> client_;
  const ConsumerOptions options_;
  const std::shared_ptr<WakeSignal> signal_;
  // Null without a descriptor, or somebody who could tell of the time.
  std::shared_ptr<Alarm> alarm_;
  std::atomic<bool> woken_up_ = false;
  std::map<TopicPartition, std::unique_ptr<AssignedPartition>> assigned_;
  std::vector<AssignedPartition*> in_turn_;
  size_t turn_ = 0;  // whose it is
  bool has_missing_ = false;  // as the last Gather found
  std::vector<ConsumerRecord> records_;
  std::unique_ptr<FileWatch> watch_;  // where another process writes
  bool closed_ = false;
  // Whether topics have come, gone or grown since it looked last, where this
  // process writes them.
  const std::shared_ptr<std::atomic<bool>> topics_changed_ =
      std::make_shared<std::atomic<bool>>(false);
  EngineCore::TopicWatch topic_watch_;

  // Null where it has no group.
  std::shared_ptr<GroupCoordinator> coordinator_;
  // Null unless it subscribes.
  std::unique_ptr<GroupMembership> membership_;
  std::shared_ptr<RebalanceListener> listener_;
  bool is_calling_ = false;  // its listener, or a commit's callback
  // As whom it read until it left its group: absent where it reads again. What
  // it has read then must not go over what others commit.
  std::optional<ConsumerGroupMetadata> left_;
  std::optional<TopicPattern> pattern_;
  absl::Duration match_at_ = absl::ZeroDuration();
  absl::Duration commit_at_ = absl::ZeroDuration();
  absl::Duration fetch_at_ = absl::ZeroDuration();
  // Where the group is, as it was asked for; null where it is not.
  struct Fetching {
    explicit Fetching(absl::Duration at) : until(at) {}
    const absl::Duration until;
    Mutex mutex;
    std::optional<OffsetFetchReply> reply ABSL_GUARDED_BY(mutex);
    bool is_late ABSL_GUARDED_BY(mutex) = false;  // it was looked for in vain
  };
  std::shared_ptr<Fetching> fetching_;
  // When it commits by itself also what has not changed.
  absl::Duration repeat_at_ = absl::ZeroDuration();
  // These three are of what is assigned.
  OffsetsToCommit committed_;
  // Where a commit has failed since: it may be there all the same.
  std::set<TopicPartition> unsure_;
  // Without waiting, and not told of yet: by the last commit of each.
  struct BeingCommitted {
    OffsetAndMetadata offset;
    uint64_t number = 0;
  };
  std::map<TopicPartition, BeingCommitted> being_committed_;
  uint64_t last_commit_ = 0;  // the number of that
  bool own_commits_fail_ = false;
  bool assigns_ = false;  // by hand
  // Commits that nobody waits for, in the order of their calls: one that ends
  // before an earlier one is told behind it. At most kCommitsMax.
  struct Asked {
    CommitCallback done;
    std::optional<absl::Status> status;  // once it has ended
  };
  struct Ended {
    Mutex mutex;
    CondVar changed;
    std::deque<Asked> commits ABSL_GUARDED_BY(mutex);
    uint64_t told ABSL_GUARDED_BY(mutex) = 0;  // in front of these
    std::shared_ptr<WakeSignal> signal;
  };
  const std::shared_ptr<Ended> ended_ = std::make_shared<Ended>();
};

}  // namespace cauce
