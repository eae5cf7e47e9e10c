#include "engine/coord/group_members.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace cauce {

void GroupMembers::Add(GroupMember member) {
  if (by_id_.empty()) leader_ = member.id;
  if (member.is_static()) {
    CAUCE_CHECK(
        ids_by_instance_.emplace(*member.instance_id, member.id).second);
  }
  const std::string id = member.id;
  CAUCE_CHECK(by_id_.emplace(id, std::move(member)).second);
}

std::optional<GroupMember> GroupMembers::Remove(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  GroupMember removed = std::move(found->second);
  by_id_.erase(found);
  if (removed.is_static()) ids_by_instance_.erase(*removed.instance_id);
  if (by_id_.empty()) {
    leader_.reset();
  } else if (IsLeader(id)) {
    leader_ = by_id_.begin()->first;
  }
  return removed;
}

void GroupMembers::Rename(const std::string& old_id,
                          const std::string& new_id) {
  // Asked first: `old_id` may be the very id that changes.
  const bool leads = IsLeader(old_id);
  auto node = by_id_.extract(old_id);
  CAUCE_CHECK(!node.empty() && node.mapped().is_static());
  node.key() = new_id;
  node.mapped().id = new_id;
  ids_by_instance_[*node.mapped().instance_id] = new_id;
  CAUCE_CHECK(by_id_.insert(std::move(node)).inserted);
  if (leads) leader_ = new_id;
}

GroupMember* GroupMembers::Find(const std::string& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const GroupMember* GroupMembers::Find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const GroupMember* GroupMembers::FindStatic(
    const std::string& instance_id) const {
  const auto found = ids_by_instance_.find(instance_id);
  return found == ids_by_instance_.end() ? nullptr : Find(found->second);
}

std::vector<std::string> GroupMembers::Ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, member] : by_id_) ids.push_back(id);
  return ids;
}

void GroupMembers::Expect(const std::string& id, absl::Time expires) {
  expected_[id] = expires;
}

bool GroupMembers::IsExpected(const std::string& id) const {
  return expected_.contains(id);
}

bool GroupMembers::StopExpecting(const std::string& id) {
  return expected_.erase(id) > 0;
}

size_t GroupMembers::CountJoining() const {
  return std::ranges::count_if(by_id_, [](const auto& entry) {
    return entry.second.joining.has_value();
  });
}

bool GroupMembers::HaveAllJoined() const {
  return expected_.empty() && CountJoining() == size();
}

bool GroupMembers::AnyOwesSync() const {
  return std::ranges::any_of(
      by_id_, [](const auto& entry) { return entry.second.owes_sync; });
}

absl::Duration GroupMembers::RebalanceTimeout() const {
  absl::Duration longest = absl::ZeroDuration();
  for (const auto& [id, member] : by_id_)
    longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

std::optional<std::string> GroupMembers::FirstExpired(absl::Time now) const {
  for (const auto& [id, expires] : expected_) {
    if (expires <= now) return id;
  }
  for (const auto& [id, member] : by_id_) {
    if (member.expires <= now) return id;
  }
  return std::nullopt;
}

absl::Time GroupMembers::NextExpiry() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, expires] : expected_) next = std::min(next, expires);
  for (const auto& [id, member] : by_id_)
    next = std::min(next, member.expires);
  return next;
}

}  // namespace cauce
