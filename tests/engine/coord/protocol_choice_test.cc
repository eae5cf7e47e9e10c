#include "engine/coord/protocol_choice.h"

#include <gtest/gtest.h>

namespace cauce {
namespace {

GroupMembers Offering(const std::vector<std::vector<std::string>>& offers) {
  GroupMembers members;
  for (size_t i = 0; i < offers.size(); ++i) {
    GroupMember member;
    member.id = std::to_string(i);
    for (const std::string& name : offers[i])
      member.protocols.push_back({name, ""});
    members.Add(std::move(member));
  }
  return members;
}

TEST(ProtocolChoice, OnlyWhatAllOfferIsTaken) {
  EXPECT_EQ(ChooseProtocol(Offering({{"a", "b"}, {"c", "b"}, {"b"}})), "b");
  EXPECT_EQ(ChooseProtocol(Offering({{"a"}, {"b"}})), std::nullopt);
  EXPECT_EQ(ChooseProtocol(Offering({})), std::nullopt);
}

TEST(ProtocolChoice, MostVotesWin) {
  EXPECT_EQ(ChooseProtocol(Offering({{"a", "b"}, {"b", "a"}, {"b", "a"}})),
            "b");
  EXPECT_EQ(ChooseProtocol(Offering({{"b", "a"}, {"a", "b"}})), "a");
}

TEST(ProtocolChoice, AVoteGoesToTheFirstThatCanBeTaken) {
  EXPECT_EQ(ChooseProtocol(Offering({{"x", "b", "a"}, {"b", "a"}, {"a", "b"}})),
            "b");
}

TEST(ProtocolChoice, ANewcomerMustOfferWhatAllOffer) {
  const GroupMembers members = Offering({{"a", "b"}, {"b", "c"}});
  EXPECT_TRUE(CanAgree(members, {{"b", ""}}));
  EXPECT_FALSE(CanAgree(members, {{"a", ""}, {"c", ""}}));
  EXPECT_TRUE(CanAgree(Offering({}), {{"a", ""}}));
  EXPECT_FALSE(CanAgree(members, {}));
}

}  // namespace
}  // namespace cauce
