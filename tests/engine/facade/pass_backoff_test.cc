#include "engine/facade/pass_backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cauce {
namespace {

const TopicPartition kA{"a", PartitionId{0}};
const TopicPartition kB{"b", PartitionId{0}};

TEST(PassBackoff, WaitsTwiceAsLongAfterEachFailureUpToALimit) {
  PassBackoff backoff;
  absl::Duration now;
  EXPECT_TRUE(backoff.MayTry(kA, now));
  absl::Duration wait = PassBackoff::kFirst;
  for (int failures = 0; failures < 12; ++failures) {
    backoff.Failed(kA, now);
    EXPECT_FALSE(backoff.MayTry(kA, now + wait - absl::Nanoseconds(1)));
    now += wait;
    EXPECT_TRUE(backoff.MayTry(kA, now));
    wait = std::min(2 * wait, PassBackoff::kLongest);
  }
  EXPECT_EQ(wait, PassBackoff::kLongest);
}

TEST(PassBackoff, BeginsAnewBehindASuccessAndHoldsUpNoOther) {
  PassBackoff backoff;
  for (int failures = 0; failures < 3; ++failures) {
    backoff.Failed(kA, absl::ZeroDuration());
  }
  EXPECT_FALSE(backoff.MayTry(kA, PassBackoff::kFirst));
  EXPECT_TRUE(backoff.MayTry(kB, absl::ZeroDuration()));
  backoff.Succeeded(kA);
  EXPECT_TRUE(backoff.MayTry(kA, absl::ZeroDuration()));
  backoff.Failed(kA, absl::ZeroDuration());
  EXPECT_TRUE(backoff.MayTry(kA, PassBackoff::kFirst));
}

TEST(PassBackoff, KnowsNothingOfATopicThatHasEnded) {
  PassBackoff backoff;
  backoff.Failed(kA, absl::ZeroDuration());
  backoff.Failed(kB, absl::ZeroDuration());
  backoff.Drop("a");
  EXPECT_TRUE(backoff.MayTry(kA, absl::ZeroDuration()));
  EXPECT_FALSE(backoff.MayTry(kB, absl::ZeroDuration()));
}

}  // namespace
}  // namespace cauce
