// Assignors divide the partitions of topics among the members of a group.
//
// The leader of a group runs one; all of its members must offer it. Pure: the
// same members and topics give the same result, in whatever order they come.
// Each partition of a topic goes to exactly one of those that subscribed to it,
// unless the assignor says that it waits.
// Stateless: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/types.h"

namespace cauce {

// What a member says of itself when it joins.
struct MemberSubscription {
  std::string member_id;
  // Of a static member: the id that it keeps when it starts anew.
  std::optional<std::string> instance_id;
  std::vector<std::string> topics;
  // What it believes it owns, and since which generation; -1 where unknown.
  std::vector<TopicPartition> owned;
  int32_t generation = -1;
};

// How many partitions each topic has; topics that are not here do not exist.
using PartitionCounts = std::map<std::string, int32_t>;

// What each member gets, by its id: every member is there, partitions are in
// their order.
using Assignments = std::map<std::string, std::vector<TopicPartition>>;

class Assignor {
 public:
  virtual ~Assignor() = default;

  // As members name it when they join: "range".
  virtual std::string_view name() const = 0;

  virtual Assignments Assign(const std::vector<MemberSubscription>& members,
                             const PartitionCounts& topics) const = 0;
};

}  // namespace cauce
