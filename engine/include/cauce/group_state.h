// What a consumer group is doing, by Kafka's words. A plain value: any
// thread.
#pragma once

#include <string_view>

namespace cauce {

enum class GroupState {
  kEmpty,                // no members; offsets may remain
  kPreparingRebalance,   // waits for members to join
  kCompletingRebalance,  // waits for the leader's assignment
  kStable,
  kDead,  // deleted, or no longer here: nothing more comes of it
};

// As Kafka's tools print it: "PreparingRebalance".
std::string_view GroupStateName(GroupState state);

}  // namespace cauce
