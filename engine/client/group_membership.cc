#include "engine/client/group_membership.h"

#include <algorithm>
#include <set>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/coord/consumer_protocol.h"
#include "engine/coord/cooperative_sticky_assignor.h"
#include "engine/coord/range_assignor.h"
#include "engine/coord/round_robin_assignor.h"
#include "engine/coord/sticky_assignor.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Where the coordinator says to try again: retry.backoff.ms.
constexpr absl::Duration kRetryWait = absl::Milliseconds(100);
// Of the time after which it counts as gone, how much may pass between two
// signs of life.
constexpr int kBeatsPerInterval = 3;
// Who is called shows so often that it lives: what counts is how long ago it
// was called last.
constexpr absl::Duration kBeatMax = absl::Seconds(3);

// As many partitions has no topic: of one that was divided with gaps, as while
// a member is still to give some up.
constexpr int32_t kNotWhole = -1;

// How long behind a sign of life a call gives none.
absl::Duration QuietMax(absl::Duration poll_interval_max) {
  return std::min(poll_interval_max / kBeatsPerInterval, kBeatMax);
}

const Assignor& AssignorOf(Assignment which) {
  static const RangeAssignor& range = *new RangeAssignor();
  static const RoundRobinAssignor& round_robin = *new RoundRobinAssignor();
  static const StickyAssignor& sticky = *new StickyAssignor();
  static const CooperativeStickyAssignor& cooperative =
      *new CooperativeStickyAssignor();
  switch (which) {
    case Assignment::kRange:
      return range;
    case Assignment::kRoundRobin:
      return round_robin;
    case Assignment::kSticky:
      return sticky;
    case Assignment::kCooperativeSticky:
      break;
  }
  return cooperative;
}

std::vector<TopicPartitions> ByTopic(
    const std::vector<TopicPartition>& partitions) {
  std::map<std::string, TopicPartitions> topics;
  for (const TopicPartition& each : partitions) {
    TopicPartitions& topic = topics[each.topic];
    topic.topic = each.topic;
    topic.partitions.push_back(each.partition);
  }
  std::vector<TopicPartitions> all;
  for (auto& [name, topic] : topics) all.push_back(std::move(topic));
  return all;
}

std::vector<TopicPartition> OneByOne(
    const std::vector<TopicPartitions>& topics) {
  std::vector<TopicPartition> all;
  for (const TopicPartitions& topic : topics) {
    for (const PartitionId id : topic.partitions)
      all.push_back({topic.topic, id});
  }
  return all;
}

std::vector<MemberSubscription> SubscriptionsOf(
    const std::vector<JoinedMember>& joined) {
  std::vector<MemberSubscription> members;
  for (const JoinedMember& each : joined) {
    MemberSubscription member{.member_id = each.id,
                              .instance_id = each.instance_id};
    // Who says nothing that is understood gets nothing.
    if (const auto said = DecodeSubscription(each.metadata); said.ok()) {
      member.topics = said->topics;
      member.owned = OneByOne(said->owned_partitions);
      member.generation = said->generation;
    }
    members.push_back(std::move(member));
  }
  return members;
}

std::vector<std::string> TopicsOf(
    const std::vector<MemberSubscription>& members) {
  std::set<std::string> topics;
  for (const MemberSubscription& each : members)
    topics.insert(each.topics.begin(), each.topics.end());
  return {topics.begin(), topics.end()};
}

}  // namespace

GroupMembership::GroupMembership(const ConsumerOptions& options, Seams seams)
    : options_(options),
      seams_(std::move(seams)),
      mail_(std::make_shared<Mail>()) {
  mail_->signal = seams_.signal;
}

GroupMembership::~GroupMembership() { Leave(); }

bool GroupMembership::is_cooperative() const {
  return std::ranges::all_of(options_.assignments, [](Assignment each) {
    return each == Assignment::kCooperativeSticky;
  });
}

void GroupMembership::SetTopics(std::vector<std::string> topics) {
  std::ranges::sort(topics);
  const auto twice = std::ranges::unique(topics);
  topics.erase(twice.begin(), twice.end());
  if (topics == topics_) return;
  topics_ = std::move(topics);
  JoinAgain();
}

