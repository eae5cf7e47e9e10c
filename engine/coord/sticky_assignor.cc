#include "engine/coord/sticky_assignor.h"

#include "engine/coord/division.h"
#include "engine/coord/sticky_division.h"

namespace cauce {

Assignments StickyAssignor::Assign(
    const std::vector<MemberSubscription>& members,
    const PartitionCounts& topics) const {
  const Division division = MakeDivision(members, topics);
  StickyDivision sticky(division);
  sticky.FillUp();
  do {
    sticky.Balance();
  } while (sticky.GiveBack());
  return sticky.ToAssignments();
}

}  // namespace cauce
