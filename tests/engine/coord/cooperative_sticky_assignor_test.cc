#include "engine/coord/cooperative_sticky_assignor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/coord/member_subscriptions.h"
#include "tests/engine/coord/stickiness.h"
#include "tests/testing/seed.h"

namespace cauce {
namespace {

using test::Owner;
using test::RandomGroup;
using test::Subscriber;
using ::testing::ElementsAre;

TopicPartition At(int32_t partition) { return {"t", PartitionId{partition}}; }

TEST(CooperativeStickyAssignor, WhatAnotherStillOwnsWaits) {
  const Assignments given = CooperativeStickyAssignor().Assign(
      {Owner("a", "t", {0, 1}), Subscriber("b", {"t"})}, {{"t", 2}});
  EXPECT_THAT(given.at("a"), ElementsAre(At(0)));
  EXPECT_THAT(given.at("b"), ElementsAre());
}

TEST(CooperativeStickyAssignor, WhatNobodyOwnsDoesNotWait) {
  const Assignments given = CooperativeStickyAssignor().Assign(
      {Owner("a", "t", {0}), Subscriber("b", {"t"})}, {{"t", 2}});
  EXPECT_THAT(given.at("b"), ElementsAre(At(1)));
}

TEST(CooperativeStickyAssignor, WhatIsNoLongerWantedWaitsForItsOwner) {
  MemberSubscription moved_on = Owner("a", "t", {0});
  moved_on.topics = {"u"};
  const Assignments given = CooperativeStickyAssignor().Assign(
      {moved_on, Subscriber("b", {"t"})}, {{"t", 1}, {"u", 1}});
  EXPECT_THAT(given.at("b"), ElementsAre());
}

// However a group starts, members that follow what they are told end with
// every partition assigned, and at no time do two own the same one.
TEST(CooperativeStickyAssignor, AssignsEverythingInTwoRoundsMore) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (int i = 0; i < 1000 && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    RandomGroup group = test::MakeRandomGroup(random);
    Assignments given;
    for (int round = 0; round < 3; ++round) {
      given = CooperativeStickyAssignor().Assign(group.members, group.topics);
      EXPECT_TRUE(test::SuitsItsMembers(group, given));
      for (MemberSubscription& member : group.members) {
        for (const TopicPartition& partition : given[member.member_id]) {
          for (const MemberSubscription& other : group.members) {
            if (&other == &member || other.generation < member.generation)
              continue;
            EXPECT_EQ(std::ranges::count(other.owned, partition), 0)
                << partition.ToString() << " is still " << other.member_id
                << "'s";
          }
        }
      }
      for (MemberSubscription& member : group.members) {
        member.owned = given[member.member_id];
        member.generation = 6 + round;
      }
    }
    EXPECT_TRUE(test::GivesEachPartitionOnce(group, given));
    EXPECT_TRUE(test::IsEven(group, given));
  }
}

}  // namespace
}  // namespace cauce
