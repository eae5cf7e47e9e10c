#include "engine/coord/partition_claims.h"

#include <algorithm>

namespace cauce {
namespace {

// Returns whose the partition is, once `member` has claimed what was `held`.
size_t Settle(const Division& division, size_t held, int32_t held_generation,
              size_t member) {
  const int32_t generation = division.members[member]->generation;
  if (held == kUnclaimed || generation > held_generation) return member;
  if (held == member || generation < held_generation) return held;
  return kContested;
}

}  // namespace

PartitionClaims ClaimsOf(const Division& division) {
  PartitionClaims claims;
  std::vector<std::vector<int32_t>> generations;
  for (const WantedTopic& topic : division.topics) {
    claims.emplace_back(topic.partitions, kUnclaimed);
    generations.emplace_back(topic.partitions, -1);
  }
  for (size_t member = 0; member < division.members.size(); ++member) {
    for (const TopicPartition& owned : division.members[member]->owned) {
      const WantedTopic* topic = division.Find(owned.topic);
      const int32_t partition = owned.partition.value;
      if (topic == nullptr || partition < 0 || partition >= topic->partitions)
        continue;
      const size_t index = topic - division.topics.data();
      size_t& holder = claims[index][partition];
      int32_t& generation = generations[index][partition];
      holder = Settle(division, holder, generation, member);
      generation = std::max(generation, division.members[member]->generation);
    }
  }
  return claims;
}

}  // namespace cauce