void GroupMembership::JoinAgain() {
  if (state_ == State::kOut) return;
  BeginAgain(absl::ZeroDuration());
}

void GroupMembership::BeginAgain(absl::Duration wait) {
  ++request_;  // whatever is answered yet is of another time
  state_ = State::kOut;
  retry_at_ = Now() + wait;
}

template <typename Reply>
GroupCoordinator::Done<Reply> GroupMembership::Callback() {
  return [mail = mail_, request = request_](Reply reply) {
    {
      MutexLock lock(mail->mutex);
      mail->answers.emplace_back(request, std::move(reply));
    }
    mail->signal->Raise();
  };
}

std::optional<GroupMembership::Answer> GroupMembership::TakeAnswer() {
  MutexLock lock(mail_->mutex);
  while (!mail_->answers.empty()) {
    auto [request, answer] = std::move(mail_->answers.front());
    mail_->answers.pop_front();
    if (request == request_) return std::move(answer);
  }
  return std::nullopt;
}

absl::StatusOr<GroupMembership::Step> GroupMembership::Next() {
  CAUCE_RETURN_IF_ERROR(fenced_);
  LookAtTopics();
  // Once is enough, however long the coordinator takes.
  bool has_beaten = false;
  for (;;) {
    if (const auto answer = TakeAnswer()) {
      CAUCE_ASSIGN_OR_RETURN(
          const Step step,
          std::visit([this](const auto& reply) { return Take(reply); },
                     *answer));
      if (step != Step::kNothing) return step;
      // To join again would take its place back from who has it now.
      CAUCE_RETURN_IF_ERROR(fenced_);
      continue;
    }
    if (state_ == State::kOut) {
      return Now() >= retry_at_ ? Step::kPrepare : Step::kNothing;
    }
    if (state_ != State::kIn) return Step::kNothing;
    const bool has_changed = mail_->has_changed.exchange(false);
    const bool is_due = !has_beaten && Now() >= beat_at_;
    if (!has_changed && !is_due) return Step::kNothing;
    has_beaten = true;
    Beat();
    // Where nobody else is at work it is answered by now.
    MutexLock lock(mail_->mutex);
    if (mail_->answers.empty()) return Step::kNothing;
  }
}

void GroupMembership::HasShown() {
  beat_at_ = Now() + QuietMax(options_.poll_interval_max);
  wake_at_ = Now() + options_.poll_interval_max / kBeatsPerInterval;
}

void GroupMembership::Beat() {
  HasShown();
  HeartbeatRequest beat;
  beat.member_id = member_id_;
  beat.instance_id = options_.instance;
  beat.generation = generation_;
  seams_.coordinator->Heartbeat(options_.group, std::move(beat),
                                Callback<HeartbeatReply>());
}

void GroupMembership::Join(const std::vector<TopicPartition>& owned) {
  if (watch_ == nullptr) {
    watch_ = seams_.coordinator->WatchGroup(options_.group, [mail = mail_] {
      mail->has_changed = true;
      mail->signal->Raise();
    });
  }
  ++request_;
  state_ = State::kJoining;
  JoinRequest join;
  // Where nobody has answered yet it may be the one that it asked to be: as
  // another it would leave that one behind, which the group waits for.
  const bool asks_again = member_id_.empty() && !options_.instance;
  join.member_id = asks_again ? asked_id_ : member_id_;
  join.instance_id = options_.instance;
  if (join.member_id.empty()) {
    asked_id_ = fmt::format("consumer-{:016x}{:016x}", seams_.random->Next(),
                            seams_.random->Next());
  }
  join.new_member_id = asked_id_;
  join.client_id = "cauce";
  // A call so soon behind the last sign of life gives none, and counts too.
  join.session_timeout =
      options_.poll_interval_max + QuietMax(options_.poll_interval_max);
  join.rebalance_timeout = options_.poll_interval_max;
  join.protocol_type = kConsumerProtocolType;
  join.may_skip_assignment = true;
  ConsumerProtocolSubscription subscription;
  subscription.topics = topics_;
  subscription.generation = generation_;
  for (const Assignment each : options_.assignments) {
    // What it has still is withheld from others until it gives that up; to the
    // eager way that asks for it, and knows that it has nothing, it says what
    // it had last.
    const bool had_last = each == Assignment::kSticky;
    subscription.owned_partitions = ByTopic(had_last ? assigned_ : owned);
    join.protocols.push_back({std::string(AssignorOf(each).name()),
                              EncodeSubscription(subscription)});
  }
  seams_.coordinator->Join(options_.group, std::move(join),
                           Callback<JoinReply>());
}

