// What a group keeps in the log, and how it begins again from that.
#include <utility>

#include "engine/coord/group.h"

namespace cauce {
namespace {

GroupMember MemberOf(const GroupMemberMetadata& stored,
                     const GroupMetadataValue& group, absl::Time now) {
  GroupMember member;
  member.id = stored.member_id;
  member.instance_id = stored.group_instance_id;
  member.client_id = stored.client_id;
  member.client_host = stored.client_host;
  member.session_timeout = stored.session_timeout;
  member.rebalance_timeout = stored.rebalance_timeout < absl::ZeroDuration()
                                 ? stored.session_timeout
                                 : stored.rebalance_timeout;
  member.protocols = {{group.protocol.value_or(""), stored.subscription}};
  member.assignment = stored.assignment;
  // It may have been away for as long as nobody has listened.
  member.expires = now + member.session_timeout;
  return member;
}

bool HasGone(const GroupMemberMetadata& member) {
  return member.client_host.empty() && !member.group_instance_id.has_value();
}

}  // namespace

GroupOutput Group::Load(const GroupMetadataValue& stored, absl::Time now) {
  generation_ = durable_generation_ = stored.generation;
  if (!stored.protocol_type.empty()) type_ = stored.protocol_type;
  protocol_ = stored.protocol;
  bool has_any_gone = false;
  // Else nobody is of the generation, which was stored before it was told.
  bool has_assignments = stored.members.empty();
  for (const GroupMemberMetadata& member : stored.members) {
    has_assignments = has_assignments || !member.assignment.empty();
    const bool is_twice =
        members_.Find(member.member_id) != nullptr ||
        (member.group_instance_id.has_value() &&
         members_.FindStatic(*member.group_instance_id) != nullptr);
    if (HasGone(member) || is_twice) {
      has_any_gone = true;
    } else {
      if (!member.client_host.empty())
        generation_step_ = kUnstoredGenerationsMax;
      members_.Add(MemberOf(member, stored, now));
    }
  }
  if (stored.leader.has_value() && members_.Find(*stored.leader) != nullptr)
    members_.set_leader(*stored.leader);
  FindSubscribedTopics();
  state_ = stored.members.empty() ? GroupState::kEmpty : GroupState::kStable;
  if (stored.current_state_timestamp.has_value())
    state_since_ = stored.current_state_timestamp.ToTime();
  if (has_any_gone || !has_assignments || members_.size() > options_.size_max)
    PrepareRebalance("its members are not those that were stored", now);
  return Finish(now);
}

void Group::Store(Stored stored, absl::Time now) {
  std::map<std::string, std::string> assignments;
  if (const auto* assignment = std::get_if<NewAssignment>(&stored)) {
    assignments = assignment->by_member;
  } else if (std::holds_alternative<RenamedMember>(stored)) {
    for (const auto& [id, member] : members_)
      assignments[id] = member.assignment;
  }
  GroupMetadataValue value = ToValue(assignments);
  if (const auto* next = std::get_if<NewGeneration>(&stored))
    value.generation = next->generation;
  value.current_state_timestamp = Timestamp::From(now + wall_ahead_);
  out_.append.push_back({EncodeGroupMetadataKey({id_}),
                         EncodeGroupMetadataValue(value)});
  storing_now_.push_back(std::move(stored));
}

GroupMetadataValue Group::ToValue(
    const std::map<std::string, std::string>& assignments) const {
  GroupMetadataValue value;
  value.protocol_type = type_.value_or("");
  value.generation = generation_;
  value.protocol = protocol_;
  value.leader = members_.leader();
  for (const auto& [id, member] : members_) {
    const auto assignment = assignments.find(id);
    value.members.push_back(
        {.member_id = id,
         .group_instance_id = member.instance_id,
         .client_id = member.client_id,
         .client_host = member.client_host,
         .rebalance_timeout = member.rebalance_timeout,
         .session_timeout = member.session_timeout,
         .subscription = member.MetadataFor(protocol_),
         .assignment =
             assignment == assignments.end() ? "" : assignment->second});
  }
  return value;
}

}  // namespace cauce
