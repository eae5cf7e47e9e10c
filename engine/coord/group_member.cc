#include "engine/coord/group_member.h"

#include <algorithm>
#include <string_view>

#include "engine/coord/consumer_protocol.h"

namespace cauce {
namespace {

constexpr std::string_view kEagerSticky = "sticky";

}  // namespace

bool GroupMember::Offers(const std::string& protocol) const {
  return std::ranges::find(protocols, protocol, &JoinProtocol::name) !=
         protocols.end();
}

std::string GroupMember::MetadataFor(
    const std::optional<std::string>& protocol) const {
  const auto found =
      std::ranges::find_if(protocols, [&protocol](const JoinProtocol& offered) {
        return offered.name == protocol;
      });
  return found == protocols.end() ? "" : found->metadata;
}

std::optional<std::set<std::string>> SubscribedTopics(
    const GroupMember& member, const std::optional<std::string>& protocol) {
  const auto subscription = DecodeSubscription(member.MetadataFor(protocol));
  if (!subscription.ok()) return std::nullopt;
  return std::set<std::string>(subscription->topics.begin(),
                               subscription->topics.end());
}

bool GivesUpPartitions(const GroupMember& member,
                       const std::optional<std::string>& protocol) {
  if (protocol == kEagerSticky) return false;
  const auto subscription = DecodeSubscription(member.MetadataFor(protocol));
  const auto assignment = DecodeAssignment(member.assignment);
  if (!subscription.ok() || !assignment.ok()) return false;

  std::set<TopicPartition> given_up;
  for (const auto& [topic, partitions] : subscription->owned_partitions) {
    for (const PartitionId id : partitions) given_up.insert({topic, id});
  }
  for (const auto& [topic, partitions] : assignment->assigned_partitions) {
    for (const PartitionId id : partitions) given_up.erase({topic, id});
  }
  return !given_up.empty();
}

GroupMember MakeMember(const std::string& id, const JoinRequest& join) {
  GroupMember member;
  member.id = id;
  member.instance_id = join.instance_id;
  member.client_id = join.client_id;
  member.client_host = join.client_host;
  member.session_timeout = join.session_timeout;
  member.rebalance_timeout = join.rebalance_timeout;
  member.protocols = join.protocols;
  return member;
}

}  // namespace cauce
