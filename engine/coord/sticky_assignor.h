// Kafka's "sticky": as even as it can be by moving single partitions, and then
// whoever owned a partition keeps it where that costs no evenness.
//
// Even: nobody could take a partition from a member that has two more than
// itself. Sticky: no partition could go back to whom it was taken from, alone
// or for one that its former owner was given instead, and leave the result as
// even. Which of several such results it is may differ from Kafka's, whose own
// choice depends on the order of a hash map. Claims are settled by
// partition_claims. Stateless: any thread.
#pragma once

#include <string_view>
#include <vector>

#include "engine/coord/assignor.h"

namespace cauce {

class StickyAssignor final : public Assignor {
 public:
  std::string_view name() const override { return "sticky"; }
  Assignments Assign(const std::vector<MemberSubscription>& members,
                     const PartitionCounts& topics) const override;
};

}  // namespace cauce
