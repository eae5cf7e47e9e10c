// Kafka's "roundrobin": all partitions in their order, dealt to the members in
// turn; who has not subscribed to a topic is passed over.
//
// Even where all subscribed to the same; else it may be far from that.
// Stateless: any thread.
#pragma once

#include <string_view>
#include <vector>

#include "engine/coord/assignor.h"

namespace cauce {

class RoundRobinAssignor final : public Assignor {
 public:
  std::string_view name() const override { return "roundrobin"; }
  Assignments Assign(const std::vector<MemberSubscription>& members,
                     const PartitionCounts& topics) const override;
};

}  // namespace cauce
