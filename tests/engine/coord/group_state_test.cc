#include "cauce/group_state.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(GroupState, HasNamesAsKafkaDoes) {
  EXPECT_EQ(GroupStateName(GroupState::kEmpty), "Empty");
  EXPECT_EQ(GroupStateName(GroupState::kPreparingRebalance),
            "PreparingRebalance");
  EXPECT_EQ(GroupStateName(GroupState::kCompletingRebalance),
            "CompletingRebalance");
  EXPECT_EQ(GroupStateName(GroupState::kStable), "Stable");
  EXPECT_EQ(GroupStateName(GroupState::kDead), "Dead");
}

}  // namespace
}  // namespace cauce
