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

TEST(GroupSync, NobodyIsToldAnAssignmentBeforeItIsDurable) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.HoldAppends();
  rig.Join(Member("a"));
  rig.Join(Member("b"));
  const int32_t generation = rig.group().generation();
  const Waiter b = rig.Sync("b", generation);
  const Waiter a = rig.Sync("a", generation, {{"a", "x"}, {"b", "y"}});
  EXPECT_FALSE(rig.IsAnswered(a));
  EXPECT_FALSE(rig.IsAnswered(b));
  EXPECT_EQ(rig.group().state(), GroupState::kCompletingRebalance);
  rig.AppendHeld();
  EXPECT_EQ(rig.Synced(a).assignment, "x");
  EXPECT_EQ(rig.Synced(b).assignment, "y");
  EXPECT_EQ(rig.group().state(), GroupState::kStable);
  EXPECT_EQ(rig.Logged()->generation, generation);
  EXPECT_EQ(rig.Logged()->members[1].assignment, "y");
}

TEST(GroupSync, AfterAFailedAppendMembersAreToldAndJoinAgain) {
  GroupRig rig;
  rig.Joined(rig.Join(Newcomer("a")));
  rig.HoldAppends();
  const Waiter a = rig.Sync("a", 1, {{"a", "x"}});
  rig.FailHeld(Reason::kDiskFailed);
  const SyncReply reply = rig.Synced(a);
  EXPECT_THAT(reply.status, HasReason(Reason::kNotCoordinator));
  EXPECT_EQ(reply.assignment, "");
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  EXPECT_EQ(rig.Joined(rig.Join(Member("a"))).generation, 2);
}

TEST(GroupSync, AnAppendThatEndsInALaterGenerationChangesNothing) {
  GroupRig rig;
  rig.Joined(rig.Join(Newcomer("a")));
  rig.HoldAppends();
  const Waiter a = rig.Sync("a", 1, {{"a", "x"}});
  const Waiter b = rig.Join(Newcomer("b"));
  EXPECT_THAT(rig.Synced(a).status, HasReason(Reason::kRebalanceInProgress));
  rig.Joined(rig.Join(Member("a")));
  EXPECT_EQ(rig.Joined(b).generation, 2);
  rig.AppendHeld();
  EXPECT_EQ(rig.group().state(), GroupState::kCompletingRebalance);
  EXPECT_EQ(rig.group().members().Find("a")->assignment, "");
}

TEST(GroupSync, RefusesWhatIsNotOfTheGeneration) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  const int32_t generation = rig.group().generation();
  EXPECT_THAT(rig.Synced(rig.Sync("a", generation - 1)).status,
              HasReason(Reason::kIllegalGeneration));
  EXPECT_THAT(rig.Synced(rig.Sync("stranger", generation)).status,
              HasReason(Reason::kUnknownMemberId));
  rig.Do(rig.group().Sync({.waiter = 99,
                           .member_id = "a",
                           .instance_id = {},
                           .generation = generation,
                           .protocol_type = "consumer",
                           .protocol = "sticky",
                           .assignments = {}},
                          rig.now()));
  EXPECT_THAT(rig.Synced(99).status,
              HasReason(Reason::kInconsistentGroupProtocol));
  rig.Join(Member("a"));
  EXPECT_THAT(rig.Synced(rig.Sync("b", generation)).status,
              HasReason(Reason::kRebalanceInProgress));
}

TEST(GroupSync, ARequestThatComesTwiceIsStoredOnceAndAnsweredTwice) {
  GroupRig rig;
  rig.Joined(rig.Join(Newcomer("a")));
  rig.HoldAppends();
  const Waiter first = rig.Sync("a", 1, {{"a", "x"}});
  const Waiter second = rig.Sync("a", 1, {{"a", "x"}});
  EXPECT_EQ(rig.held(), 1u);
  EXPECT_THAT(rig.Synced(first).status,
              HasReason(Reason::kRebalanceInProgress));
  rig.AppendHeld();
  EXPECT_EQ(rig.Synced(second).assignment, "x");
}

TEST(GroupSync, WhoTheLeaderForgotHasNothing) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Join(Member("a"));
  rig.Join(Member("b"));
  const int32_t generation = rig.group().generation();
  const Waiter b = rig.Sync("b", generation);
  rig.Sync("a", generation, {{"a", "x"}, {"nobody", "y"}});
  const SyncReply reply = rig.Synced(b);
  EXPECT_THAT(reply.status, IsOk());
  EXPECT_EQ(reply.assignment, "");
}

TEST(GroupSync, WhoWaitsForItIsNotExpectedToSendAnything) {
  GroupRig rig;
  rig.Joined(rig.Join(Newcomer("a")));
  rig.HoldAppends();
  const Waiter a = rig.Sync("a", 1, {{"a", "x"}});
  rig.Pass(3 * test::kSession);
  EXPECT_FALSE(rig.IsAnswered(a));
  rig.AppendHeld();
  EXPECT_EQ(rig.Synced(a).assignment, "x");
  rig.Pass(test::kSession);
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
}

}  // namespace
}  // namespace cauce
