// Kafka's "cooperative-sticky": as "sticky", but what another member still
// owns waits, assigned to nobody, until that member has given it up.
//
// Members keep reading through a rebalance all that stays theirs. Who lost a
// partition gives it up and joins again, and the next round assigns it.
// Stateless: any thread.
#pragma once

#include <string_view>
#include <vector>

#include "engine/coord/assignor.h"

namespace cauce {

class CooperativeStickyAssignor final : public Assignor {
 public:
  std::string_view name() const override { return "cooperative-sticky"; }
  Assignments Assign(const std::vector<MemberSubscription>& members,
                     const PartitionCounts& topics) const override;
};

}  // namespace cauce
