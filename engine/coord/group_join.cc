// How members come into a group: Group::Join.
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/group.h"
#include "engine/coord/group_errors.h"
#include "engine/coord/protocol_choice.h"
#include "fmt/format.h"

namespace cauce {

GroupOutput Group::Join(const JoinRequest& join, absl::Time now) {
  const absl::Status status = CheckJoin(join);
  if (!status.ok()) {
    RefuseJoin(join, status);
  } else if (!HasRoomFor(join.member_id)) {
    // Where the limit was lowered, whoever comes last must go.
    RemoveMember(join.member_id);
    if (state_ == GroupState::kPreparingRebalance)
      RebalanceOrCompleteJoin("a member had no room", now);
    RefuseJoin(join, MakeError(Reason::kGroupMaxSizeReached,
                               fmt::format("group {}: has {} members, and may "
                                           "have {} (group.max.size)",
                                           id_, members_.size(),
                                           options_.size_max)));
  } else if (join.member_id.empty()) {
    JoinAsNew(join, now);
  } else {
    JoinAgain(join, now);
  }
  return Finish(now);
}

absl::Status Group::CheckJoin(const JoinRequest& join) const {
  if (state_ == GroupState::kDead) return GroupIsDead(id_);
  // In this process it costs nobody anything.
  const bool is_remote = !join.client_host.empty();
  if (is_remote && (join.session_timeout < options_.session_timeout_min ||
                    join.session_timeout > options_.session_timeout_max)) {
    return MakeError(
        Reason::kInvalidSessionTimeout,
        fmt::format("group {}: session time-out is {}, and must be from {} to "
                    "{}",
                    id_, absl::FormatDuration(join.session_timeout),
                    absl::FormatDuration(options_.session_timeout_min),
                    absl::FormatDuration(options_.session_timeout_max)));
  }
  const absl::Status fits = CheckFitsRecord(id_, join);
  if (!fits.ok()) return fits;
  if (join.protocol_type.empty() || join.protocols.empty()) {
    return MakeError(Reason::kInconsistentGroupProtocol,
                     fmt::format("group {}: a member must offer a protocol and "
                                 "say of what type it is",
                                 id_));
  }
  if (state_ != GroupState::kEmpty && type_ != join.protocol_type) {
    return MakeError(
        Reason::kInconsistentGroupProtocol,
        fmt::format("group {}: its protocol type is {}, and a member came with "
                    "{}",
                    id_, type_.value_or("none"), join.protocol_type));
  }
  if (state_ != GroupState::kEmpty && !CanAgree(members_, join.protocols)) {
    return MakeError(
        Reason::kInconsistentGroupProtocol,
        fmt::format("group {}: a member offers {} and others, and no protocol "
                    "that all {} members offer",
                    id_, join.protocols.front().name, members_.size()));
  }
  return absl::OkStatus();
}

bool Group::HasRoomFor(const std::string& member_id) const {
  const GroupMember* member = members_.Find(member_id);
  switch (state_) {
    case GroupState::kPreparingRebalance:
      // By those who have come: of more members than may be, the last ones to
      // join again are those that go.
      return (member != nullptr && member->joining.has_value()) ||
             members_.CountJoining() < options_.size_max;
    case GroupState::kCompletingRebalance:
    case GroupState::kStable:
      return member != nullptr || members_.size() < options_.size_max;
    default:
      return true;
  }
}

void Group::JoinAsNew(const JoinRequest& join, absl::Time now) {
  if (join.instance_id.has_value()) {
    const GroupMember* before = members_.FindStatic(*join.instance_id);
    if (before != nullptr) return ReplaceStatic(before->id, join, now);
  } else if (join.requires_known_id) {
    if (members_.expected() >= options_.expected_max) {
      return RefuseJoin(
          join, MakeError(Reason::kGroupMaxSizeReached,
                          fmt::format("group {}: {} that were given an id have "
                                      "not come with it yet, and {} may: try "
                                      "again later",
                                      id_, members_.expected(),
                                      options_.expected_max)));
    }
    members_.Expect(join.new_member_id, now + join.session_timeout);
    JoinReply reply;
    reply.member_id = join.new_member_id;
    reply.status = MakeError(
        Reason::kMemberIdRequired,
        fmt::format("group {}: join again as {}", id_, join.new_member_id));
    out_.Answer(join.waiter, std::move(reply));
    return;
  }
  AddMember(join.new_member_id, join, now);
}

void Group::JoinAgain(const JoinRequest& join, absl::Time now) {
  const bool is_expected =
      members_.IsExpected(join.member_id) && !join.instance_id.has_value();
  if (is_expected) return AddMember(join.member_id, join, now);

  const absl::Status is_member =
      CheckMember(id_, members_, join.member_id, join.instance_id);
  if (!is_member.ok()) return RefuseJoin(join, is_member);

  GroupMember& member = *members_.Find(join.member_id);
  switch (state_) {
    case GroupState::kStable:
      return JoinStable(member, join, now);
    case GroupState::kCompletingRebalance:
      if (member.protocols == join.protocols) {
        // It has not heard that it joined.
        out_.Answer(join.waiter, JoinedReply(member));
        return;
      }
      [[fallthrough]];
    default:
      UpdateMember(member, join);
      RebalanceOrCompleteJoin("a member changed what it wants", now);
  }
}

void Group::JoinStable(GroupMember& member, const JoinRequest& join,
                       absl::Time now) {
  // The leader comes for a new division, whatever it says: topics may have
  // grown. For others there must be a reason.
  if (members_.IsLeader(member.id) || member.protocols != join.protocols) {
    UpdateMember(member, join);
    return RebalanceOrCompleteJoin("a member wants a new assignment", now);
  }
  out_.Answer(join.waiter, JoinedReply(member));
}

void Group::AddMember(const std::string& id, const JoinRequest& join,
                      absl::Time now) {
  members_.StopExpecting(id);
  if (members_.empty()) type_ = join.protocol_type;
  GroupMember member = MakeMember(id, join);
  member.is_new = true;
  member.joining = join.waiter;
  member.expires = now + options_.new_member_join_timeout;
  members_.Add(std::move(member));
  if (first_wait_.has_value()) came_in_first_wait_ = true;
  RebalanceOrCompleteJoin("a member has come", now);
}

void Group::UpdateMember(GroupMember& member, const JoinRequest& join) {
  if (member.joining.has_value()) {
    // Its sender asked again, and reads the newer answer.
    JoinReply reply;
    reply.status = Rebalancing(id_, "a newer request came");
    reply.member_id = member.id;
    out_.Answer(*member.joining, std::move(reply));
  }
  member.protocols = join.protocols;
  member.session_timeout = join.session_timeout;
  member.rebalance_timeout = join.rebalance_timeout;
  member.joining = join.waiter;
}

void Group::ReplaceStatic(std::string old_id, const JoinRequest& join,
                          absl::Time now) {
  RenamedMember renamed{join, *members_.Find(old_id),
                        members_.leader().value_or(""), generation_};
  const absl::Status fenced = MakeError(
      Reason::kFencedInstanceId,
      fmt::format("group {}: instance {} is member {} now, and no longer {}",
                  id_, *join.instance_id, join.new_member_id, old_id));
  members_.Rename(old_id, join.new_member_id);
  GroupMember& member = *members_.Find(join.new_member_id);
  AnswerJoin(member, JoinReply{.status = fenced, .member_id = old_id}, now);
  AnswerSync(member, fenced, now);
  UpdateMember(member, join);
  member.is_new = false;
  const bool reads_the_same = SubscribedTopics(member, protocol_) ==
                              SubscribedTopics(renamed.before, protocol_);
  if (state_ == GroupState::kStable && reads_the_same &&
      !GivesUpPartitions(renamed.before, protocol_) &&
      ChooseProtocol(members_) == protocol_) {
    // Nobody else need know: it takes over the assignment, once a restart
    // would find it under its new name. Kafka does so even where it reads
    // other topics now, and leaves those unread; and where it ended before it
    // had joined again without the partitions it gave up, which then are
    // nobody's.
    member.joining.reset();
    member.expires = now + member.session_timeout;
    renamed.before.joining.reset();
    renamed.before.syncing.reset();
    return Store(std::move(renamed), now);
  }
  RebalanceOrCompleteJoin("a static member started anew", now);
}

void Group::RefuseJoin(const JoinRequest& join, const absl::Status& status) {
  JoinReply reply;
  reply.status = status;
  reply.member_id = join.member_id;
  out_.Answer(join.waiter, std::move(reply));
}

}  // namespace cauce
