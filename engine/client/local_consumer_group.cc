// What a LocalConsumer does as a member of a group: its subscription, what it
// is given and gives up, and what it commits.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/doubling_wait.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/client/awaited_answer.h"
#include "engine/client/committable_offset.h"
#include "engine/client/local_consumer.h"
#include "engine/coord/offset_fetch.h"
#include "engine/coord/offset_table.h"
#include "engine/coord/stored_state.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Until what cannot be told yet is asked again.
constexpr absl::Duration kFetchWait = absl::Milliseconds(100);
// The same where another process writes: each look reads all it has stored.
constexpr absl::Duration kStoredFetchWait = absl::Seconds(1);
// As the former, at first: the marker of a transaction may be on its way.
constexpr absl::Duration kStableWaitFirst = absl::Milliseconds(1);

// How many commits may wait for their ends to be told: as many as may wait for
// one in a partition of the coordinator.
constexpr size_t kCommitsMax = 10'000;

constexpr std::string_view kToFetch = "to learn what is committed";

// How often who assigns by hand commits by itself what has not changed. Nobody
// tells a group without members who reads, so that its offsets grow old; but a
// commit is a sync, of which an engine that idles has few.
constexpr absl::Duration kRepeatMax = absl::Hours(1);
constexpr int kRepeatsPerRetention = 4;

// For calls that wait.
Asked OfGroup(const ConsumerOptions& options, std::string_view what) {
  return {fmt::format("group {}", options.group), what, options.call_timeout};
}

absl::Status FirstError(const OffsetCommitReply& reply) {
  absl::Status first = reply.status;
  for (const absl::Status& each : reply.offsets) first.Update(each);
  return first;
}

}  // namespace

absl::Status LocalConsumer::CheckHasGroup() const {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (coordinator_ != nullptr) return absl::OkStatus();
  return MakeError(Reason::kInvalidGroupId,
                   "the consumer has no group; give ConsumerOptions::group one "
                   "(group.id)");
}

absl::Status LocalConsumer::CheckIsMember() const {
  CAUCE_RETURN_IF_ERROR(CheckHasGroup());
  // The group itself takes what names no generation as of one who assigns by
  // hand, where it has no members.
  const bool is_out =
      membership_ != nullptr && membership_->commit_request().generation < 0;
  if (!is_out) return absl::OkStatus();
  return MakeError(
      Reason::kUnknownMemberId,
      fmt::format("group {}: the consumer subscribes and is no member of it "
                  "now, so that others may be further than it: Poll, which "
                  "joins, and commit what that returns",
                  options_.group));
}

absl::Status LocalConsumer::BeginToSubscribe(
    std::shared_ptr<RebalanceListener> listener) {
  CAUCE_RETURN_IF_ERROR(CheckHasGroup());
  CAUCE_RETURN_IF_ERROR(CheckMayChange());
  if (assigns_) {
    return MakeError(Reason::kInvalidOption,
                     "the consumer has partitions that were assigned by hand; "
                     "Unsubscribe first");
  }
  signal_->Raise();  // it is to join, or to join with other topics
  listener_ = std::move(listener);
  pattern_.reset();
  if (membership_ != nullptr) return absl::OkStatus();
  GroupMembership::Seams seams;
  seams.engine = &*client_->engine;
  seams.coordinator = coordinator_;
  seams.clock = client_->options.clock;
  seams.random = client_->options.random;
  seams.signal = signal_;
  left_.reset();
  membership_ = std::make_unique<GroupMembership>(options_, std::move(seams));
  commit_at_ =
      client_->options.clock->Monotonic() + options_.auto_commit_interval;
  return absl::OkStatus();
}

absl::Status LocalConsumer::Subscribe(
    const std::vector<std::string>& topics,
    std::shared_ptr<RebalanceListener> listener) {
  for (const std::string& topic : topics)
    CAUCE_RETURN_IF_ERROR(ValidateTopicName(topic));
  if (topics.empty()) return Unsubscribe();
  CAUCE_RETURN_IF_ERROR(BeginToSubscribe(std::move(listener)));
  membership_->SetTopics(topics);
  return absl::OkStatus();
}

