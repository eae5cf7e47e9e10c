#include "engine/coord/sticky_division.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/coord/member_subscriptions.h"

namespace cauce {
namespace {

using test::Owner;
using test::Subscriber;
using ::testing::ElementsAre;

TopicPartition At(const std::string& topic, int32_t partition) {
  return {topic, PartitionId{partition}};
}

TEST(StickyDivision, StartsWithWhatIsClaimedAndStillWanted) {
  MemberSubscription moved_on = Owner("b", "t", {1});
  moved_on.topics = {"u"};
  const std::vector<MemberSubscription> members = {Owner("a", "t", {0}),
                                                   moved_on};
  const Division division = MakeDivision(members, {{"t", 2}, {"u", 1}});
  StickyDivision sticky(division);
  sticky.FillUp();
  const Assignments given = sticky.ToAssignments();
  EXPECT_THAT(given.at("a"), ElementsAre(At("t", 0), At("t", 1)));
  EXPECT_THAT(given.at("b"), ElementsAre(At("u", 0)));
}

TEST(StickyDivision, BalanceTakesFromWhoHasMostAndLeavesNeighboursAlone) {
  const std::vector<MemberSubscription> members = {
      Owner("a", "t", {0, 1, 2}), Owner("b", "t", {3, 4}),
      Subscriber("c", {"t"})};
  const Division division = MakeDivision(members, {{"t", 5}});
  StickyDivision sticky(division);
  sticky.FillUp();
  sticky.Balance();
  const Assignments given = sticky.ToAssignments();
  EXPECT_THAT(given.at("a"), ElementsAre(At("t", 0), At("t", 1)));
  EXPECT_THAT(given.at("b"), ElementsAre(At("t", 3), At("t", 4)));
  EXPECT_THAT(given.at("c"), ElementsAre(At("t", 2)));
}

TEST(StickyDivision, GivesNothingBackWhereNothingWasTaken) {
  const std::vector<MemberSubscription> members = {Owner("a", "t", {0}),
                                                   Owner("b", "t", {1})};
  const Division division = MakeDivision(members, {{"t", 2}});
  StickyDivision sticky(division);
  sticky.FillUp();
  sticky.Balance();
  EXPECT_FALSE(sticky.GiveBack());
}

}  // namespace
}  // namespace cauce
