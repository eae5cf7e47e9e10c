// What a LocalConsumer does as a member of a group: its subscription, and what
// it is given and gives up.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/client/local_consumer.h"
#include "fmt/format.h"

namespace cauce {

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
  if (CommitsByItself()) {
    committed = CommitDelivered(RepeatsCommits() ? Delivers::kAll
                                                 : Delivers::kChanged);
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
  unsure_.clear();
  being_committed_.clear();
  return committed;
}

absl::Duration LocalConsumer::UntilGroupIsDue() const {
  absl::Duration due = absl::InfiniteDuration();
  if (coordinator_ == nullptr) return due;
  if (client_->options.executor == nullptr) due = coordinator_->UntilDue();
  if (membership_ != nullptr) due = std::min(due, membership_->UntilDue());
  const absl::Duration now = client_->options.clock->Monotonic();
  const bool repeats =
      CommitsByItself() && RepeatsCommits() && !assigned_.empty();
  if (repeats) due = std::min(due, std::max(repeat_at_, commit_at_) - now);
  const absl::Duration fetch_due = fetching_ ? fetching_->until : fetch_at_;
  for (const auto& [name, each] : assigned_) {
    if (each->waits_for_committed()) due = std::min(due, fetch_due - now);
    // Nobody wakes up to find that there is nothing to commit.
    if (CommitsByItself() && HasUncommitted(*each))
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
  if (CommitsByItself()) CommitNowAndThen();
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
  if (CommitsByItself()) CommitBehind(Delivers::kChanged);
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
    if (CommitsByItself()) CommitBehind(Delivers::kChanged);
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
    unsure_.erase(name);
    being_committed_.erase(name);
  }
  in_turn_.clear();
  turn_ = 0;
  for (const auto& [name, each] : assigned_) in_turn_.push_back(each.get());
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
