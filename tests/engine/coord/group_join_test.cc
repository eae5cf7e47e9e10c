#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/base/wire.h"
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
using test::SubscriptionTo;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(GroupJoin, TheFirstMemberLeadsTheFirstGeneration) {
  GroupRig rig;
  const JoinReply reply = rig.Joined(rig.Join(Newcomer("a")));
  EXPECT_THAT(reply.status, IsOk());
  EXPECT_EQ(reply.member_id, "a");
  EXPECT_EQ(reply.leader, "a");
  EXPECT_EQ(reply.generation, 1);
  EXPECT_EQ(reply.protocol, "range");
  EXPECT_EQ(reply.protocol_type, "consumer");
  EXPECT_THAT(reply.members, ElementsAre(JoinedMember{
                                 "a", std::nullopt, SubscriptionTo({"t"})}));
  EXPECT_EQ(rig.group().state(), GroupState::kCompletingRebalance);
}

TEST(GroupJoin, ASecondMemberWaitsForTheFirstAndFollows) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  const Waiter b = rig.Join(Newcomer("b"));
  EXPECT_FALSE(rig.IsAnswered(b));
  EXPECT_THAT(rig.Heartbeat("a", 1), HasReason(Reason::kRebalanceInProgress));
  const JoinReply a = rig.Joined(rig.Join(Member("a")));
  EXPECT_EQ(a.generation, 2);
  EXPECT_THAT(a.members, SizeIs(2));
  const JoinReply reply = rig.Joined(b);
  EXPECT_EQ(reply.generation, 2);
  EXPECT_EQ(reply.leader, "a");
  EXPECT_THAT(reply.members, IsEmpty());
}

TEST(GroupJoin, ANewcomerMayHaveToComeAgainWithTheIdItIsGiven) {
  GroupRig rig;
  JoinRequest join = Newcomer("a");
  join.requires_known_id = true;
  const JoinReply reply = rig.Joined(rig.Join(join));
  EXPECT_THAT(reply.status, HasReason(Reason::kMemberIdRequired));
  EXPECT_EQ(reply.member_id, "a");
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
  join = Member("a");
  join.requires_known_id = true;
  EXPECT_THAT(rig.Joined(rig.Join(join)).status, IsOk());
}

TEST(GroupJoin, AnIdThatNobodyTakesUpExpires) {
  GroupRig rig;
  JoinRequest join = Newcomer("a");
  join.requires_known_id = true;
  rig.Joined(rig.Join(join));
  rig.Pass(test::kSession);
  EXPECT_THAT(rig.Joined(rig.Join(Member("a"))).status,
              HasReason(Reason::kUnknownMemberId));
}

TEST(GroupJoin, ARebalanceWaitsForAnIdThatWasGivenAndNoLongerThanItLasts) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  JoinRequest join = Newcomer("b");
  join.requires_known_id = true;
  rig.Joined(rig.Join(join));
  const Waiter a = rig.Join(Member("a"));
  EXPECT_FALSE(rig.IsAnswered(a));
  rig.Pass(test::kSession);
  EXPECT_EQ(rig.Joined(a).generation, 2);
}

TEST(GroupJoin, NoMoreIdsAreGivenThanMayWait) {
  GroupRig rig({.expected_max = 1});
  JoinRequest join = Newcomer("a");
  join.requires_known_id = true;
  EXPECT_THAT(rig.Joined(rig.Join(join)).status,
              HasReason(Reason::kMemberIdRequired));
  join.new_member_id = "b";
  EXPECT_THAT(rig.Joined(rig.Join(join)).status,
              HasReason(Reason::kGroupMaxSizeReached));
}

TEST(GroupJoin, RefusesWhoNoRecordHolds) {
  GroupRig rig;
  JoinRequest join = Static("a", std::string(kWireStringBytesMax + 1, 'x'));
  EXPECT_THAT(rig.Joined(rig.Join(join)).status,
              HasReason(Reason::kInvalidOption));
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
}

