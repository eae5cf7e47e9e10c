#include "engine/coord/range_assignor.h"

#include "engine/coord/division.h"

namespace cauce {

Assignments RangeAssignor::Assign(
    const std::vector<MemberSubscription>& members,
    const PartitionCounts& topics) const {
  const Division division = MakeDivision(members, topics);
  Assignments assignments = NothingAssigned(division);
  for (const WantedTopic& topic : division.topics) {
    const auto sharers = static_cast<int32_t>(topic.subscribers.size());
    const int32_t each = topic.partitions / sharers;
    const int32_t with_one_more = topic.partitions % sharers;
    int32_t next = 0;
    for (int32_t i = 0; i < sharers; ++i) {
      const size_t member = topic.subscribers[i];
      auto& share = assignments[division.members[member]->member_id];
      const int32_t end = next + each + (i < with_one_more ? 1 : 0);
      for (; next < end; ++next)
        share.push_back({topic.name, PartitionId{next}});
    }
  }
  return assignments;
}

}  // namespace cauce
