// Kafka's "range": each topic by itself, its partitions in one run for each
// subscriber; where that does not come out even, the first ones get one more.
//
// Partitions of the same number meet at one member, topic by topic, which is
// what joins of topics need. Stateless: any thread.
#pragma once

#include <string_view>
#include <vector>

#include "engine/coord/assignor.h"

namespace cauce {

class RangeAssignor final : public Assignor {
 public:
  std::string_view name() const override { return "range"; }
  Assignments Assign(const std::vector<MemberSubscription>& members,
                     const PartitionCounts& topics) const override;
};

}  // namespace cauce
