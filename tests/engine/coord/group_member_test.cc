#include "engine/coord/group_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/coord/group_rig.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;

TEST(GroupMember, SaysOfItselfWhatItOffers) {
  const GroupMember member = MakeMember("a", test::Newcomer("ignored"));
  EXPECT_EQ(member.id, "a");
  EXPECT_TRUE(member.Offers("range"));
  EXPECT_FALSE(member.Offers("sticky"));
  EXPECT_EQ(member.MetadataFor("range"), test::SubscriptionTo({"t"}));
  EXPECT_EQ(member.MetadataFor("sticky"), "");
  EXPECT_EQ(member.MetadataFor(std::nullopt), "");
}

TEST(GroupMember, IsExcusedWhileItWaitsUnlessItIsNew) {
  GroupMember member;
  EXPECT_FALSE(member.IsExcused());
  member.joining = 1;
  EXPECT_TRUE(member.IsExcused());
  member.is_new = true;
  EXPECT_FALSE(member.IsExcused());
}

TEST(GroupMember, TellsItsTopicsWhereTheyAreUnderstood) {
  JoinRequest join = test::Newcomer("a");
  join.protocols = {{"range", test::SubscriptionTo({"t", "s"})},
                    {"odd", "?"}};
  const GroupMember member = MakeMember("a", join);
  EXPECT_THAT(*SubscribedTopics(member, "range"), ElementsAre("s", "t"));
  EXPECT_FALSE(SubscribedTopics(member, "odd").has_value());
}

TEST(GroupMember, GivesUpWhatItHadAndIsNotAssigned) {
  const auto has = [](std::vector<PartitionId> owned,
                      std::vector<PartitionId> assigned) {
    ConsumerProtocolSubscription subscription;
    subscription.owned_partitions = {{"t", std::move(owned)}};
    JoinRequest join = test::Newcomer("a");
    join.protocols = {{"cooperative-sticky", EncodeSubscription(subscription)}};
    GroupMember member = MakeMember("a", join);
    member.assignment =
        EncodeAssignment({{{"t", std::move(assigned)}}, std::nullopt});
    return member;
  };
  const std::string protocol = "cooperative-sticky";
  EXPECT_TRUE(GivesUpPartitions(has({{0}, {1}}, {{1}}), protocol));
  EXPECT_FALSE(GivesUpPartitions(has({{0}}, {{0}, {1}}), protocol));
  EXPECT_FALSE(GivesUpPartitions(has({}, {{1}}), protocol));
  EXPECT_FALSE(GivesUpPartitions(has({{0}}, {}), "range"));
  GroupMember eager = has({{0}, {1}}, {{1}});
  eager.protocols[0].name = "sticky";
  EXPECT_FALSE(GivesUpPartitions(eager, "sticky"));
  GroupMember odd = has({{0}}, {});
  odd.assignment = "?";
  EXPECT_FALSE(GivesUpPartitions(odd, protocol));
}

}  // namespace
}  // namespace cauce
