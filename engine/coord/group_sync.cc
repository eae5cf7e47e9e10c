// How members come to their assignments: Group::Sync, and what becomes of an
// append.
#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/coord/group.h"
#include "engine/coord/group_errors.h"
#include "engine/coord/waiter_errors.h"
#include "fmt/format.h"

namespace cauce {
namespace {

bool Contradicts(const std::optional<std::string>& theirs,
                 const std::optional<std::string>& ours) {
  return theirs.has_value() && ours.has_value() && *theirs != *ours;
}

}  // namespace

GroupOutput Group::Sync(const SyncRequest& sync, absl::Time now) {
  const absl::Status status = CheckSync(sync);
  if (!status.ok()) {
    out_.Answer(sync.waiter, SyncReply{.status = status});
    return Finish(now);
  }
  GroupMember& member = *members_.Find(sync.member_id);
  AnswerSync(member, Rebalancing(id_, "a newer request came"), now);
  member.syncing = sync.waiter;
  member.owes_sync = false;
  if (!members_.AnyOwesSync()) sync_deadline_ = absl::InfiniteFuture();
  if (state_ == GroupState::kStable) {
    AnswerSync(member, absl::OkStatus(), now);
  } else if (members_.IsLeader(member.id)) {
    StoreAssignment(sync, now);
  }
  return Finish(now);
}

absl::Status Group::CheckSync(const SyncRequest& sync) const {
  if (state_ == GroupState::kDead) return GroupIsDead(id_);
  const absl::Status is_member =
      CheckMember(id_, members_, sync.member_id, sync.instance_id);
  if (!is_member.ok()) return is_member;
  if (sync.generation != generation_)
    return WrongGeneration(id_, sync.member_id, sync.generation, generation_);
  if (Contradicts(sync.protocol_type, type_) ||
      Contradicts(sync.protocol, protocol_)) {
    return MakeError(
        Reason::kInconsistentGroupProtocol,
        fmt::format("group {}: goes by {} of type {}, and member {} by {} of "
                    "{}",
                    id_, protocol_.value_or("none"), type_.value_or("none"),
                    sync.member_id, sync.protocol.value_or("none"),
                    sync.protocol_type.value_or("none")));
  }
  if (state_ == GroupState::kPreparingRebalance)
    return Rebalancing(id_, "it waits for its members");
  return CheckFitsRecord(id_, sync);
}

void Group::StoreAssignment(const SyncRequest& sync, absl::Time now) {
  // Where the leader asks again the first answer is still on its way.
  if (IsStoring(generation_)) return;
  NewAssignment assignment{generation_, {}};
  for (const MemberAssignment& given : sync.assignments)
    assignment.by_member[given.member_id] = given.assignment;
  Store(std::move(assignment), now);
}

bool Group::IsStoring(int32_t generation) const {
  for (const std::vector<Stored>& batch : storing_) {
    for (const Stored& stored : batch) {
      const auto* assignment = std::get_if<NewAssignment>(&stored);
      if (assignment != nullptr && assignment->generation == generation)
        return true;
    }
  }
  return false;
}

GroupOutput Group::Appended(absl::Time now) {
  return FinishStoring(absl::OkStatus(), now);
}

GroupOutput Group::AppendFailed(const absl::Status& error, absl::Time now) {
  return FinishStoring(ErrorOfAppend(fmt::format("group {}", id_), error),
                       now);
}

GroupOutput Group::FinishStoring(const absl::Status& status, absl::Time now) {
  if (state_ == GroupState::kDead) return Finish(now);
  CAUCE_CHECK(!storing_.empty());
  const std::vector<Stored> batch = std::move(storing_.front());
  storing_.pop_front();
  for (const Stored& stored : batch) FinishOne(stored, status, now);
  return Finish(now);
}

void Group::FinishOne(const Stored& stored, const absl::Status& status,
                      absl::Time now) {
  const int32_t generation =
      std::visit([](const auto& each) { return each.generation; }, stored);
  if (status.ok())
    durable_generation_ = std::max(durable_generation_, generation);
  if (const auto* renamed = std::get_if<RenamedMember>(&stored))
    return FinishRename(*renamed, status, now);
  // On an empty group's record nothing else depends: if it is lost, the
  // generation before has members that time out.
  if (std::holds_alternative<NewGeneration>(stored))
    return FinishNext(status, now);
  const auto* assignment = std::get_if<NewAssignment>(&stored);
  if (assignment->generation != generation_ ||
      state_ != GroupState::kCompletingRebalance) {
    return;
  }
  if (status.ok()) return Assign(*assignment, now);
  AnswerSyncs(status, now);
  PrepareRebalance("its assignment could not be stored", now);
}

void Group::Assign(const NewAssignment& assignment, absl::Time now) {
  for (auto& [id, member] : members_) {
    const auto given = assignment.by_member.find(id);
    member.assignment =
        given == assignment.by_member.end() ? "" : given->second;
  }
  MoveTo(GroupState::kStable, now);
  AnswerSyncs(absl::OkStatus(), now);
}

void Group::AnswerSyncs(const absl::Status& status, absl::Time now) {
  for (auto& [id, member] : members_) AnswerSync(member, status, now);
}

void Group::FinishRename(const RenamedMember& renamed,
                         const absl::Status& status, absl::Time now) {
  const JoinRequest& join = renamed.join;
  GroupMember* member = members_.Find(join.new_member_id);
  const bool is_as_it_was = state_ == GroupState::kStable &&
                            generation_ == renamed.generation &&
                            member != nullptr;
  if (status.ok() && is_as_it_was) {
    out_.has_replaced = true;
    JoinReply reply = JoinedReply(*member);
    if (join.may_skip_assignment) {
      reply.skip_assignment = members_.IsLeader(member->id);
    } else {
      // It would divide the partitions anew if it knew that it leads.
      reply.leader = renamed.leader_before;
      reply.members.clear();
    }
    out_.Answer(join.waiter, std::move(reply));
    return;
  }
  if (!status.ok() && is_as_it_was) {
    members_.Rename(join.new_member_id, renamed.before.id);
    GroupMember& before = *members_.Find(renamed.before.id);
    before.protocols = renamed.before.protocols;
    before.session_timeout = renamed.before.session_timeout;
    before.rebalance_timeout = renamed.before.rebalance_timeout;
    before.expires = now + before.session_timeout;
  }
  if (!status.ok()) return RefuseJoin(join, status);
  const absl::Status is_member =
      CheckMember(id_, members_, join.new_member_id, join.instance_id);
  RefuseJoin(join, is_member.ok() ? Rebalancing(id_, "it has gone on meanwhile")
                                  : is_member);
}

}  // namespace cauce