absl::Status LocalConsumer::SubscribePattern(
    std::string_view pattern, std::shared_ptr<RebalanceListener> listener) {
  CAUCE_ASSIGN_OR_RETURN(TopicPattern parsed, TopicPattern::Parse(pattern));
  CAUCE_RETURN_IF_ERROR(BeginToSubscribe(std::move(listener)));
  pattern_ = std::move(parsed);
  match_at_ = absl::ZeroDuration();
  return FindMatchingTopics();
}

absl::Status LocalConsumer::Unsubscribe() {
  CAUCE_RETURN_IF_ERROR(CheckMayChange());
  const absl::Status left = LeaveGroup();
  assigns_ = false;
  CAUCE_RETURN_IF_ERROR(Replace({}));
  return left;
}

void LocalConsumer::Tell(Told told, const Partitions& partitions) {
  if (listener_ == nullptr || partitions.empty()) return;
  const bool was_called = std::exchange(is_calling_, true);
  ((*listener_).*told)(partitions);
  is_calling_ = was_called;
}

absl::Status LocalConsumer::LeaveGroup() {
  absl::Status committed;
  const bool commits = coordinator_ != nullptr && options_.auto_commit;
  if (commits) {
    // Of who was no member nobody else keeps it from growing old.
    const bool repeats = membership_ == nullptr && IsTold();
    committed =
        CommitDelivered(repeats ? Delivers::kAll : Delivers::kChanged);
  }
  // While it still is who asked for them.
  if (ReasonOf(committed) != Reason::kTimedOut) AwaitCommits();
  RunCallbacks();
  if (membership_ != nullptr) {
    Tell(&RebalanceListener::Revoked, assignment());
    left_ = membership_->metadata();
    membership_->Leave();
    membership_.reset();
  }
  listener_.reset();
  pattern_.reset();
  committed_.clear();
  being_committed_.clear();
  return committed;
}

absl::Duration LocalConsumer::UntilGroupIsDue() const {
  absl::Duration due = absl::InfiniteDuration();
  if (coordinator_ == nullptr) return due;
  if (client_->options.executor == nullptr) due = coordinator_->UntilDue();
  if (membership_ != nullptr) due = std::min(due, membership_->UntilDue());
  const absl::Duration now = client_->options.clock->Monotonic();
  // What stands is committed once more, lest it grow old.
  const bool repeats = options_.auto_commit && membership_ == nullptr &&
                       IsTold() && !assigned_.empty();
  if (repeats) due = std::min(due, std::max(repeat_at_, commit_at_) - now);
  const absl::Duration fetch_due = fetching_ ? fetching_->until : fetch_at_;
  for (const auto& [name, each] : assigned_) {
    if (each->waits_for_committed()) due = std::min(due, fetch_due - now);
    // Nobody wakes up to find that there is nothing to commit.
    if (options_.auto_commit && HasUncommitted(*each))
      due = std::min(due, commit_at_ - now);
  }
  return std::max(due, absl::ZeroDuration());
}

absl::Status LocalConsumer::KeepUp() {
  if (client_->options.executor == nullptr) coordinator_->Tick();
  RunCallbacks();
  if (topics_changed_->exchange(false)) {
    match_at_ = absl::ZeroDuration();
    if (membership_ != nullptr) membership_->LookAgain();
  }
  while (membership_ != nullptr) {
    if (pattern_) CAUCE_RETURN_IF_ERROR(FindMatchingTopics());
    CAUCE_ASSIGN_OR_RETURN(const auto step, membership_->Next());
    if (step == GroupMembership::Step::kNothing) break;
    switch (step) {
      case GroupMembership::Step::kPrepare:
        CAUCE_RETURN_IF_ERROR(Prepare());
        break;
      case GroupMembership::Step::kAssigned:
        CAUCE_RETURN_IF_ERROR(TakeShare(membership_->assigned()));
        break;
      case GroupMembership::Step::kLost:
        LoseAll();
        break;
      case GroupMembership::Step::kNothing:
        break;
    }
  }
  if (options_.auto_commit) CommitNowAndThen();
  return BeginWhereCommitted();
}

