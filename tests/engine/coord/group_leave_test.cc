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

TEST(GroupLeave, OthersAreToldToJoinAgain) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Newcomer("a"), Newcomer("b")});
  EXPECT_THAT(rig.Leave({{"a", std::nullopt}}).members, ElementsAre(IsOk()));
  EXPECT_THAT(rig.Heartbeat("b", generation),
              HasReason(Reason::kRebalanceInProgress));
  EXPECT_THAT(rig.Heartbeat("a", generation),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_EQ(rig.Joined(rig.Join(Member("b"))).leader, "b");
}

TEST(GroupLeave, ManyMayGoAtOnceAndEachIsToldItsOwn) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Static("s1", "one"), Static("s2", "two")});
  const LeaveReply reply = rig.Leave({{"a", std::nullopt},
                                      {"", "one"},
                                      {"", "none"},
                                      {"", std::nullopt},
                                      {"other", "two"},
                                      {"stranger", std::nullopt}});
  EXPECT_THAT(reply.status, IsOk());
  EXPECT_THAT(reply.members,
              ElementsAre(IsOk(), IsOk(), HasReason(Reason::kUnknownMemberId),
                          HasReason(Reason::kUnknownMemberId),
                          HasReason(Reason::kFencedInstanceId),
                          HasReason(Reason::kUnknownMemberId)));
  EXPECT_THAT(rig.group().members().Ids(), ElementsAre("s2"));
}

TEST(GroupLeave, OfNobodyDisturbsNobody) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Newcomer("a")});
  rig.Leave({{"stranger", std::nullopt}});
  EXPECT_THAT(rig.Heartbeat("a", generation), IsOk());
}

TEST(GroupLeave, WhoWaitsToHaveJoinedIsAnswered) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  const Waiter b = rig.Join(Newcomer("b"));
  rig.Leave({{"b", std::nullopt}});
  EXPECT_THAT(rig.Joined(b).status, HasReason(Reason::kUnknownMemberId));
}

TEST(GroupLeave, AnIdThatWasGivenIsNoLongerWaitedFor) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  JoinRequest join = Newcomer("b");
  join.requires_known_id = true;
  rig.Joined(rig.Join(join));
  const Waiter a = rig.Join(Member("a"));
  EXPECT_FALSE(rig.IsAnswered(a));
  EXPECT_THAT(rig.Leave({{"b", std::nullopt}}).members, ElementsAre(IsOk()));
  EXPECT_THAT(rig.Joined(a).status, IsOk());
}

}  // namespace
}  // namespace cauce
