#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/coord/group.h"
#include "tests/engine/coord/group_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::GroupRig;
using test::HasReason;
using test::IsOk;
using test::Member;
using test::Newcomer;
using test::Static;
using ::testing::ElementsAre;

TEST(GroupLoad, MembersGoOnWhereTheyWere) {
  GroupRig rig;
  const int32_t generation =
      rig.MakeStable({Newcomer("a"), Static("s", "one")});
  rig.Restart();
  EXPECT_EQ(rig.group().state(), GroupState::kStable);
  EXPECT_EQ(rig.group().generation(), generation);
  EXPECT_EQ(rig.group().members().leader(), "a");
  EXPECT_THAT(rig.Heartbeat("a", generation), IsOk());
  EXPECT_EQ(rig.Synced(rig.Sync("s", generation)).assignment, "of s");
  rig.Restart();
  EXPECT_EQ(rig.group().generation(), generation);
}

TEST(GroupLoad, MembersThatStayAwayTimeOut) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  rig.Restart();
  rig.Pass(test::kSession);
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
}

TEST(GroupLoad, MembersOfAFormerRunOfTheProcessAreGone) {
  GroupRig rig;
  JoinRequest in_process = Newcomer("a");
  in_process.client_host = "";
  const int32_t generation = rig.MakeStable({in_process});
  rig.Restart();
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
  EXPECT_EQ(rig.group().generation(), generation + 1);
  EXPECT_EQ(rig.Logged()->members.size(), 0u);
}

TEST(GroupLoad, StaticMembersOfAFormerRunStayAndComeBack) {
  GroupRig rig;
  JoinRequest in_process = Newcomer("a");
  in_process.client_host = "";
  JoinRequest fixed = Static("s1", "one");
  fixed.client_host = "";
  rig.MakeStable({in_process, fixed});
  rig.Restart();
  EXPECT_THAT(rig.group().members().Ids(), ElementsAre("s1"));
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  fixed.new_member_id = "s2";
  EXPECT_EQ(rig.Joined(rig.Join(fixed)).leader, "s2");
}

TEST(GroupLoad, AGenerationThatWasToldAndNotStoredIsNotGivenAgain) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Join(Member("a"));
  rig.Join(Member("b"));
  const int32_t told = rig.group().generation();
  rig.Restart();
  rig.Join(Newcomer("c"));
  rig.Join(Member("b"));
  rig.Join(Member("a"));
  // What "a" had to say of the generation that it knows of.
  EXPECT_THAT(rig.Synced(rig.Sync("a", told, {{"a", "x"}, {"b", "y"}})).status,
              HasReason(Reason::kIllegalGeneration));
}

TEST(GroupLoad, TwoLoadsInARowTellNoGenerationTwice) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Restart();
  rig.Join(Member("a"));
  rig.Join(Member("b"));
  // Nothing of this one is stored but that it was told.
  const int32_t told = rig.group().generation();
  rig.Restart();
  rig.Join(Newcomer("c"));
  rig.Join(Member("b"));
  rig.Join(Member("a"));
  EXPECT_GT(rig.group().generation(), told);
  EXPECT_THAT(rig.Synced(rig.Sync("a", told, {{"a", "x"}, {"b", "y"}})).status,
              HasReason(Reason::kIllegalGeneration));
}

TEST(GroupLoad, NoGenerationIsToldBeforeTheOnesLeftOutAreStored) {
  GroupRig rig;
  const int32_t before = rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Restart();
  rig.HoldAppends();
  const Waiter a = rig.Join(Member("a"));
  const Waiter b = rig.Join(Member("b"));
  EXPECT_FALSE(rig.IsAnswered(a));
  EXPECT_EQ(rig.group().generation(), before);

  rig.AppendHeld();

  EXPECT_EQ(rig.Joined(a).generation, before + kUnstoredGenerationsMax);
  EXPECT_EQ(rig.Joined(b).generation, before + kUnstoredGenerationsMax);
}

TEST(GroupLoad, WhereTheFirstGenerationCannotBeStoredWhoJoinsComesAgain) {
  GroupRig rig;
  const int32_t before = rig.MakeStable({Newcomer("a")});
  rig.Restart();
  rig.HoldAppends();
  const Waiter first = rig.Join(Member("a"));

  rig.FailHeld(Reason::kDiskFull);

  EXPECT_THAT(rig.Joined(first).status,
              HasReason(Reason::kCoordinatorNotAvailable));
  const Waiter second = rig.Join(Member("a"));
  rig.AppendHeld();
  EXPECT_EQ(rig.Joined(second).generation, before + kUnstoredGenerationsMax);
}

TEST(GroupLoad, AGenerationWithoutAssignmentsBeginsWithARebalance) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Restart();
  rig.Join(Member("a"));
  rig.Join(Member("b"));
  rig.Restart();
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
}

TEST(GroupLoad, AnEmptyGroupIsEmptySinceItWas) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  rig.Leave({{"a", std::nullopt}});
  const absl::Time since = rig.now();
  rig.Pass(absl::Hours(1));
  rig.Restart();
  ASSERT_TRUE(rig.group().offset_expiry().has_value());
  EXPECT_EQ(rig.group().offset_expiry()->empty_since, since);
}

TEST(GroupLoad, OfAnOlderRecordTheSessionStandsForTheRebalance) {
  Group group("g", {});
  GroupMetadataValue stored;
  stored.protocol_type = "consumer";
  stored.generation = 4;
  stored.protocol = "range";
  stored.leader = "nobody";
  GroupMemberMetadata member;
  member.member_id = "a";
  member.client_host = "/host";
  member.session_timeout = test::kSession;
  stored.members = {member, member};
  group.Load(stored, test::kRigStart);
  EXPECT_EQ(group.members().Find("a")->rebalance_timeout, test::kSession);
  EXPECT_EQ(group.members().leader(), "a");
  EXPECT_EQ(group.members().size(), 1u);
}

}  // namespace
}  // namespace cauce