absl::StatusOr<GroupMembership::Step> GroupMembership::Take(
    const JoinReply& reply) {
  asked_id_.clear();
  if (!reply.status.ok()) return Refused(reply.status);
  member_id_ = reply.member_id;
  generation_ = reply.generation;
  SyncRequest sync;
  sync.member_id = member_id_;
  sync.instance_id = options_.instance;
  sync.generation = generation_;
  sync.protocol_type = reply.protocol_type;
  sync.protocol = reply.protocol;
  divided_.reset();
  if (reply.leader == member_id_ && !reply.members.empty()) {
    const auto members = SubscriptionsOf(reply.members);
    divided_.emplace().topics = TopicsOf(members);
    if (reply.skip_assignment) {
      // What stays divided may have grown while nobody was here to look.
      divided_->counts = CountGiven();
      looks_again_ = true;
    } else {
      divided_->counts = CountPartitions(divided_->topics);
      sync.assignments = Divide(members, reply.protocol);
    }
  }
  ++request_;
  state_ = State::kSyncing;
  seams_.coordinator->Sync(options_.group, std::move(sync),
                           Callback<SyncReply>());
  return Step::kNothing;
}

std::vector<MemberAssignment> GroupMembership::Divide(
    const std::vector<MemberSubscription>& members,
    const std::optional<std::string>& protocol) const {
  const auto chosen = std::ranges::find_if(
      options_.assignments,
      [&](Assignment each) { return AssignorOf(each).name() == protocol; });
  const Assignor& assignor = AssignorOf(
      chosen == options_.assignments.end() ? options_.assignments.front()
                                           : *chosen);
  std::vector<MemberAssignment> assignments;
  const auto shares = assignor.Assign(members, divided_->counts);
  for (const auto& [id, partitions] : shares) {
    assignments.push_back(
        {id, EncodeAssignment({.assigned_partitions = ByTopic(partitions),
                               .user_data = {}})});
  }
  return assignments;
}

PartitionCounts GroupMembership::CountGiven() const {
  std::map<std::string, std::set<PartitionId>> given;
  const auto group = seams_.coordinator->Describe(options_.group);
  // Of one that went on meanwhile the next step is another anyway.
  if (!group.ok()) return {};
  for (const DescribedMember& each : group->members) {
    const auto share = DecodeAssignment(each.assignment);
    if (!share.ok()) continue;
    for (const auto& [topic, partitions] : share->assigned_partitions)
      given[topic].insert(partitions.begin(), partitions.end());
  }
  PartitionCounts counts;
  for (const auto& [topic, partitions] : given) {
    if (partitions.empty()) continue;
    const auto size = static_cast<int32_t>(partitions.size());
    const bool has_all = partitions.begin()->value == 0 &&
                         partitions.rbegin()->value == size - 1;
    counts[topic] = has_all ? size : kNotWhole;
  }
  return counts;
}

PartitionCounts GroupMembership::CountPartitions(
    const std::vector<std::string>& topics) const {
  PartitionCounts counts;
  for (const std::string& topic : topics) {
    const auto described = seams_.engine->DescribeTopic(topic);
    if (described.ok()) counts[topic] = described->partitions;
  }
  return counts;
}

void GroupMembership::LookAtTopics() {
  const bool is_due = Now() >= look_at_;
  if (is_due) look_at_ = Now() + options_.metadata_age_max;
  if (!divided_ || state_ != State::kIn) return;
  // What has changed while it was joining is looked at once it is in.
  const bool looks_again = std::exchange(looks_again_, false);
  if (!is_due && !looks_again) return;
  if (CountPartitions(divided_->topics) != divided_->counts) JoinAgain();
}

