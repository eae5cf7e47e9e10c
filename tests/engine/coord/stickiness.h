// What a sticky division of partitions must be, told apart from how it is
// found: even, and nothing taken from anybody that could have stayed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/coord/division.h"
#include "engine/coord/partition_claims.h"
#include "tests/engine/coord/member_subscriptions.h"

namespace cauce::test {

// The partitions that each member owned alone and still wants.
inline std::map<TopicPartition, std::string> HomesOf(const RandomGroup& group) {
  const Division division = MakeDivision(group.members, group.topics);
  const PartitionClaims claims = ClaimsOf(division);
  std::map<TopicPartition, std::string> homes;
  for (size_t topic = 0; topic < claims.size(); ++topic) {
    for (size_t i = 0; i < claims[topic].size(); ++i) {
      const size_t home = claims[topic][i];
      if (!division.topics[topic].HasSubscriber(home)) continue;
      homes[{division.topics[topic].name,
             PartitionId{static_cast<int32_t>(i)}}] =
          division.members[home]->member_id;
    }
  }
  return homes;
}

// How far the loads of all pairs of members are apart; 0 is perfect. Kafka's
// measure.
inline int64_t BalanceScore(const Assignments& assignments) {
  int64_t score = 0;
  for (auto a = assignments.begin(); a != assignments.end(); ++a) {
    for (auto b = std::next(a); b != assignments.end(); ++b) {
      score += std::llabs(static_cast<int64_t>(a->second.size()) -
                          static_cast<int64_t>(b->second.size()));
    }
  }
  return score;
}

// How many partitions stayed where they were.
inline int64_t KeptBy(const RandomGroup& group,
                      const Assignments& assignments) {
  const auto owners = OwnersOf(assignments);
  int64_t kept = 0;
  for (const auto& [partition, home] : HomesOf(group)) {
    const auto owner = owners.find(partition);
    kept += owner != owners.end() && owner->second == home;
  }
  return kept;
}

// Whether nobody could take a partition from one who has two more.
inline bool IsEven(const RandomGroup& group, const Assignments& assignments) {
  for (const MemberSubscription& taker : group.members) {
    const size_t load = assignments.at(taker.member_id).size();
    for (const auto& [giver, partitions] : assignments) {
      if (partitions.size() < load + 2) continue;
      for (const TopicPartition& partition : partitions) {
        if (Subscribes(taker, partition.topic)) return false;
      }
    }
  }
  return true;
}

// Whether no partition could go home, alone or for a stranger, and leave the
// loads of the two as even.
inline bool IsSticky(const RandomGroup& group, const Assignments& assignments) {
  const auto homes = HomesOf(group);
  std::map<std::string, const MemberSubscription*> members;
  for (const MemberSubscription& member : group.members)
    members[member.member_id] = &member;
  for (const auto& [partition, owner] : OwnersOf(assignments)) {
    const auto home = homes.find(partition);
    if (home == homes.end() || home->second == owner) continue;
    const auto& at_home = assignments.at(home->second);
    if (at_home.size() < assignments.at(owner).size()) return false;
    for (const TopicPartition& other : at_home) {
      const auto other_home = homes.find(other);
      const bool is_stranger =
          other_home == homes.end() || other_home->second != home->second;
      if (is_stranger && Subscribes(*members.at(owner), other.topic))
        return false;
    }
  }
  return true;
}

// The most that can stay where they were, where all subscribe alike: everybody
// keeps up to the smaller share, and as many keep one more as there are left.
inline int64_t MostThatCanStay(const RandomGroup& group) {
  const auto members = static_cast<int64_t>(group.members.size());
  const auto wanted = static_cast<int64_t>(WantedPartitions(group).size());
  const int64_t share = wanted / members;
  std::map<std::string, int64_t> owned;
  for (const auto& [partition, home] : HomesOf(group)) ++owned[home];
  int64_t stay = 0;
  int64_t with_more = 0;
  for (const auto& [member, count] : owned) {
    stay += std::min(count, share);
    with_more += count > share;
  }
  return stay + std::min(with_more, wanted % members);
}

inline bool AllSubscribeAlike(const RandomGroup& group) {
  return std::ranges::all_of(group.members, [&group](const auto& member) {
    return member.topics == group.members[0].topics;
  });
}

}  // namespace cauce::test