absl::Status LocalConsumer::FindMatchingTopics() {
  const absl::Duration now = client_->options.clock->Monotonic();
  if (now < match_at_) return absl::OkStatus();
  match_at_ = now + options_.metadata_age_max;
  CAUCE_ASSIGN_OR_RETURN(const auto topics, client_->engine->ListTopics());
  std::vector<std::string> matching;
  for (const TopicDescription& each : topics) {
    if (pattern_->Matches(each.name)) matching.push_back(each.name);
  }
  membership_->SetTopics(std::move(matching));
  return absl::OkStatus();
}

// Before it joins: others may have any of its partitions next.
absl::Status LocalConsumer::Prepare() {
  // Whoever has them next asks where the group is behind this commit. Where it
  // fails they read again what was not committed.
  if (options_.auto_commit) CommitBehind(Delivers::kChanged);
  const Partitions all = assignment();
  if (!membership_->is_cooperative() && !all.empty()) {
    Tell(&RebalanceListener::Revoked, all);
    GiveUp(all);
  }
  if (membership_ != nullptr) membership_->Join(assignment());
  return absl::OkStatus();
}

absl::Status LocalConsumer::TakeShare(const Partitions& share) {
  const std::set<TopicPartition> mine(share.begin(), share.end());
  Partitions lost;
  for (const auto& [name, each] : assigned_) {
    if (!mine.contains(name)) lost.push_back(name);
  }
  if (!lost.empty()) {
    if (options_.auto_commit) CommitBehind(Delivers::kChanged);
    Tell(&RebalanceListener::Revoked, lost);
    GiveUp(lost);
    // Now the others may have them.
    membership_->JoinAgain();
  }
  Partitions added;
  for (const TopicPartition& name : mine) {
    if (assigned_.contains(name)) continue;
    auto partition = MakeAssigned(name);
    partition->WaitForCommitted();
    assigned_.emplace(name, std::move(partition));
    added.push_back(name);
  }
  in_turn_.clear();
  turn_ = 0;
  for (const auto& [name, each] : assigned_) in_turn_.push_back(each.get());
  // What is being asked is not of these.
  fetching_.reset();
  fetch_at_ = absl::ZeroDuration();
  const absl::Status begun = BeginWhereCommitted();
  Tell(&RebalanceListener::Assigned, added);
  return begun;
}

void LocalConsumer::LoseAll() {
  const Partitions all = assignment();
  if (all.empty()) return;
  Tell(&RebalanceListener::Lost, all);
  GiveUp(all);
}

void LocalConsumer::GiveUp(const Partitions& partitions) {
  records_.clear();
  for (const TopicPartition& name : partitions) {
    assigned_.erase(name);
    committed_.erase(name);
    being_committed_.erase(name);
  }
  in_turn_.clear();
  turn_ = 0;
  for (const auto& [name, each] : assigned_) in_turn_.push_back(each.get());
}

LocalConsumer::Partitions LocalConsumer::WaitingForCommitted() const {
  Partitions waiting;
  for (const auto& [name, each] : assigned_) {
    if (each->waits_for_committed()) waiting.push_back(name);
  }
  return waiting;
}

absl::Status LocalConsumer::BeginWhereCommitted() {
  Partitions waiting = WaitingForCommitted();
  if (waiting.empty()) {
    fetching_.reset();
    return absl::OkStatus();
  }
  const absl::Duration now = client_->options.clock->Monotonic();
  if (fetching_ == nullptr) {
    if (now < fetch_at_) return absl::OkStatus();
    fetch_at_ = now + (IsTold() ? kFetchWait : kStoredFetchWait);
    fetching_ = std::make_shared<Fetching>(now + options_.call_timeout);
    AskWhereCommitted(std::move(waiting),
                      [signal = signal_, fetching = fetching_](auto reply) {
                        bool is_late = false;
                        {
                          MutexLock lock(fetching->mutex);
                          fetching->reply = std::move(reply);
                          is_late = fetching->is_late;
                        }
                        if (is_late) signal->Raise();
                      });
  }
  std::optional<OffsetFetchReply> reply;
  {
    MutexLock lock(fetching_->mutex);
    reply = std::move(fetching_->reply);
    fetching_->is_late = true;
  }
  if (!reply) {
    if (now < fetching_->until) return absl::OkStatus();
    fetching_.reset();
    return TookTooLong(OfGroup(options_, kToFetch));
  }
  fetching_.reset();
  CAUCE_RETURN_IF_ERROR(reply->status);
  return BeginAt(reply->offsets);
}

