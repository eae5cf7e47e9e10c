// How members go: by their own word, an administrator's, or a time-out.
#include <utility>

#include "engine/coord/group.h"
#include "engine/coord/group_errors.h"

namespace cauce {

GroupOutput Group::Leave(const LeaveRequest& leave, absl::Time now) {
  LeaveReply reply;
  const size_t before = members_.size();
  if (state_ == GroupState::kDead) {
    reply.status = GroupIsDead(id_);
  } else {
    for (const LeavingMember& leaving : leave.members)
      reply.members.push_back(LeaveOne(leaving));
  }
  out_.Answer(leave.waiter, std::move(reply));
  // In a rebalance whoever has only been given an id was waited for, too.
  if (state_ == GroupState::kPreparingRebalance || members_.size() < before)
    RebalanceOrCompleteJoin("a member has left", now);
  return Finish(now);
}

absl::Status Group::LeaveOne(const LeavingMember& leaving) {
  if (leaving.member_id.empty()) {
    const GroupMember* instance =
        leaving.instance_id.has_value()
            ? members_.FindStatic(*leaving.instance_id)
            : nullptr;
    if (instance == nullptr)
      return UnknownInstance(id_, leaving.instance_id.value_or(""));
    RemoveMember(std::string(instance->id));
    return absl::OkStatus();
  }
  if (members_.StopExpecting(leaving.member_id)) return absl::OkStatus();
  const absl::Status is_member =
      CheckMember(id_, members_, leaving.member_id, leaving.instance_id);
  if (is_member.ok()) RemoveMember(leaving.member_id);
  return is_member;
}

// Whoever waits in its name is told to join anew, if there still is anybody.
void Group::RemoveMember(const std::string& id) {
  members_.StopExpecting(id);
  std::optional<GroupMember> removed = members_.Remove(id);
  if (!removed.has_value()) return;
  const absl::Status unknown = UnknownMember(id_, id);
  AnswerJoin(*removed, JoinReply{.status = unknown},
             absl::InfiniteFuture());
  AnswerSync(*removed, unknown, absl::InfiniteFuture());
}

void Group::ExpireMember(const std::string& id, absl::Time now) {
  GroupMember* member = members_.Find(id);
  if (member != nullptr && member->IsExcused()) {
    member->expires = absl::InfiniteFuture();
    return;
  }
  const bool was_member = member != nullptr;
  RemoveMember(id);
  if (state_ == GroupState::kPreparingRebalance) {
    if (members_.HaveAllJoined()) CompleteJoin(now);
  } else if (was_member) {
    PrepareRebalance("a member has timed out", now);
  }
}

}  // namespace cauce