TEST(GroupJoin, RefusesWhatCannotBe) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  JoinRequest hasty = Newcomer("b");
  hasty.session_timeout = absl::Seconds(5);
  EXPECT_THAT(rig.Joined(rig.Join(hasty)).status,
              HasReason(Reason::kInvalidSessionTimeout));
  JoinRequest connector = Newcomer("b");
  connector.protocol_type = "connect";
  EXPECT_THAT(rig.Joined(rig.Join(connector)).status,
              HasReason(Reason::kInconsistentGroupProtocol));
  JoinRequest other = Newcomer("b");
  other.protocols[0].name = "sticky";
  EXPECT_THAT(rig.Joined(rig.Join(other)).status,
              HasReason(Reason::kInconsistentGroupProtocol));
  JoinRequest silent = Newcomer("b");
  silent.protocols.clear();
  EXPECT_THAT(rig.Joined(rig.Join(silent)).status,
              HasReason(Reason::kInconsistentGroupProtocol));
  EXPECT_THAT(rig.Joined(rig.Join(Member("stranger"))).status,
              HasReason(Reason::kUnknownMemberId));
  EXPECT_EQ(rig.group().state(), GroupState::kStable);
}

TEST(GroupJoin, TheLeaderComesForANewAssignmentOthersMustHaveAReason) {
  GroupRig rig;
  const int32_t generation =
      rig.MakeStable({Newcomer("a"), Newcomer("b")});
  const JoinReply same = rig.Joined(rig.Join(Member("b")));
  EXPECT_EQ(same.generation, generation);
  EXPECT_EQ(rig.group().state(), GroupState::kStable);
  JoinRequest changed = Member("b");
  changed.protocols[0].metadata = SubscriptionTo({"t", "u"});
  EXPECT_FALSE(rig.IsAnswered(rig.Join(changed)));
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  rig.Joined(rig.Join(Member("a")));
  rig.SyncAll({"a", "b"});
  EXPECT_FALSE(rig.IsAnswered(rig.Join(Member("a"))));
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
}

TEST(GroupJoin, WhoDidNotHearThatItJoinedIsToldAgain) {
  GroupRig rig;
  rig.Joined(rig.Join(Newcomer("a")));
  const JoinReply again = rig.Joined(rig.Join(Member("a")));
  EXPECT_EQ(again.generation, 1);
  EXPECT_THAT(again.members, SizeIs(1));
}

TEST(GroupJoin, ARequestThatComesTwiceIsAnsweredTwice) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  const Waiter first = rig.Join(Member("a"));
  const Waiter second = rig.Join(Member("a"));
  EXPECT_THAT(rig.Joined(first).status,
              HasReason(Reason::kRebalanceInProgress));
  rig.Join(Member("b"));
  EXPECT_THAT(rig.Joined(second).status, IsOk());
}

TEST(GroupJoin, OneMoreThanMayBeIsRefused) {
  GroupRig rig({.initial_rebalance_delay = absl::ZeroDuration(),
                .size_max = 1});
  rig.MakeStable({Newcomer("a")});
  EXPECT_THAT(rig.Joined(rig.Join(Newcomer("b"))).status,
              HasReason(Reason::kGroupMaxSizeReached));
  EXPECT_THAT(rig.Heartbeat("a", 1), IsOk());
}

TEST(GroupJoin, AStaticMemberThatStartsAnewKeepsItsPlaceAndItsAssignment) {
  GroupRig rig;
  const int32_t generation =
      rig.MakeStable({Newcomer("a"), Static("s1", "one")});
  rig.HoldAppends();
  const Waiter back = rig.Join(Static("s2", "one"));
  EXPECT_FALSE(rig.IsAnswered(back)) << "told before it is durable";
  rig.AppendHeld();
  const JoinReply reply = rig.Joined(back);
  EXPECT_EQ(reply.member_id, "s2");
  EXPECT_EQ(reply.generation, generation);
  EXPECT_EQ(rig.group().state(), GroupState::kStable);
  EXPECT_EQ(rig.Synced(rig.Sync("s2", generation)).assignment, "of s1");
  JoinRequest former = Member("s1");
  former.instance_id = "one";
  EXPECT_THAT(rig.Joined(rig.Join(former)).status,
              HasReason(Reason::kFencedInstanceId));
}