absl::Status LocalConsumer::BeginNow() {
  CAUCE_ASSIGN_OR_RETURN(const auto fetched, Fetch(WaitingForCommitted()));
  return BeginAt(fetched);
}

absl::Status LocalConsumer::BeginAt(const std::vector<FetchedOffset>& fetched) {
  // One that cannot be begun keeps no other from it.
  absl::Status all_begun;
  for (const FetchedOffset& each : fetched) {
    const auto found = assigned_.find(each.partition);
    const bool waits =
        found != assigned_.end() && found->second->waits_for_committed();
    if (!waits) continue;
    // A transaction that ends decides it.
    if (ReasonOf(each.status) == Reason::kUnstableOffsetCommit) continue;
    if (!each.status.ok()) {
      all_begun.Update(each.status);
      continue;
    }
    std::optional<Offset> committed;
    if (each.offset >= Offset{0}) committed = each.offset;
    const absl::Status begun = found->second->Begin(*client_->engine, committed,
                                                    each.topic_id);
    const bool is_gone = membership_ != nullptr &&
                         ReasonOf(begun) == Reason::kUnknownTopic;
    if (is_gone) {
      membership_->JoinAgain();
      continue;
    }
    if (!begun.ok()) {
      all_begun.Update(begun);
      continue;
    }
    const auto from = found->second->delivered();
    if (committed && from == committed) {
      committed_[each.partition] = {*committed, each.metadata,
                                    each.leader_epoch,
                                    found->second->topic_id()};
    }
  }
  return all_begun;
}

// ---- Commits

void LocalConsumer::AskWhereCommitted(
    Partitions partitions, std::function<void(OffsetFetchReply)> done) {
  OffsetFetch fetch;
  fetch.group = options_.group;
  fetch.partitions = std::move(partitions);
  // Whatever it reads of records: what an open transaction has copied would be
  // copied again by who begins in front of its offsets.
  fetch.unstable = UnstableOffsets::kRefuse;
  if (IsTold()) return coordinator_->Fetch(std::move(fetch), std::move(done));
  auto stored = FetchStored(fetch);
  OffsetFetchReply reply;
  if (stored.ok()) {
    reply = *std::move(stored);
  } else {
    reply.status = stored.status();
  }
  done(std::move(reply));
}

absl::StatusOr<std::vector<FetchedOffset>> LocalConsumer::Fetch(
    Partitions partitions) {
  RunDueTransactions();  // which may have offsets of these
  CAUCE_ASSIGN_OR_RETURN(
      OffsetFetchReply reply,
      AwaitAnswer<OffsetFetchReply>(
          OfGroup(options_, kToFetch), [&](auto done) {
            AskWhereCommitted(std::move(partitions), std::move(done));
          }));
  CAUCE_RETURN_IF_ERROR(reply.status);
  return std::move(reply.offsets);
}

absl::StatusOr<OffsetFetchReply> LocalConsumer::FetchStored(
    const OffsetFetch& fetch) const {
  EngineCore& core = *EngineCore::Of(*client_->engine);
  CAUCE_RETURN_IF_ERROR(core.CheckProcess());
  const auto log = core.OpenStateLog(kConsumerOffsetsTopic,
                                     EngineCore::IfMissing::kTell);
  // Nobody has committed anything yet.
  if (ReasonOf(log.status()) == Reason::kUnknownTopic)
    return FetchFrom(OffsetTable(), fetch);
  CAUCE_RETURN_IF_ERROR(log.status());
  return FetchStoredOffsets(**log, fetch);
}

