// One classic consumer group: Kafka's membership protocol as a machine.
//
// Members join, which makes a new generation once all have come or the time is
// up; the leader divides the partitions, and each member asks for its share.
// No member is told an assignment before that is durable, nor one of another
// generation than its own. Generations only grow. Everybody who waits is
// answered: by what comes, by the end of a time-out, or by Close.
//
// Events come in one at a time, with the time; what to do comes out. Nothing in
// here knows whether its members are in this process. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/group_state.h"
#include "engine/coord/group_events.h"
#include "engine/coord/group_members.h"
#include "engine/coord/group_options.h"
#include "engine/coord/group_records.h"
#include "engine/coord/offset_expiry.h"

namespace cauce {

// Who wants to commit offsets. A commit by nobody, for a group that is empty,
// has none of these.
struct CommitRequest {
  std::string member_id;
  std::optional<std::string> instance_id;
  int32_t generation = -1;
  enum class Kind { kPlain, kTransactional } kind = Kind::kPlain;
};

class Group {
 public:
  Group(std::string id, GroupOptions options);

  // By how much the time of day is ahead of the times that events come with,
  // from now on: what is stored has to make sense to the next process.
  void set_wall_ahead(absl::Duration ahead) { wall_ahead_ = ahead; }

  // Takes up what was stored of the group: first of all, and once. Members in
  // the process that stored it have gone with it, unless they are static.
  GroupOutput Load(const GroupMetadataValue& stored, absl::Time now);

  // Reason::kInvalidSessionTimeout, kInconsistentGroupProtocol,
  // kMemberIdRequired, kUnknownMemberId, kFencedInstanceId,
  // kGroupMaxSizeReached.
  GroupOutput Join(const JoinRequest& join, absl::Time now);
  // kUnknownMemberId, kFencedInstanceId, kIllegalGeneration,
  // kInconsistentGroupProtocol, kRebalanceInProgress.
  GroupOutput Sync(const SyncRequest& sync, absl::Time now);
  // kRebalanceInProgress tells a member to join again.
  GroupOutput Heartbeat(const HeartbeatRequest& heartbeat, absl::Time now);
  GroupOutput Leave(const LeaveRequest& leave, absl::Time now);
  GroupOutput Tick(absl::Time now);

  // What was to be appended is durable, or is not: the oldest of what was.
  GroupOutput Appended(absl::Time now);
  GroupOutput AppendFailed(const absl::Status& error, absl::Time now);

  // Whether offsets may be committed. A commit shows that its member lives:
  // KeepAlive says so.
  absl::Status CheckCommit(const CommitRequest& commit) const;
  void KeepAlive(const std::string& member_id, absl::Time now);

  // Reason::kGroupNotEmpty, kGroupIdNotFound.
  absl::Status CheckDelete() const;
  // Ends the group, and whoever waits is told `why`.
  GroupOutput Close(const absl::Status& why);

  // Absent where nothing of the group's offsets may expire.
  std::optional<OffsetExpiry> offset_expiry() const;

  const std::string& id() const { return id_; }
  GroupState state() const { return state_; }
  int32_t generation() const { return generation_; }
  const std::optional<std::string>& protocol_type() const { return type_; }
  const std::optional<std::string>& protocol() const { return protocol_; }
  const GroupMembers& members() const { return members_; }

 private:
  // What becomes of an append, once it is durable or is not.
  struct NewAssignment {
    int32_t generation;
    std::map<std::string, std::string> by_member;
  };
  struct RenamedMember {
    JoinRequest join;
    GroupMember before;
    std::string leader_before;
    int32_t generation;
  };
  // Nothing depends on it but that its generation is stored.
  struct NewGeneration {
    int32_t generation;
  };
  using Stored = std::variant<NewAssignment, RenamedMember, NewGeneration>;

