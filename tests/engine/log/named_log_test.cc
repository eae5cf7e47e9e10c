#include "engine/log/named_log.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(NamedLog, IsCalledByItsOffsetOrWaitsForThat) {
  EXPECT_EQ((NamedLog{.named = Offset{7}}).FileName(),
            "00000000000000000007.log");
  EXPECT_EQ((NamedLog{.named = Offset{7}, .is_waiting = true}).FileName(),
            "00000000000000000007.log.waiting");
}

}  // namespace
}  // namespace cauce
