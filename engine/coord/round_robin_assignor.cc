#include "engine/coord/round_robin_assignor.h"

#include <algorithm>

#include "engine/coord/division.h"

namespace cauce {
namespace {

// Returns the first subscriber at or behind `turn`, around the circle.
size_t NextSubscriber(const WantedTopic& topic, size_t turn) {
  const auto found = std::ranges::lower_bound(topic.subscribers, turn);
  return found != topic.subscribers.end() ? *found : topic.subscribers.front();
}

}  // namespace

Assignments RoundRobinAssignor::Assign(
    const std::vector<MemberSubscription>& members,
    const PartitionCounts& topics) const {
  const Division division = MakeDivision(members, topics);
  Assignments assignments = NothingAssigned(division);
  size_t turn = 0;
  for (const WantedTopic& topic : division.topics) {
    for (int32_t i = 0; i < topic.partitions; ++i) {
      const size_t member = NextSubscriber(topic, turn);
      assignments[division.members[member]->member_id].push_back(
          {topic.name, PartitionId{i}});
      turn = (member + 1) % division.members.size();
    }
  }
  return assignments;
}

}  // namespace cauce
