#include "engine/base/doubling_wait.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

TEST(DoublingWait, DoublesUpToTheLongest) {
  DoublingWait wait(absl::Seconds(1), absl::Seconds(3));
  EXPECT_EQ(wait.Next(), absl::Seconds(1));
  EXPECT_EQ(wait.Next(), absl::Seconds(2));
  EXPECT_EQ(wait.Next(), absl::Seconds(3));
  EXPECT_EQ(wait.Next(), absl::Seconds(3));
}

}  // namespace
}  // namespace cauce
