#include "engine/coord/division.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/coord/member_subscriptions.h"

namespace cauce {
namespace {

using test::StaticSubscriber;
using test::Subscriber;
using ::testing::ElementsAre;

TEST(Division, StaticMembersComeFirstByInstanceThenOthersById) {
  const std::vector<MemberSubscription> members = {
      Subscriber("b", {"t"}), StaticSubscriber("a", "y", {"t"}),
      Subscriber("a2", {"t"}), StaticSubscriber("z", "x", {"t"})};
  const Division division = MakeDivision(members, {{"t", 1}});
  std::vector<std::string> ids;
  for (const MemberSubscription* member : division.members)
    ids.push_back(member->member_id);
  EXPECT_THAT(ids, ElementsAre("z", "a", "a2", "b"));
}

TEST(Division, HasTheTopicsThatExistAndAreWanted) {
  const std::vector<MemberSubscription> members = {
      Subscriber("a", {"second", "first", "missing", "empty", "first"}),
      Subscriber("b", {"first"})};
  const Division division = MakeDivision(
      members, {{"first", 2}, {"second", 3}, {"empty", 0}, {"unwanted", 4}});
  ASSERT_EQ(division.topics.size(), 2u);
  EXPECT_EQ(division.topics[0].name, "first");
  EXPECT_THAT(division.topics[0].subscribers, ElementsAre(0, 1));
  EXPECT_EQ(division.topics[1].name, "second");
  EXPECT_EQ(division.topics[1].partitions, 3);
  EXPECT_THAT(division.topics[1].subscribers, ElementsAre(0));
  EXPECT_EQ(division.Find("second"), &division.topics[1]);
  EXPECT_EQ(division.Find("unwanted"), nullptr);
}

TEST(Division, EveryMemberHasAnAssignmentThoughItWantsNothing) {
  const std::vector<MemberSubscription> members = {Subscriber("a", {}),
                                                   Subscriber("b", {"t"})};
  const Assignments none = NothingAssigned(MakeDivision(members, {}));
  EXPECT_THAT(none, ElementsAre(::testing::Pair("a", ElementsAre()),
                                ::testing::Pair("b", ElementsAre())));
}

}  // namespace
}  // namespace cauce
