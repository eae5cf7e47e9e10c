#include "engine/coord/cooperative_sticky_assignor.h"

#include "engine/coord/division.h"
#include "engine/coord/partition_claims.h"
#include "engine/coord/sticky_assignor.h"

namespace cauce {

Assignments CooperativeStickyAssignor::Assign(
    const std::vector<MemberSubscription>& members,
    const PartitionCounts& topics) const {
  Assignments assignments = StickyAssignor().Assign(members, topics);
  const Division division = MakeDivision(members, topics);
  const PartitionClaims claims = ClaimsOf(division);
  for (size_t member = 0; member < division.members.size(); ++member) {
    const auto must_wait = [&](const TopicPartition& given) {
      const size_t topic =
          division.Find(given.topic) - division.topics.data();
      const size_t holder = claims[topic][given.partition.value];
      return holder != kUnclaimed && holder != member;
    };
    std::erase_if(assignments[division.members[member]->member_id], must_wait);
  }
  return assignments;
}

}  // namespace cauce
