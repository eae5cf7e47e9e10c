#include "tests/sim/sim_consumer.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/consumer_protocol.h"
#include "engine/coord/cooperative_sticky_assignor.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

// Longer than a group lets anybody wait, so that an answer that is late by its
// rules alone is not missed.
constexpr absl::Duration kJoinTimeout = absl::Seconds(13);
constexpr absl::Duration kSyncTimeout = absl::Seconds(5);

constexpr char kTopic[] = "t";
constexpr char kEager[] = "range";
constexpr char kCooperative[] = "cooperative-sticky";

std::string Subscription(const std::set<int>& held, int32_t generation) {
  ConsumerProtocolSubscription words;
  words.topics = {kTopic};
  if (!held.empty()) {
    words.owned_partitions.push_back({.topic = kTopic, .partitions = {}});
    for (const int each : held)
      words.owned_partitions.back().partitions.push_back({each});
    words.generation = generation;
  }
  return EncodeSubscription(words);
}

}  // namespace

void SimConsumer::Start(absl::Time now) {
  is_running_ = true;
  step_ = Step::kJoin;
  member_id_.clear();
  generation_ = -1;
  waiting_.reset();
  assignment_.clear();
  held_.clear();
  next_ = now;
}

void SimConsumer::Sleep(absl::Time until) {
  waiting_.reset();
  next_ = until;
}

std::string SimConsumer::ToString() const {
  if (!is_running_) return fmt::format("{} does not run", options_.name);
  const std::string_view step = step_ == Step::kJoin   ? "joins"
                                : step_ == Step::kSync ? "syncs"
                                                       : "is in";
  return fmt::format("{} as {}, instance {}, {} generation {}: has {}",
                     options_.name, member_id_,
                     options_.instance_id.value_or("none"), step, generation_,
                     assignment_);
}

std::optional<CommitRequest> SimConsumer::commit() const {
  if (!is_running_ || member_id_.empty() || generation_ < 0)
    return std::nullopt;
  return CommitRequest{.member_id = member_id_,
                       .instance_id = options_.instance_id,
                       .generation = generation_};
}

std::optional<GroupRequest> SimConsumer::Leave() {
  const bool is_member = is_running_ && !member_id_.empty();
  is_running_ = false;
  if (!is_member) return std::nullopt;
  return LeaveRequest{0, {{member_id_, options_.instance_id}}};
}

void SimConsumer::Disconnect(absl::Time now) {
  if (step_ != Step::kIn && waiting_.has_value()) next_ = now + kSimRetry;
}

absl::Time SimConsumer::next() const {
  return is_running_ ? next_ : absl::InfiniteFuture();
}

std::optional<GroupRequest> SimConsumer::Tick(absl::Time now, Waiter waiter,
                                              const std::string& new_id) {
  if (!is_running_ || now < next_) return std::nullopt;
  waiting_ = waiter;
  switch (step_) {
    case Step::kJoin:
      next_ = now + kJoinTimeout;
      return MakeJoin(waiter, new_id);
    case Step::kSync:
      next_ = now + kSyncTimeout;
      return MakeSync(waiter);
    case Step::kIn:
      next_ = now + kSimHeartbeat;
      return HeartbeatRequest{waiter, member_id_, options_.instance_id,
                              generation_};
  }
  return std::nullopt;
}

void SimConsumer::Receive(Waiter waiter, const JoinReply& reply,
                          absl::Time now) {
  if (!is_running_ || waiting_ != waiter || step_ != Step::kJoin) return;
  if (ReasonOf(reply.status) == Reason::kMemberIdRequired) {
    member_id_ = reply.member_id;
    next_ = now;
    return;
  }
  if (!reply.status.ok()) return BeginAgain(reply.status, now);
  member_id_ = reply.member_id;
  generation_ = reply.generation;
  members_ = reply.skip_assignment ? std::vector<JoinedMember>()
                                   : reply.members;
  step_ = Step::kSync;
  next_ = now;
}

void SimConsumer::Receive(Waiter waiter, const SyncReply& reply,
                          absl::Time now) {
  if (!is_running_ || waiting_ != waiter || step_ != Step::kSync) return;
  if (!reply.status.ok()) return BeginAgain(reply.status, now);
  assignment_ = SimWordsOf(reply.assignment);
  step_ = Step::kIn;
  next_ = now + kSimHeartbeat;
  if (!options_.is_cooperative) return;
  const std::vector<int> share = SimPartitionsOf(assignment_);
  const std::set<int> before =
      std::exchange(held_, {share.begin(), share.end()});
  const bool gives_up = std::ranges::any_of(
      before, [this](int each) { return !held_.contains(each); });
  if (!gives_up) return;
  // Now the others may have them.
  ++given_up_;
  step_ = Step::kJoin;
  next_ = now;
}

