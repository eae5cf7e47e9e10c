#include "engine/coord/group_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cauce {
namespace {

using ::testing::ElementsAre;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

GroupMember Named(const std::string& id,
                  std::optional<std::string> instance = std::nullopt) {
  GroupMember member;
  member.id = id;
  member.instance_id = std::move(instance);
  return member;
}

TEST(GroupMembers, TheFirstLeadsAndAnotherOnceItHasGone) {
  GroupMembers members;
  members.Add(Named("b"));
  members.Add(Named("a"));
  members.Add(Named("c"));
  EXPECT_EQ(members.leader(), "b");
  members.Remove("b");
  EXPECT_EQ(members.leader(), "a");
  members.Remove("c");
  members.Remove("a");
  EXPECT_EQ(members.leader(), std::nullopt);
  EXPECT_EQ(members.Remove("a"), std::nullopt);
}

TEST(GroupMembers, AStaticMemberIsFoundUnderItsNewId) {
  GroupMembers members;
  members.Add(Named("old", "one"));
  members.Rename("old", "new");
  EXPECT_EQ(members.FindStatic("one")->id, "new");
  EXPECT_EQ(members.Find("old"), nullptr);
  EXPECT_EQ(members.leader(), "new");
  members.Remove("new");
  EXPECT_EQ(members.FindStatic("one"), nullptr);
}

TEST(GroupMembers, AllHaveJoinedOnceNobodyIsMissing) {
  GroupMembers members;
  EXPECT_TRUE(members.HaveAllJoined());
  members.Add(Named("a"));
  EXPECT_FALSE(members.HaveAllJoined());
  members.Find("a")->joining = 1;
  EXPECT_TRUE(members.HaveAllJoined());
  members.Expect("b", kStart);
  EXPECT_FALSE(members.HaveAllJoined());
  EXPECT_TRUE(members.StopExpecting("b"));
  EXPECT_FALSE(members.StopExpecting("b"));
  EXPECT_TRUE(members.HaveAllJoined());
}

TEST(GroupMembers, TellWhoExpiresAndWhen) {
  GroupMembers members;
  EXPECT_EQ(members.NextExpiry(), absl::InfiniteFuture());
  members.Add(Named("a"));
  members.Find("a")->expires = kStart + absl::Seconds(2);
  members.Expect("b", kStart + absl::Seconds(1));
  EXPECT_EQ(members.NextExpiry(), kStart + absl::Seconds(1));
  EXPECT_EQ(members.FirstExpired(kStart), std::nullopt);
  EXPECT_EQ(members.FirstExpired(kStart + absl::Seconds(1)), "b");
  members.StopExpecting("b");
  EXPECT_EQ(members.FirstExpired(kStart + absl::Seconds(2)), "a");
}

TEST(GroupMembers, TheLongestRebalanceTimeoutCounts) {
  GroupMembers members;
  EXPECT_EQ(members.RebalanceTimeout(), absl::ZeroDuration());
  members.Add(Named("a"));
  members.Add(Named("b"));
  members.Find("a")->rebalance_timeout = absl::Seconds(3);
  members.Find("b")->rebalance_timeout = absl::Seconds(2);
  EXPECT_EQ(members.RebalanceTimeout(), absl::Seconds(3));
  EXPECT_THAT(members.Ids(), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace cauce