OffsetsToCommit LocalConsumer::Delivered(Delivers which) const {
  OffsetsToCommit offsets;
  for (const auto& [name, each] : assigned_) {
    const auto delivered = each->delivered();
    if (!delivered) continue;
    if (!HasUncommitted(*each)) {
      if (which == Delivers::kAll) offsets[name] = committed_.at(name);
      continue;
    }
    offsets[name] = {.offset = *delivered,
                     .metadata = "",
                     .leader_epoch = each->leader_epoch()};
  }
  return offsets;
}

bool LocalConsumer::HasUncommitted(const AssignedPartition& partition) const {
  const auto delivered = partition.delivered();
  if (!delivered) return false;
  const auto known = committed_.find(partition.name());
  const bool is_known = known != committed_.end() &&
                        known->second.offset == *delivered &&
                        known->second.topic_id == partition.topic_id();
  // While another offset is on its way nobody knows which will be there.
  return !is_known || being_committed_.contains(partition.name());
}

OffsetsToCommit LocalConsumer::OfTopicsThatAre(OffsetsToCommit offsets) const {
  for (auto at = offsets.begin(); at != offsets.end();) {
    const TopicPartition& name = at->first;
    TopicId& id = at->second.topic_id;
    const auto assigned = assigned_.find(name);
    if (id.is_zero() && assigned != assigned_.end())
      id = assigned->second->topic_id();
    const auto topic = client_->engine->DescribeTopic(name.topic);
    // Of one that it does not read, or has not opened: as it is now.
    if (id.is_zero() && topic.ok()) id = topic->id;
    const bool is_gone =
        topic.ok() ? topic->id != id
                   : ReasonOf(topic.status()) == Reason::kUnknownTopic;
    at = is_gone ? offsets.erase(at) : std::next(at);
  }
  return offsets;
}

OffsetCommit LocalConsumer::ToCommit(const OffsetsToCommit& offsets) const {
  OffsetCommit commit;
  commit.group = options_.group;
  if (membership_ != nullptr) commit.by = membership_->commit_request();
  for (const auto& [name, offset] : offsets) {
    OffsetToCommit each;
    each.partition = name;
    each.offset = offset.offset;
    each.leader_epoch = offset.leader_epoch;
    each.metadata = offset.metadata;
    each.topic_id = offset.topic_id;
    commit.offsets.push_back(std::move(each));
  }
  return commit;
}

absl::Status LocalConsumer::Commit() {
  CAUCE_RETURN_IF_ERROR(CheckHasGroup());
  return CommitDelivered(Delivers::kAll);
}

absl::Status LocalConsumer::CommitDelivered(Delivers which) {
  const OffsetsToCommit offsets = OfTopicsThatAre(Delivered(which));
  if (offsets.empty()) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckIsMember());
  // Unchecked: one of a topic that was deleted keeps no other from it.
  return CommitAndWait(offsets);
}

absl::Status LocalConsumer::Commit(const OffsetsToCommit& offsets) {
  CAUCE_RETURN_IF_ERROR(CheckIsMember());
  CAUCE_RETURN_IF_ERROR(CheckCommittable(*client_->engine, offsets));
  const OffsetsToCommit present = OfTopicsThatAre(offsets);
  return present.empty() ? absl::OkStatus() : CommitAndWait(present);
}

absl::Status LocalConsumer::CommitAndWait(const OffsetsToCommit& offsets) {
  CAUCE_ASSIGN_OR_RETURN(
      const OffsetCommitReply reply,
      AwaitAnswer<OffsetCommitReply>(
          OfGroup(options_, "a commit"), [&](auto done) {
            coordinator_->Commit(ToCommit(offsets), std::move(done));
          }));
  const absl::Status committed = FirstError(reply);
  if (committed.ok()) {
    for (const auto& [name, offset] : offsets) {
      committed_[name] = offset;
      being_committed_.erase(name);
    }
  } else if (membership_ != nullptr) {
    membership_->Note(committed);
  }
  return committed;
}

void LocalConsumer::CommitAsync(CommitCallback done) {
  if (!is_calling_) RunCallbacks();
  CommitSoon(OfTopicsThatAre(Delivered(Delivers::kAll)), CheckIsMember(),
             std::move(done));
}

