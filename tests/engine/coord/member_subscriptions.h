// Members of a group and what they subscribe to: a few by hand, or many by
// chance, some of whom own something from before. For tests of the assignors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cauce/types.h"
#include "engine/coord/assignor.h"

namespace cauce::test {

inline MemberSubscription Subscriber(std::string id,
                                     std::vector<std::string> topics) {
  MemberSubscription member;
  member.member_id = std::move(id);
  member.topics = std::move(topics);
  return member;
}

inline MemberSubscription StaticSubscriber(std::string id,
                                           std::string instance_id,
                                           std::vector<std::string> topics) {
  MemberSubscription member = Subscriber(std::move(id), std::move(topics));
  member.instance_id = std::move(instance_id);
  return member;
}

// One that owns `owned` of one topic since `generation`.
inline MemberSubscription Owner(std::string id, std::string topic,
                                std::vector<int32_t> owned,
                                int32_t generation = 1) {
  MemberSubscription member = Subscriber(std::move(id), {topic});
  for (const int32_t partition : owned)
    member.owned.push_back({topic, PartitionId{partition}});
  member.generation = generation;
  return member;
}

struct RandomGroup {
  std::vector<MemberSubscription> members;
  PartitionCounts topics;
};

// Up to eight members and five topics, or as many as are asked for. Half of the
// groups subscribe alike; claims may be uneven, stale or contested.
inline RandomGroup MakeRandomGroup(std::mt19937& random, size_t members_max = 8,
                                   size_t topics_max = 5,
                                   int32_t partitions_max = 12) {
  RandomGroup group;
  for (size_t i = 1 + random() % topics_max; i > 0; --i) {
    group.topics["topic" + std::to_string(i)] =
        1 + static_cast<int32_t>(random() % partitions_max);
  }
  const bool alike = random() % 2 == 0;
  const size_t count = 1 + random() % members_max;
  for (size_t i = 0; i < count; ++i) {
    MemberSubscription member = Subscriber("member" + std::to_string(i), {});
    if (random() % 3 == 0)
      member.instance_id = "instance" + std::to_string(random() % 1000 + i);
    for (const auto& [topic, partitions] : group.topics) {
      if (alike || random() % 2 == 0) member.topics.push_back(topic);
    }
    member.generation = random() % 8 == 0 ? 4 : 5;
    group.members.push_back(std::move(member));
  }
  const size_t owners = random() % (count + 1);
  if (owners == 0) return group;
  for (const auto& [topic, partitions] : group.topics) {
    for (int32_t i = 0; i < partitions; ++i) {
      if (random() % 6 == 0) continue;
      for (size_t claims = random() % 16 == 0 ? 2 : 1; claims > 0; --claims) {
        group.members[random() % owners].owned.push_back(
            {topic, PartitionId{i}});
      }
    }
  }
  return group;
}

// Who has what, by partition; a partition that several have is there for each.
inline std::multimap<TopicPartition, std::string> OwnersOf(
    const Assignments& assignments) {
  std::multimap<TopicPartition, std::string> owners;
  for (const auto& [member, partitions] : assignments) {
    for (const TopicPartition& partition : partitions)
      owners.emplace(partition, member);
  }
  return owners;
}

inline bool Subscribes(const MemberSubscription& member,
                       const std::string& topic) {
  return std::ranges::find(member.topics, topic) != member.topics.end();
}

// The partitions that somebody wants.
inline std::set<TopicPartition> WantedPartitions(const RandomGroup& group) {
  std::set<TopicPartition> wanted;
  for (const auto& [topic, partitions] : group.topics) {
    const bool is_wanted =
        std::ranges::any_of(group.members, [&topic](const auto& member) {
          return Subscribes(member, topic);
        });
    for (int32_t i = 0; is_wanted && i < partitions; ++i)
      wanted.insert({topic, PartitionId{i}});
  }
  return wanted;
}

// Whether all members are there, and have nothing that they do not want.
inline bool SuitsItsMembers(const RandomGroup& group,
                            const Assignments& assignments) {
  if (assignments.size() != group.members.size()) return false;
  return std::ranges::all_of(group.members, [&](const auto& member) {
    const auto found = assignments.find(member.member_id);
    return found != assignments.end() &&
           std::ranges::all_of(found->second, [&member](const auto& given) {
             return Subscribes(member, given.topic);
           });
  });
}

// Whether each wanted partition is somebody's, once, and nothing else is.
inline bool GivesEachPartitionOnce(const RandomGroup& group,
                                   const Assignments& assignments) {
  const auto owners = OwnersOf(assignments);
  const std::set<TopicPartition> wanted = WantedPartitions(group);
  return SuitsItsMembers(group, assignments) &&
         owners.size() == wanted.size() &&
         std::ranges::all_of(owners, [&wanted](const auto& owner) {
           return wanted.contains(owner.first);
         });
}

}  // namespace cauce::test
