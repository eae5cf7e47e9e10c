#include "engine/coord/group.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/coord/group_errors.h"
#include "fmt/format.h"

namespace cauce {

Group::Group(std::string id, GroupOptions options)
    : id_(std::move(id)), options_(options) {}

GroupOutput Group::Heartbeat(const HeartbeatRequest& heartbeat,
                             absl::Time now) {
  absl::Status status =
      state_ == GroupState::kDead
          ? GroupIsDead(id_)
          : CheckMember(id_, members_, heartbeat.member_id,
                        heartbeat.instance_id);
  if (status.ok() && heartbeat.generation != generation_) {
    status = WrongGeneration(id_, heartbeat.member_id, heartbeat.generation,
                             generation_);
  }
  if (status.ok()) {
    KeepAlive(heartbeat.member_id, now);
    if (state_ == GroupState::kPreparingRebalance)
      status = Rebalancing(id_, "it waits for its members");
  }
  out_.Answer(heartbeat.waiter, HeartbeatReply{std::move(status)});
  return Finish(now);
}

GroupOutput Group::Tick(absl::Time now) { return Finish(now); }

absl::Status Group::CheckCommit(const CommitRequest& commit) const {
  const bool is_plain = commit.kind == CommitRequest::Kind::kPlain;
  const bool is_anonymous = commit.generation < 0 && commit.member_id.empty() &&
                            !commit.instance_id.has_value();
  if (state_ == GroupState::kDead) return GroupIsDead(id_);
  // From an administrator, or a consumer that assigns its partitions itself.
  if (commit.generation < 0 && state_ == GroupState::kEmpty)
    return absl::OkStatus();
  if (is_anonymous) {
    if (!is_plain) return absl::OkStatus();
    return MakeError(
        Reason::kUnknownMemberId,
        fmt::format("group {}: has {} members, and who is none of them can "
                    "commit for an empty group only",
                    id_, members_.size()));
  }
  const absl::Status is_member =
      CheckMember(id_, members_, commit.member_id, commit.instance_id);
  if (!is_member.ok()) return is_member;
  if (commit.generation != generation_) {
    return WrongGeneration(id_, commit.member_id, commit.generation,
                           generation_);
  }
  // It has joined and does not know its share yet: what it commits it has read
  // as a member of the generation before.
  if (is_plain && state_ == GroupState::kCompletingRebalance)
    return Rebalancing(id_, "it waits for its assignment");
  return absl::OkStatus();
}

void Group::KeepAlive(const std::string& member_id, absl::Time now) {
  GroupMember* member = members_.Find(member_id);
  if (member != nullptr && !member->is_new)
    member->expires = now + member->session_timeout;
}

absl::Status Group::CheckDelete() const {
  switch (state_) {
    case GroupState::kEmpty:
      return absl::OkStatus();
    case GroupState::kDead:
      return MakeError(Reason::kGroupIdNotFound,
                       fmt::format("group {}: does not exist", id_));
    default:
      return MakeError(
          Reason::kGroupNotEmpty,
          fmt::format("group {}: has {} members, which must leave first", id_,
                      members_.size()));
  }
}

GroupOutput Group::Close(const absl::Status& why) {
  for (const std::vector<Stored>& batch : storing_) {
    for (const Stored& stored : batch) {
      if (const auto* renamed = std::get_if<RenamedMember>(&stored))
        RefuseJoin(renamed->join, why);
    }
  }
  for (auto& [id, member] : members_) {
    AnswerJoin(member, JoinReply{.status = why, .member_id = id},
               absl::InfiniteFuture());
    AnswerSync(member, why, absl::InfiniteFuture());
  }
  storing_.clear();
  members_ = GroupMembers();
  state_ = GroupState::kDead;
  join_deadline_ = sync_deadline_ = absl::InfiniteFuture();
  return Finish(absl::InfinitePast());
}

std::optional<OffsetExpiry> Group::offset_expiry() const {
  if (!type_.has_value()) return OffsetExpiry{};
  if (state_ == GroupState::kEmpty) {
    if (state_since_ == absl::InfinitePast()) return OffsetExpiry{};
    return OffsetExpiry{.empty_since = state_since_, .subscribed = {}};
  }
  if (state_ == GroupState::kStable && subscribed_.has_value())
    return OffsetExpiry{.empty_since = {}, .subscribed = *subscribed_};
  return std::nullopt;
}

void Group::MoveTo(GroupState state, absl::Time now) {
  state_ = state;
  state_since_ = now + wall_ahead_;
}

JoinReply Group::JoinedReply(const GroupMember& member) const {
  JoinReply reply;
  reply.member_id = member.id;
  reply.generation = generation_;
  reply.protocol_type = type_;
  reply.protocol = protocol_;
  reply.leader = members_.leader().value_or("");
  if (members_.IsLeader(member.id)) reply.members = JoinedMembers();
  return reply;
}

std::vector<JoinedMember> Group::JoinedMembers() const {
  std::vector<JoinedMember> joined;
  for (const auto& [id, member] : members_)
    joined.push_back({id, member.instance_id, member.MetadataFor(protocol_)});
  return joined;
}

void Group::AnswerJoin(GroupMember& member, JoinReply reply, absl::Time now) {
  if (!member.joining.has_value()) return;
  out_.Answer(*member.joining, std::move(reply));
  member.joining.reset();
  member.expires = now + member.session_timeout;
}

void Group::AnswerSync(GroupMember& member, const absl::Status& status,
                       absl::Time now) {
  if (!member.syncing.has_value()) return;
  SyncReply reply{.status = status};
  if (status.ok()) {
    reply.protocol_type = type_;
    reply.protocol = protocol_;
    reply.assignment = member.assignment;
  }
  out_.Answer(*member.syncing, std::move(reply));
  member.syncing.reset();
  // While it waited nothing was expected of it: its time begins anew.
  member.expires = now + member.session_timeout;
}

bool Group::RunOneDue(absl::Time now) {
  if (state_ == GroupState::kDead) return false;
  if (const auto expired = members_.FirstExpired(now)) {
    ExpireMember(*expired, now);
    return true;
  }
  if (join_deadline_ <= now) {
    join_deadline_ = absl::InfiniteFuture();
    first_wait_.has_value() ? EndFirstWait(now) : CompleteJoin(now);
    return true;
  }
  if (sync_deadline_ <= now) {
    sync_deadline_ = absl::InfiniteFuture();
    ExpireSync(now);
    return true;
  }
  return false;
}

absl::Time Group::NextDue() const {
  return std::min({members_.NextExpiry(), join_deadline_, sync_deadline_});
}

GroupOutput Group::Finish(absl::Time now) {
  // Each either takes away a member, ends a rebalance or moves a deadline
  // behind now, so there is a last one.
  while (RunOneDue(now)) {
  }
  if (!storing_now_.empty())
    storing_.push_back(std::exchange(storing_now_, {}));
  const absl::Time next = NextDue();
  if (next != absl::InfiniteFuture()) out_.wake_at = next;
  return std::exchange(out_, {});
}

}  // namespace cauce
