// What comes to a classic group and what it answers: Kafka's requests and
// responses of JoinGroup, SyncGroup, Heartbeat and LeaveGroup without their
// bytes, and what the caller shall do. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/coord/state_record.h"
#include "engine/coord/waiter.h"

namespace cauce {

// A way to divide partitions that a member offers, and what it says of itself
// in the words of that.
struct JoinProtocol {
  std::string name;
  std::string metadata;
  friend bool operator==(const JoinProtocol&, const JoinProtocol&) = default;
};

struct JoinRequest {
  Waiter waiter = 0;
  std::string member_id;  // empty: not a member yet
  // Of a static member: the id that it keeps when it starts anew.
  std::optional<std::string> instance_id;
  // The id to have if it needs one: unique, and so given by the caller.
  std::string new_member_id;
  std::string client_id;
  std::string client_host;  // empty: in this process
  absl::Duration session_timeout;
  absl::Duration rebalance_timeout;
  std::string protocol_type;
  std::vector<JoinProtocol> protocols;  // the preferred one first
  // Must come again with the id that it was given, so that no request whose
  // sender has gone makes a member. Since version 4.
  bool requires_known_id = false;
  // Knows JoinReply::skip_assignment. Since version 9.
  bool may_skip_assignment = false;
};

struct JoinedMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string metadata;
  friend bool operator==(const JoinedMember&, const JoinedMember&) = default;
};

struct JoinReply {
  absl::Status status;
  std::string member_id;
  int32_t generation = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol;
  std::string leader;
  bool skip_assignment = false;       // the leader keeps the last one
  std::vector<JoinedMember> members;  // told to the leader alone
};

struct MemberAssignment {
  std::string member_id;
  std::string assignment;
};

struct SyncRequest {
  Waiter waiter = 0;
  std::string member_id;
  std::optional<std::string> instance_id;
  int32_t generation = -1;
  std::optional<std::string> protocol_type;  // since version 5, as protocol
  std::optional<std::string> protocol;
  std::vector<MemberAssignment> assignments;  // the leader's alone
};

struct SyncReply {
  absl::Status status;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol;
  std::string assignment;
};

struct HeartbeatRequest {
  Waiter waiter = 0;
  std::string member_id;
  std::optional<std::string> instance_id;
  int32_t generation = -1;
};

struct HeartbeatReply {
  absl::Status status;
};

struct LeavingMember {
  std::string member_id;  // empty: whoever is the instance
  std::optional<std::string> instance_id;
};

struct LeaveRequest {
  Waiter waiter = 0;
  std::vector<LeavingMember> members;
};

struct LeaveReply {
  absl::Status status;
  std::vector<absl::Status> members;  // as they were asked for
};

struct GroupReply {
  Waiter waiter = 0;
  std::variant<JoinReply, SyncReply, HeartbeatReply, LeaveReply> what;
};

// What the caller does, in this order.
struct GroupOutput {
  // 1. Makes these durable, as one batch, and says Appended or AppendFailed:
  //    once for each output that has any, in the order of the outputs.
  std::vector<StateRecord> append;
  // 2. Answers these, at once: what must wait for the records comes with
  //    Appended.
  std::vector<GroupReply> reply;
  // 3. Has members ask how they stand where this says so: one of them has
  //    another's place, and does not know it.
  bool has_replaced = false;
  // 4. Comes back with Tick at this time, and no longer at an earlier one.
  std::optional<absl::Time> wake_at;

  template <typename Reply>
  void Answer(Waiter waiter, Reply what) {
    GroupReply& answer = reply.emplace_back();
    answer.waiter = waiter;
    answer.what = std::move(what);
  }
};

}  // namespace cauce
