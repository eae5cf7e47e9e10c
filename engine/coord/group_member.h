// One member of a classic group: what it says of itself, what it was given and
// what it waits for. Not thread-safe.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/group_events.h"

namespace cauce {

struct GroupMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  absl::Duration session_timeout;
  absl::Duration rebalance_timeout;
  std::vector<JoinProtocol> protocols;  // the preferred one first
  std::string assignment;

  // Who waits for it to have joined, and for its assignment.
  std::optional<Waiter> joining;
  std::optional<Waiter> syncing;
  // Its first join is not over: it cannot send heartbeats.
  bool is_new = false;
  // Has joined the generation and not asked for its assignment yet.
  bool owes_sync = false;
  // When it counts as gone, unless something comes.
  absl::Time expires = absl::InfiniteFuture();

  bool is_static() const { return instance_id.has_value(); }

  // Who waits for an answer is not expected to send anything, except in its
  // first join, which may have been given up.
  bool IsExcused() const {
    return !is_new && (joining.has_value() || syncing.has_value());
  }

  bool Offers(const std::string& protocol) const;

  // What it says in the words of `protocol`; empty where it does not offer it.
  std::string MetadataFor(const std::optional<std::string>& protocol) const;
};

// The topics that a consumer subscribed to, in the words of `protocol`. Absent
// where it says nothing that is understood.
std::optional<std::set<std::string>> SubscribedTopics(
    const GroupMember& member, const std::optional<std::string>& protocol);

// Whether it said, in the words of `protocol`, that it had partitions which its
// assignment takes from it: in cooperative rebalancing it then joins again, so
// that others get these. False where either is not understood, and of the eager
// "sticky": there it says what it had last, and has nothing.
bool GivesUpPartitions(const GroupMember& member,
                       const std::optional<std::string>& protocol);

// What `join` says of the member with `id`.
GroupMember MakeMember(const std::string& id, const JoinRequest& join);

}  // namespace cauce
