// Who belongs to a classic group: its members by id, those of them that are
// static by instance, their leader, and who was given an id but has not come
// with it yet.
//
// The leader is a member; there is one whenever there are members. Each
// instance id is that of one member. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/coord/group_member.h"

namespace cauce {

class GroupMembers {
 public:
  using Map = std::map<std::string, GroupMember>;

  // The first one leads. No other member has its id or instance.
  void Add(GroupMember member);
  // Another member leads, if that one did. Returns who left.
  std::optional<GroupMember> Remove(const std::string& id);
  // The static member `old_id` goes on as `new_id`, which leads if it did.
  void Rename(const std::string& old_id, const std::string& new_id);

  // Null where there is none. Valid until it is removed or renamed.
  GroupMember* Find(const std::string& id);
  const GroupMember* Find(const std::string& id) const;
  const GroupMember* FindStatic(const std::string& instance_id) const;

  bool empty() const { return by_id_.empty(); }
  size_t size() const { return by_id_.size(); }
  Map::iterator begin() { return by_id_.begin(); }
  Map::iterator end() { return by_id_.end(); }
  Map::const_iterator begin() const { return by_id_.begin(); }
  Map::const_iterator end() const { return by_id_.end(); }
  std::vector<std::string> Ids() const;

  const std::optional<std::string>& leader() const { return leader_; }
  void set_leader(const std::string& id) { leader_ = id; }
  bool IsLeader(const std::string& id) const { return leader_ == id; }

  // Who was given an id, until `expires`.
  void Expect(const std::string& id, absl::Time expires);
  bool IsExpected(const std::string& id) const;
  // Returns whether it was expected.
  bool StopExpecting(const std::string& id);
  size_t expected() const { return expected_.size(); }

  // How many wait to have joined.
  size_t CountJoining() const;
  // Nobody is missing, neither members nor who was given an id.
  bool HaveAllJoined() const;

  // Somebody has joined and not asked for its assignment yet.
  bool AnyOwesSync() const;

  // Kafka's rebalance time-out of a group: the longest of its members'.
  absl::Duration RebalanceTimeout() const;

  // The member or the expected id that counts as gone first by now.
  std::optional<std::string> FirstExpired(absl::Time now) const;
  // When the next one will; infinite where none does.
  absl::Time NextExpiry() const;

 private:
  Map by_id_;
  std::map<std::string, std::string> ids_by_instance_;
  std::optional<std::string> leader_;
  std::map<std::string, absl::Time> expected_;
};

}  // namespace cauce
