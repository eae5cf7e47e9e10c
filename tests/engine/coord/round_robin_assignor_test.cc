#include "engine/coord/round_robin_assignor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/coord/member_subscriptions.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::Subscriber;
using ::testing::ElementsAre;

TopicPartition At(const std::string& topic, int32_t partition) {
  return {topic, PartitionId{partition}};
}

TEST(RoundRobinAssignor, DealsAllTopicsInOneCircle) {
  const Assignments given = RoundRobinAssignor().Assign(
      {Subscriber("a", {"t", "u"}), Subscriber("b", {"t", "u"})},
      {{"t", 3}, {"u", 3}});
  EXPECT_THAT(given.at("a"), ElementsAre(At("t", 0), At("t", 2), At("u", 1)));
  EXPECT_THAT(given.at("b"), ElementsAre(At("t", 1), At("u", 0), At("u", 2)));
}

TEST(RoundRobinAssignor, PassesOverWhoHasNotSubscribed) {
  const Assignments given = RoundRobinAssignor().Assign(
      {Subscriber("a", {"t"}), Subscriber("b", {"t", "u"}),
       Subscriber("c", {"t", "u", "v"})},
      {{"t", 1}, {"u", 2}, {"v", 3}});
  EXPECT_THAT(given.at("a"), ElementsAre(At("t", 0)));
  EXPECT_THAT(given.at("b"), ElementsAre(At("u", 0)));
  EXPECT_THAT(given.at("c"),
              ElementsAre(At("u", 1), At("v", 0), At("v", 1), At("v", 2)));
}

TEST(RoundRobinAssignor, GivesEachPartitionOnceToOneWhoWantsIt) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 500; ++i) {
    const test::RandomGroup group = test::MakeRandomGroup(random);
    EXPECT_TRUE(test::GivesEachPartitionOnce(
        group, RoundRobinAssignor().Assign(group.members, group.topics)))
        << "group " << i;
  }
}

}  // namespace
}  // namespace cauce