TEST(GroupJoin, AStaticLeaderThatStartsAnewIsToldToKeepTheAssignment) {
  GroupRig rig;
  rig.MakeStable({Static("s1", "one")});
  JoinRequest back = Static("s2", "one");
  back.may_skip_assignment = true;
  const JoinReply reply = rig.Joined(rig.Join(back));
  EXPECT_TRUE(reply.skip_assignment);
  EXPECT_EQ(reply.leader, "s2");
  EXPECT_THAT(reply.members, SizeIs(1));
  // Who does not know of that is not told that it leads.
  const JoinReply older = rig.Joined(rig.Join(Static("s3", "one")));
  EXPECT_FALSE(older.skip_assignment);
  EXPECT_EQ(older.leader, "s2");
  EXPECT_THAT(older.members, IsEmpty());
}

TEST(GroupJoin, AStaticMemberThatCannotBeStoredKeepsItsFormerId) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Static("s1", "one")});
  rig.HoldAppends();
  const Waiter back = rig.Join(Static("s2", "one"));
  rig.FailHeld(Reason::kDiskFull);
  EXPECT_THAT(rig.Joined(back).status,
              HasReason(Reason::kCoordinatorNotAvailable));
  EXPECT_THAT(rig.Heartbeat("s1", generation), IsOk());
  EXPECT_THAT(rig.Heartbeat("s2", generation),
              HasReason(Reason::kUnknownMemberId));
}

TEST(GroupJoin, AStaticMemberThatReadsOtherTopicsNowMakesARebalance) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Static("s1", "one")});
  JoinRequest back = Static("s2", "one");
  back.protocols[0].metadata = SubscriptionTo({"u"});
  const Waiter waiter = rig.Join(back);
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  rig.Join(Member("a"));
  EXPECT_EQ(rig.Joined(waiter).member_id, "s2");
}

TEST(GroupJoin, AStaticMemberThatWasToGiveUpPartitionsMakesARebalance) {
  GroupRig rig;
  rig.Joined(rig.Join(Newcomer("a")));
  JoinRequest owner = Static("s1", "one");
  ConsumerProtocolSubscription owned;
  owned.topics = {"t"};
  owned.owned_partitions = {{"t", {{0}, {1}}}};
  owner.protocols[0].metadata = EncodeSubscription(owned);
  rig.Join(owner);
  rig.Join(Member("a"));
  const int32_t generation = rig.group().generation();
  // It is to join again without t-1, which "a" gets then; it ends before.
  rig.Sync("a", generation,
           {{"a", EncodeAssignment({})},
            {"s1", EncodeAssignment({{{"t", {{0}}}}, std::nullopt})}});
  ASSERT_EQ(rig.group().state(), GroupState::kStable);
  const Waiter back = rig.Join(Static("s2", "one"));
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  rig.Join(Member("a"));
  EXPECT_EQ(rig.Joined(back).generation, generation + 1);
}

TEST(GroupJoin, TwoOfOneInstanceAreToldApart) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Static("s1", "one")});
  rig.HoldAppends();
  const Waiter first = rig.Join(Static("s2", "one"));
  const Waiter second = rig.Join(Static("s3", "one"));
  rig.AppendHeld();
  rig.AppendHeld();
  EXPECT_THAT(rig.Joined(first).status, HasReason(Reason::kFencedInstanceId));
  EXPECT_EQ(rig.Joined(second).member_id, "s3");
}

TEST(GroupJoin, AStaticMemberReplacedInARebalanceIsFencedAtOnce) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Static("s1", "one")});
  JoinRequest former = Member("s1");
  former.instance_id = "one";
  former.protocols[0].metadata = SubscriptionTo({"u"});
  const Waiter first = rig.Join(former);
  const Waiter second = rig.Join(Static("s2", "one"));
  EXPECT_THAT(rig.Joined(first).status, HasReason(Reason::kFencedInstanceId));
  rig.Join(Member("a"));
  EXPECT_THAT(rig.Joined(second).status, IsOk());
}

}  // namespace
}  // namespace cauce