void LocalConsumer::CommitAsync(const OffsetsToCommit& offsets,
                                CommitCallback done) {
  if (!is_calling_) RunCallbacks();
  absl::Status may = CheckIsMember();
  if (may.ok()) may = CheckCommittable(*client_->engine, offsets);
  CommitSoon(OfTopicsThatAre(offsets), may, std::move(done));
}

void LocalConsumer::CommitSoon(const OffsetsToCommit& offsets,
                               const absl::Status& may, CommitCallback done) {
  if (closed_) {
    // No later call tells of it. A callback that commits whatever it is told
    // would never end.
    if (!is_calling_) Call(done, may);
    return;
  }
  uint64_t number = 0;
  size_t waiting = 0;
  {
    MutexLock lock(ended_->mutex);
    waiting = ended_->commits.size();
    number = ended_->told + waiting;
    if (waiting < kCommitsMax)
      ended_->commits.push_back({std::move(done), std::nullopt});
  }
  if (waiting >= kCommitsMax) {
    return Call(done, MakeError(Reason::kCoordinatorNotAvailable,
                                fmt::format("group {}: {} commits of this "
                                            "consumer are not told of, limit "
                                            "is {}: Poll, which tells of "
                                            "those that have ended, and "
                                            "commit again",
                                            options_.group, waiting,
                                            kCommitsMax)));
  }
  const auto end = [ended = ended_, number](const absl::Status& status) {
    {
      MutexLock lock(ended->mutex);
      if (number < ended->told) return;  // a Close could not wait for it
      ended->commits[number - ended->told].status = status;
      ended->changed.NotifyAll();
    }
    ended->signal->Raise();
  };
  if (!may.ok() || offsets.empty()) return end(may);
  coordinator_->Commit(
      ToCommit(offsets),
      [end](const OffsetCommitReply& reply) { end(FirstError(reply)); });
}

void LocalConsumer::CommitNowAndThen() {
  const absl::Duration now = client_->options.clock->Monotonic();
  if (now < commit_at_) return;
  commit_at_ = now + std::max(options_.auto_commit_interval,
                              absl::Milliseconds(1));
  const bool repeats =
      membership_ == nullptr && IsTold() && now >= repeat_at_;
  if (repeats) {
    const absl::Duration retention = client_->options.offsets_retention;
    repeat_at_ = now + std::min(kRepeatMax, retention / kRepeatsPerRetention);
  }
  CommitBehind(repeats ? Delivers::kAll : Delivers::kChanged);
}

void LocalConsumer::CommitBehind(Delivers which) {
  OffsetsToCommit offsets = Delivered(which);
  std::erase_if(offsets, [this](const auto& each) {
    const auto sent = being_committed_.find(each.first);
    return sent != being_committed_.end() &&
           sent->second == each.second.offset;
  });
  offsets = OfTopicsThatAre(std::move(offsets));
  if (offsets.empty()) return;
  for (const auto& [name, offset] : offsets)
    being_committed_[name] = offset.offset;
  CommitSoon(offsets, CheckIsMember(),
             [this, offsets](const absl::Status& status) {
               TakeCommitted(offsets, status);
             });
}

void LocalConsumer::TakeCommitted(const OffsetsToCommit& offsets,
                                  const absl::Status& status) {
  for (const auto& [name, offset] : offsets) {
    const auto sent = being_committed_.find(name);
    // Unless there was another since, or it has the partition no more.
    const bool is_last =
        sent != being_committed_.end() && sent->second == offset.offset;
    if (!is_last) continue;
    being_committed_.erase(sent);
    if (status.ok()) {
      committed_[name] = offset;
    } else {
      committed_.erase(name);  // the next one has it again
    }
  }
  if (!status.ok() && membership_ != nullptr) membership_->Note(status);
}

