#include "engine/coord/range_assignor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/coord/member_subscriptions.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::Subscriber;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(RangeAssignor, GivesRunsOfWhichTheFirstAreOneLonger) {
  const Assignments given = RangeAssignor().Assign(
      {Subscriber("a", {"t"}), Subscriber("b", {"t"})}, {{"t", 3}});
  EXPECT_THAT(given.at("a"), ElementsAre(TopicPartition{"t", PartitionId{0}},
                                         TopicPartition{"t", PartitionId{1}}));
  EXPECT_THAT(given.at("b"), ElementsAre(TopicPartition{"t", PartitionId{2}}));
}

TEST(RangeAssignor, LeavesASurplusMemberIdle) {
  const Assignments given = RangeAssignor().Assign(
      {Subscriber("a", {"t"}), Subscriber("b", {"t"})}, {{"t", 1}});
  EXPECT_THAT(given.at("a"), SizeIs(1));
  EXPECT_THAT(given.at("b"), SizeIs(0));
}

TEST(RangeAssignor, GivesEachPartitionOnceToOneWhoWantsIt) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 500; ++i) {
    const test::RandomGroup group = test::MakeRandomGroup(random);
    EXPECT_TRUE(test::GivesEachPartitionOnce(
        group, RangeAssignor().Assign(group.members, group.topics)))
        << "group " << i;
  }
}

}  // namespace
}  // namespace cauce
