#include "engine/coord/sticky_assignor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "tests/engine/coord/member_subscriptions.h"
#include "tests/engine/coord/stickiness.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::Owner;
using test::RandomGroup;
using test::Subscriber;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TopicPartition At(int32_t partition) { return {"t", PartitionId{partition}}; }

TEST(StickyAssignor, ANewMemberGetsItsShareAndOthersKeepTheirs) {
  const Assignments given = StickyAssignor().Assign(
      {Owner("a", "t", {0, 2, 4}), Owner("b", "t", {1, 3, 5}),
       Subscriber("c", {"t"})},
      {{"t", 6}});
  EXPECT_THAT(given.at("a"), ElementsAre(At(0), At(2)));
  EXPECT_THAT(given.at("b"), ElementsAre(At(1), At(3)));
  EXPECT_THAT(given.at("c"), ElementsAre(At(4), At(5)));
}

TEST(StickyAssignor, WhatAMemberLeftBehindIsAllThatMoves) {
  const Assignments given = StickyAssignor().Assign(
      {Owner("b", "t", {1, 4}), Owner("c", "t", {2, 5})}, {{"t", 6}});
  EXPECT_THAT(given.at("b"), ElementsAre(At(0), At(1), At(4)));
  EXPECT_THAT(given.at("c"), ElementsAre(At(2), At(3), At(5)));
}

TEST(StickyAssignor, AClaimOfAnOlderGenerationLoses) {
  const Assignments given = StickyAssignor().Assign(
      {Owner("a", "t", {0, 1}, 1), Owner("b", "t", {0, 1}, 2)}, {{"t", 4}});
  EXPECT_THAT(given.at("b"), ElementsAre(At(0), At(1)));
}

class StickyRules : public ::testing::Test {
 protected:
  void Check(const RandomGroup& group) {
    const Assignments given =
        StickyAssignor().Assign(group.members, group.topics);
    EXPECT_TRUE(test::GivesEachPartitionOnce(group, given));
    EXPECT_TRUE(test::IsEven(group, given));
    EXPECT_TRUE(test::IsSticky(group, given));
    if (test::AllSubscribeAlike(group)) {
      EXPECT_EQ(test::KeptBy(group, given), test::MostThatCanStay(group));
    }
  }
};

TEST_F(StickyRules, HoldForAnyGroup) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 3000 && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    Check(test::MakeRandomGroup(random));
  }
}

TEST_F(StickyRules, HoldForLargerGroups) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    Check(test::MakeRandomGroup(random, 40, 30, 40));
  }
}

TEST(StickyAssignor, DoesNotDependOnTheOrderOfItsMembers) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 200; ++i) {
    RandomGroup group = test::MakeRandomGroup(random);
    const Assignments given =
        StickyAssignor().Assign(group.members, group.topics);
    std::ranges::shuffle(group.members, random);
    EXPECT_EQ(StickyAssignor().Assign(group.members, group.topics), given);
  }
}

TEST(StickyAssignor, MovesNothingOnceEverybodyOwnsWhatItWasGiven) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 500; ++i) {
    RandomGroup group = test::MakeRandomGroup(random);
    const Assignments given =
        StickyAssignor().Assign(group.members, group.topics);
    for (MemberSubscription& member : group.members) {
      member.owned = given.at(member.member_id);
      member.generation = 6;
    }
    EXPECT_EQ(StickyAssignor().Assign(group.members, group.topics), given);
  }
}

// A thousand members, ten thousand partitions in a hundred topics, of which
// one member owned everything: the farthest from even there is.
TEST(StickyAssignor, EvensOutAThousandMembersAndTenThousandPartitions) {
  for (const bool alike : {true, false}) {
    RandomGroup group;
    for (int topic = 0; topic < 100; ++topic)
      group.topics["topic" + std::to_string(topic)] = 100;
    for (int i = 0; i < 1000; ++i) {
      MemberSubscription member = Subscriber("member" + std::to_string(i), {});
      for (int topic = 0; topic < 100; ++topic) {
        if (alike || i == 0 || (topic + i) % 7 < 3)
          member.topics.push_back("topic" + std::to_string(topic));
      }
      group.members.push_back(std::move(member));
    }
    for (const TopicPartition& partition : test::WantedPartitions(group))
      group.members[0].owned.push_back(partition);

    const Assignments given =
        StickyAssignor().Assign(group.members, group.topics);

    EXPECT_TRUE(test::GivesEachPartitionOnce(group, given));
    EXPECT_TRUE(test::IsEven(group, given));
    EXPECT_EQ(test::KeptBy(group, given), given.at("member0").size());
    EXPECT_THAT(given.at("member0"), SizeIs(::testing::Ge(10)));
  }
}

}  // namespace
}  // namespace cauce