void LocalConsumer::RunCallbacks() {
  uint64_t end = 0;
  {
    MutexLock lock(ended_->mutex);
    end = ended_->told + ended_->commits.size();
  }
  // Those that callbacks add are a later call's: else one that commits anew
  // would keep this one for ever.
  for (;;) {
    std::pair<CommitCallback, absl::Status> next;
    {
      MutexLock lock(ended_->mutex);
      if (ended_->commits.empty() || ended_->told == end) return;
      Asked& first = ended_->commits.front();
      if (!first.status) return;
      next = {std::move(first.done), *first.status};
      ended_->commits.pop_front();
      ++ended_->told;
    }
    Call(next.first, next.second);
  }
}

void LocalConsumer::AwaitCommits() {
  Clock& clock = *client_->options.clock;
  const absl::Duration until = clock.Monotonic() + options_.call_timeout;
  const auto has_ended = [](const Asked& each) {
    return each.status.has_value();
  };
  MutexLock lock(ended_->mutex);
  while (!std::ranges::all_of(ended_->commits, has_ended)) {
    const absl::Duration left = until - clock.Monotonic();
    const bool goes_on = left > absl::ZeroDuration() &&
                         ended_->changed.WaitFor(ended_->mutex, left);
    if (!goes_on) return;
  }
}

void LocalConsumer::DropCommits() {
  std::deque<Asked> dropped;
  {
    MutexLock lock(ended_->mutex);
    dropped.swap(ended_->commits);
    ended_->told += dropped.size();
  }
  for (const Asked& each : dropped) {
    const absl::Status unknown = MakeError(
        Reason::kClosed,
        fmt::format("group {}: the consumer was closed before it was told how "
                    "this commit ends, which may be done yet; look where the "
                    "group is",
                    options_.group));
    Call(each.done, each.status.value_or(unknown));
  }
}

void LocalConsumer::Call(const CommitCallback& done,
                         const absl::Status& status) {
  if (!done) return;
  const bool was_called = std::exchange(is_calling_, true);
  done(status);
  is_calling_ = was_called;
}

absl::StatusOr<std::vector<FetchedOffset>> LocalConsumer::FetchStable(
    const Partitions& partitions) {
  const auto is_unstable = [](const FetchedOffset& each) {
    return ReasonOf(each.status) == Reason::kUnstableOffsetCommit;
  };
  DoublingWait backoff(kStableWaitFirst, kFetchWait);
  absl::Duration waited;
  // Nobody tells when a transaction ends: time alone.
  Mutex mutex;
  CondVar never;
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(auto fetched, Fetch(partitions));
    // Where nobody works beside the caller nobody ends it meanwhile.
    const bool may_end = client_->options.executor != nullptr && IsTold() &&
                         waited < options_.call_timeout;
    if (!may_end || std::ranges::none_of(fetched, is_unstable)) return fetched;
    const absl::Duration wait =
        std::min(backoff.Next(), options_.call_timeout - waited);
    MutexLock lock(mutex);
    never.WaitFor(mutex, wait);
    waited += wait;
  }
}

absl::StatusOr<OffsetsToCommit> LocalConsumer::Committed(
    const std::vector<TopicPartition>& partitions) {
  CAUCE_RETURN_IF_ERROR(CheckHasGroup());
  CAUCE_ASSIGN_OR_RETURN(const auto fetched, FetchStable(partitions));
  OffsetsToCommit committed;
  for (const FetchedOffset& each : fetched) {
    CAUCE_RETURN_IF_ERROR(each.status);
    if (each.offset < Offset{0}) continue;
    const auto topic = client_->engine->DescribeTopic(each.partition.topic);
    const bool is_anothers = topic.ok() && !each.topic_id.is_zero() &&
                             each.topic_id != topic->id;
    if (is_anothers) continue;
    committed[each.partition] = {each.offset, each.metadata, each.leader_epoch,
                                 each.topic_id};
  }
  return committed;
}

ConsumerGroupMetadata LocalConsumer::group_metadata() const {
  ConsumerGroupMetadata metadata;
  metadata.group = options_.group;
  if (left_) metadata = *left_;
  if (membership_ != nullptr) metadata = membership_->metadata();
  // As they were read, whatever is there by now.
  for (const auto& [name, each] : assigned_) {
    if (!each->topic_id().is_zero())
      metadata.topic_ids[name.topic] = each->topic_id();
  }
  return metadata;
}

}  // namespace cauce