void SimConsumer::Receive(Waiter waiter, const HeartbeatReply& reply,
                          absl::Time now) {
  if (!is_running_ || waiting_ != waiter || step_ != Step::kIn) return;
  if (!reply.status.ok()) BeginAgain(reply.status, now);
}

void SimConsumer::BeginAgain(const absl::Status& why, absl::Time now) {
  const Reason reason = ReasonOf(why);
  // Others have what it had.
  if (reason == Reason::kUnknownMemberId ||
      reason == Reason::kIllegalGeneration ||
      reason == Reason::kFencedInstanceId) {
    assignment_.clear();
    held_.clear();
  }
  if (reason == Reason::kFencedInstanceId && options_.ends_when_fenced)
    is_running_ = false;
  if (reason == Reason::kUnknownMemberId ||
      reason == Reason::kFencedInstanceId) {
    member_id_.clear();
  }
  step_ = Step::kJoin;
  waiting_.reset();
  next_ = now + kSimRetry;
}

GroupRequest SimConsumer::MakeJoin(Waiter waiter,
                                   const std::string& new_id) const {
  JoinRequest join;
  join.waiter = waiter;
  join.member_id = member_id_;
  join.instance_id = options_.instance_id;
  join.new_member_id = new_id;
  join.client_id = options_.name;
  join.client_host = options_.client_host;
  join.session_timeout = kSimSession;
  join.rebalance_timeout = kSimRebalance;
  join.protocol_type = "consumer";
  join.protocols = {{options_.is_cooperative ? kCooperative : kEager,
                     Subscription(held_, generation_)}};
  join.requires_known_id = options_.joins_in_two_steps;
  join.may_skip_assignment = true;
  return join;
}

GroupRequest SimConsumer::MakeSync(Waiter waiter) const {
  SyncRequest sync;
  sync.waiter = waiter;
  sync.member_id = member_id_;
  sync.instance_id = options_.instance_id;
  sync.generation = generation_;
  sync.protocol_type = "consumer";
  sync.protocol = options_.is_cooperative ? kCooperative : kEager;
  sync.assignments = options_.is_cooperative
                         ? DivideCooperatively(members_, generation_)
                         : DivideAmong(members_, generation_);
  return sync;
}

std::string SimWordsOf(const std::string& assignment) {
  // The version, where it is one of a consumer's, begins with a zero.
  if (assignment.empty() || assignment.front() != '\0') return assignment;
  return DecodeAssignment(assignment)->user_data.value_or("");
}

std::vector<int> SimPartitionsOf(const std::string& words) {
  std::vector<int> partitions;
  for (const char c : words.substr(words.find(':') + 1)) {
    if (c != ',') partitions.push_back(c - '0');
  }
  return partitions;
}

std::vector<MemberAssignment> DivideAmong(
    const std::vector<JoinedMember>& members, int32_t generation) {
  std::vector<MemberAssignment> assignments;
  for (size_t i = 0; i < members.size(); ++i) {
    std::string given = fmt::format("{}:", generation);
    for (size_t p = i; p < kSimPartitions; p += members.size())
      given += fmt::format("{},", p);
    assignments.push_back({members[i].id, std::move(given)});
  }
  return assignments;
}

std::vector<MemberAssignment> DivideCooperatively(
    const std::vector<JoinedMember>& members, int32_t generation) {
  std::vector<MemberSubscription> subscriptions;
  for (const JoinedMember& each : members) {
    const auto said = DecodeSubscription(each.metadata);
    MemberSubscription member{.member_id = each.id,
                              .instance_id = each.instance_id,
                              .topics = {kTopic},
                              .generation = said->generation};
    for (const TopicPartitions& topic : said->owned_partitions) {
      for (const PartitionId id : topic.partitions)
        member.owned.push_back({topic.topic, id});
    }
    subscriptions.push_back(std::move(member));
  }
  std::vector<MemberAssignment> assignments;
  for (const auto& [id, partitions] : CooperativeStickyAssignor().Assign(
           subscriptions, {{kTopic, kSimPartitions}})) {
    ConsumerProtocolAssignment given;
    std::string words = fmt::format("{}:", generation);
    given.assigned_partitions.push_back({.topic = kTopic, .partitions = {}});
    for (const TopicPartition& each : partitions) {
      words += fmt::format("{},", each.partition.value);
      given.assigned_partitions.back().partitions.push_back(each.partition);
    }
    given.user_data = std::move(words);
    assignments.push_back({id, EncodeAssignment(given)});
  }
  return assignments;
}

}  // namespace cauce::test