  // group_join.cc
  absl::Status CheckJoin(const JoinRequest& join) const;
  bool HasRoomFor(const std::string& member_id) const;
  void JoinAsNew(const JoinRequest& join, absl::Time now);
  void JoinAgain(const JoinRequest& join, absl::Time now);
  void JoinStable(GroupMember& member, const JoinRequest& join, absl::Time now);
  void AddMember(const std::string& id, const JoinRequest& join,
                 absl::Time now);
  void UpdateMember(GroupMember& member, const JoinRequest& join);
  void ReplaceStatic(std::string old_id, const JoinRequest& join,
                     absl::Time now);
  void RefuseJoin(const JoinRequest& join, const absl::Status& status);

  // group_rebalance.cc
  void RebalanceOrCompleteJoin(std::string_view why, absl::Time now);
  void PrepareRebalance(std::string_view why, absl::Time now);
  void CompleteJoin(absl::Time now);
  bool ChooseJoinedLeader();
  bool MayTellNext() const;
  void StoreNext(absl::Time now);
  void FinishNext(const absl::Status& status, absl::Time now);
  void RefuseJoins(const absl::Status& status, absl::Time now);
  void StartGeneration(absl::Time now);
  void EndFirstWait(absl::Time now);
  void ExpireSync(absl::Time now);
  void FindSubscribedTopics();

  // group_sync.cc
  absl::Status CheckSync(const SyncRequest& sync) const;
  void StoreAssignment(const SyncRequest& sync, absl::Time now);
  void Assign(const NewAssignment& assignment, absl::Time now);
  void AnswerSyncs(const absl::Status& status, absl::Time now);
  bool IsStoring(int32_t generation) const;
  GroupOutput FinishStoring(const absl::Status& status, absl::Time now);
  void FinishOne(const Stored& stored, const absl::Status& status,
                 absl::Time now);
  void FinishRename(const RenamedMember& renamed, const absl::Status& status,
                    absl::Time now);

  // group_leave.cc
  absl::Status LeaveOne(const LeavingMember& leaving);
  void RemoveMember(const std::string& id);
  void ExpireMember(const std::string& id, absl::Time now);

  // group_load.cc
  void Store(Stored stored, absl::Time now);
  GroupMetadataValue ToValue(
      const std::map<std::string, std::string>& assignments) const;

  // group.cc
  void MoveTo(GroupState state, absl::Time now);
  JoinReply JoinedReply(const GroupMember& member) const;
  std::vector<JoinedMember> JoinedMembers() const;
  void AnswerJoin(GroupMember& member, JoinReply reply, absl::Time now);
  void AnswerSync(GroupMember& member, const absl::Status& status,
                  absl::Time now);
  bool RunOneDue(absl::Time now);
  absl::Time NextDue() const;
  GroupOutput Finish(absl::Time now);

  const std::string id_;
  const GroupOptions options_;

  GroupState state_ = GroupState::kEmpty;
  absl::Duration wall_ahead_ = absl::ZeroDuration();
  absl::Time state_since_ = absl::InfinitePast();  // by the time of day
  int32_t generation_ = 0;
  // How far the next generation is from this one.
  int32_t generation_step_ = 1;
  // The last one that is durable: one that lies far behind it is not told.
  int32_t durable_generation_ = 0;
  // Everybody has joined, and waits for the next generation to be stored.
  bool stores_next_ = false;
  std::optional<std::string> type_;      // of protocol; as members say it
  std::optional<std::string> protocol_;  // what the generation goes by
  GroupMembers members_;
  // What the members of the generation read, where they say it in a way that
  // is understood.
  std::optional<std::set<std::string>> subscribed_;

  // When a rebalance goes on without those who have not joined.
  absl::Time join_deadline_ = absl::InfiniteFuture();
  // While an empty group waits for more members than the first: how long it
  // may still wait, and whether one has come since it last began to.
  std::optional<absl::Duration> first_wait_;
  bool came_in_first_wait_ = false;
  // When those who owe a sync are given up.
  absl::Time sync_deadline_ = absl::InfiniteFuture();

  // What is being appended, the oldest first: by output.
  std::deque<std::vector<Stored>> storing_;
  // Of the event that is being worked on.
  std::vector<Stored> storing_now_;
  GroupOutput out_;
};

}  // namespace cauce
