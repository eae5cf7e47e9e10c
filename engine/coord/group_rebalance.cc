// How a group comes from one generation to the next.
#include <algorithm>
#include <utility>

#include "engine/coord/consumer_protocol.h"
#include "engine/coord/group.h"
#include "engine/coord/group_errors.h"
#include "engine/coord/protocol_choice.h"

namespace cauce {
namespace {

// Where nobody has joined in time and static members remain, it is tried again
// after their time-out, but not more often than this.
constexpr absl::Duration kRejoinWaitMin = absl::Milliseconds(100);

}  // namespace

void Group::RebalanceOrCompleteJoin(std::string_view why, absl::Time now) {
  if (state_ != GroupState::kPreparingRebalance) {
    PrepareRebalance(why, now);
  } else if (!first_wait_.has_value() && members_.HaveAllJoined()) {
    CompleteJoin(now);
  }
}

void Group::PrepareRebalance(std::string_view why, absl::Time now) {
  if (state_ == GroupState::kCompletingRebalance) {
    for (auto& [id, member] : members_) member.assignment.clear();
    AnswerSyncs(Rebalancing(id_, why), now);
  }
  for (auto& [id, member] : members_) member.owes_sync = false;
  sync_deadline_ = absl::InfiniteFuture();
  const absl::Duration timeout = members_.RebalanceTimeout();
  if (state_ == GroupState::kEmpty) {
    const absl::Duration delay = options_.initial_rebalance_delay;
    first_wait_ = std::max(timeout - delay, absl::ZeroDuration());
    came_in_first_wait_ = false;
    join_deadline_ = now + delay;
  } else {
    join_deadline_ = now + timeout;
  }
  MoveTo(GroupState::kPreparingRebalance, now);
  if (!first_wait_.has_value() && members_.HaveAllJoined()) CompleteJoin(now);
}

void Group::EndFirstWait(absl::Time now) {
  const absl::Duration left = *first_wait_;
  if (!came_in_first_wait_ || left == absl::ZeroDuration())
    return CompleteJoin(now);
  const absl::Duration more = std::min(options_.initial_rebalance_delay, left);
  came_in_first_wait_ = false;
  first_wait_ = left - more;
  join_deadline_ = now + more;
}

void Group::CompleteJoin(absl::Time now) {
  first_wait_.reset();
  join_deadline_ = absl::InfiniteFuture();
  for (const std::string& id : members_.Ids()) {
    const GroupMember& member = *members_.Find(id);
    // A static member may be starting anew: its session decides.
    if (!member.joining.has_value() && !member.is_static()) RemoveMember(id);
  }
  if (members_.empty()) return StartGeneration(now);
  if (!ChooseJoinedLeader()) {
    join_deadline_ =
        now + std::max(members_.RebalanceTimeout(), kRejoinWaitMin);
    return;
  }
  if (MayTellNext()) return StartGeneration(now);
  StoreNext(now);
}

bool Group::MayTellNext() const {
  return generation_ + generation_step_ - durable_generation_ <
         kUnstoredGenerationsMax;
}

// Members wait in their joins until it is durable.
void Group::StoreNext(absl::Time now) {
  if (std::exchange(stores_next_, true)) return;
  Store(NewGeneration{generation_ + generation_step_}, now);
}

void Group::FinishNext(const absl::Status& status, absl::Time now) {
  if (!std::exchange(stores_next_, false)) return;
  if (state_ != GroupState::kPreparingRebalance) return;
  status.ok() ? CompleteJoin(now) : RefuseJoins(status, now);
}

// They come again; who was never told its id comes as another.
void Group::RefuseJoins(const absl::Status& status, absl::Time now) {
  for (const std::string& id : members_.Ids()) {
    GroupMember& member = *members_.Find(id);
    const bool is_new = member.is_new;
    AnswerJoin(member, JoinReply{.status = status, .member_id = id}, now);
    if (is_new) RemoveMember(id);
  }
  if (members_.empty()) return StartGeneration(now);
  join_deadline_ =
      now + std::max(members_.RebalanceTimeout(), kRejoinWaitMin);
}

bool Group::ChooseJoinedLeader() {
  if (members_.Find(*members_.leader())->joining.has_value()) return true;
  const auto joined = std::ranges::find_if(members_, [](const auto& entry) {
    return entry.second.joining.has_value();
  });
  if (joined == members_.end()) return false;
  members_.set_leader(joined->first);
  return true;
}

void Group::StartGeneration(absl::Time now) {
  generation_ += std::exchange(generation_step_, 1);
  protocol_ = ChooseProtocol(members_);
  FindSubscribedTopics();
  if (members_.empty()) {
    MoveTo(GroupState::kEmpty, now);
    return Store(NewGeneration{generation_}, now);
  }
  MoveTo(GroupState::kCompletingRebalance, now);
  sync_deadline_ = now + members_.RebalanceTimeout();
  for (auto& [id, member] : members_) {
    AnswerJoin(member, JoinedReply(member), now);
    member.is_new = false;
    member.owes_sync = true;
    member.expires = now + member.session_timeout;
  }
}

void Group::ExpireSync(absl::Time now) {
  bool removed = false;
  for (const std::string& id : members_.Ids()) {
    if (!members_.Find(id)->owes_sync) continue;
    RemoveMember(id);
    removed = true;
  }
  if (removed)
    PrepareRebalance("a member did not ask for its assignment in time", now);
}

void Group::FindSubscribedTopics() {
  subscribed_.reset();
  if (type_ != kConsumerProtocolType) return;
  std::set<std::string> topics;
  for (const auto& [id, member] : members_) {
    auto subscribed = SubscribedTopics(member, protocol_);
    if (!subscribed.has_value()) return;
    topics.merge(*subscribed);
  }
  subscribed_ = std::move(topics);
}

}  // namespace cauce
