#include "engine/coord/partition_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/coord/member_subscriptions.h"

namespace cauce {
namespace {

using test::Owner;
using ::testing::ElementsAre;

PartitionClaims Claims(const std::vector<MemberSubscription>& members,
                       int32_t partitions) {
  return ClaimsOf(MakeDivision(members, {{"t", partitions}}));
}

TEST(PartitionClaims, ThatNobodyElseMakesHoldWhateverTheirGeneration) {
  EXPECT_THAT(Claims({Owner("a", "t", {0}, 4), Owner("b", "t", {1}, 5)}, 3),
              ElementsAre(ElementsAre(0, 1, kUnclaimed)));
}

TEST(PartitionClaims, OfAnOlderGenerationLoseInWhateverOrderTheyCome) {
  EXPECT_THAT(Claims({Owner("a", "t", {0}, 4), Owner("b", "t", {0}, 5)}, 1),
              ElementsAre(ElementsAre(1)));
  EXPECT_THAT(Claims({Owner("a", "t", {0}, 5), Owner("b", "t", {0}, 4)}, 1),
              ElementsAre(ElementsAre(0)));
}

TEST(PartitionClaims, OfOneGenerationContradictEachOther) {
  EXPECT_THAT(Claims({Owner("a", "t", {0}), Owner("b", "t", {0})}, 1),
              ElementsAre(ElementsAre(kContested)));
  EXPECT_THAT(Claims({Owner("a", "t", {0}, 1), Owner("b", "t", {0}, 1),
                      Owner("c", "t", {0}, 2)},
                     1),
              ElementsAre(ElementsAre(2)));
}

TEST(PartitionClaims, MadeTwiceByOneMemberAreOne) {
  EXPECT_THAT(Claims({Owner("a", "t", {0, 0})}, 1),
              ElementsAre(ElementsAre(0)));
}

TEST(PartitionClaims, OfWhatDoesNotExistAreIgnored) {
  EXPECT_THAT(Claims({Owner("a", "t", {-1, 2, 1})}, 2),
              ElementsAre(ElementsAre(kUnclaimed, 0)));
}

}  // namespace
}  // namespace cauce