absl::StatusOr<GroupMembership::Step> GroupMembership::Take(
    const SyncReply& reply) {
  if (!reply.status.ok()) return Refused(reply.status);
  state_ = State::kIn;
  put_off_since_.reset();
  has_share_ = true;
  was_ = {options_.group, member_id_, options_.instance, generation_, {}};
  HasShown();
  assigned_.clear();
  if (!reply.assignment.empty()) {
    CAUCE_ASSIGN_OR_RETURN(const ConsumerProtocolAssignment share,
                           DecodeAssignment(reply.assignment));
    assigned_ = OneByOne(share.assigned_partitions);
  }
  return Step::kAssigned;
}

absl::StatusOr<GroupMembership::Step> GroupMembership::Take(
    const HeartbeatReply& reply) {
  if (reply.status.ok()) return Step::kNothing;
  return Refused(reply.status);
}

absl::StatusOr<GroupMembership::Step> GroupMembership::Refused(
    const absl::Status& status) {
  switch (ReasonOf(status)) {
    case Reason::kRebalanceInProgress:
      BeginAgain(absl::ZeroDuration());
      return Step::kNothing;
    case Reason::kCoordinatorNotAvailable:
    case Reason::kCoordinatorLoading:
      return TryAgain(status);
    case Reason::kUnknownMemberId:
      member_id_.clear();
      return Lose();
    case Reason::kIllegalGeneration:
      return Lose();
    case Reason::kFencedInstanceId:
      fenced_ = status;
      return Lose();
    default:
      // Of a group that cannot be read nobody is watched.
      watch_.reset();
      BeginAgain(kRetryWait);
      return status;
  }
}

absl::StatusOr<GroupMembership::Step> GroupMembership::TryAgain(
    const absl::Status& status) {
  watch_.reset();
  BeginAgain(kRetryWait);
  const absl::Duration now = Now();
  if (!put_off_since_) put_off_since_ = now;
  if (now - *put_off_since_ < options_.call_timeout) return Step::kNothing;
  put_off_since_ = now;
  return MakeError(
      Reason::kTimedOut,
      fmt::format("group {}: has not taken this consumer in for {}: {}",
                  options_.group, absl::FormatDuration(options_.call_timeout),
                  MessageOf(status)));
}

absl::StatusOr<GroupMembership::Step> GroupMembership::Lose() {
  generation_ = -1;
  assigned_.clear();
  divided_.reset();
  watch_.reset();
  BeginAgain(absl::ZeroDuration());
  return std::exchange(has_share_, false) ? Step::kLost : Step::kNothing;
}

void GroupMembership::Note(const absl::Status& status) {
  switch (ReasonOf(status)) {
    case Reason::kUnknownMemberId:
    case Reason::kIllegalGeneration:
    case Reason::kFencedInstanceId:
    case Reason::kRebalanceInProgress:
      // The next heartbeat hears the same, and what is to be done.
      mail_->has_changed = true;
      mail_->signal->Raise();
      return;
    default:
      return;
  }
}

absl::Duration GroupMembership::UntilDue() const {
  absl::Duration due = look_at_;
  if (state_ == State::kOut) due = std::min(due, retry_at_);
  if (state_ == State::kIn) due = std::min(due, wake_at_);
  return std::max(due - Now(), absl::ZeroDuration());
}

void GroupMembership::Leave() {
  watch_.reset();
  const std::string& id = member_id_.empty() ? asked_id_ : member_id_;
  if (!options_.instance && !id.empty()) {
    seams_.coordinator->Leave(options_.group,
                              {.waiter = 0, .members = {{id, std::nullopt}}},
                              [](const LeaveReply&) {});
  }
  asked_id_.clear();
  ++request_;
  state_ = State::kOut;
  member_id_.clear();
  generation_ = -1;
  assigned_.clear();
  has_share_ = false;
}

CommitRequest GroupMembership::commit_request() const {
  CommitRequest request;
  request.member_id = member_id_;
  request.instance_id = options_.instance;
  request.generation = generation_;
  return request;
}

ConsumerGroupMetadata GroupMembership::metadata() const {
  // The group would take who names no generation for one that assigns by hand.
  if (generation_ < 0 && was_.generation >= 0) return was_;
  return {options_.group, member_id_, options_.instance, generation_, {}};
}

}  // namespace cauce
