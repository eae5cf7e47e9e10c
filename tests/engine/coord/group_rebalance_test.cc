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
using test::kRebalance;
using test::kSession;
using test::Member;
using test::Newcomer;
using test::Static;
using ::testing::SizeIs;

TEST(GroupRebalance, GoesOnWithoutThoseWhoDoNotComeInTime) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  const Waiter a = rig.Join(Member("a"));
  for (absl::Duration t; t < kRebalance; t += kSession / 2) {
    EXPECT_FALSE(rig.IsAnswered(a));
    EXPECT_THAT(rig.Heartbeat("b", rig.group().generation()),
                HasReason(Reason::kRebalanceInProgress));
    rig.Pass(kSession / 2);
  }
  EXPECT_THAT(rig.Joined(a).members, SizeIs(1));
  EXPECT_EQ(rig.group().members().Find("b"), nullptr);
}

TEST(GroupRebalance, KeepsAStaticMemberThatDoesNotComeUntilItsSessionEnds) {
  GroupRig rig;
  JoinRequest patient = Static("s", "one");
  patient.session_timeout = 3 * kRebalance;
  rig.MakeStable({Newcomer("a"), patient});
  const Waiter a = rig.Join(Member("a"));
  rig.Pass(kRebalance);
  EXPECT_THAT(rig.Joined(a).members, SizeIs(2));
}

TEST(GroupRebalance, AnotherLeadsWhereTheLeaderDoesNotCome) {
  GroupRig rig;
  JoinRequest leader = Static("s", "one");
  leader.session_timeout = 3 * kRebalance;
  rig.MakeStable({leader, Newcomer("b")});
  JoinRequest changed = Member("b");
  changed.protocols[0].metadata = test::SubscriptionTo({"u"});
  const Waiter b = rig.Join(changed);
  rig.Pass(kRebalance);
  EXPECT_EQ(rig.Joined(b).leader, "b");
}

TEST(GroupRebalance, WaitsOnWhereNobodyComesAndStaticMembersRemain) {
  GroupRig rig;
  JoinRequest one = Static("s", "one");
  one.session_timeout = 3 * kRebalance;
  rig.MakeStable({one, Newcomer("b")});
  rig.Leave({{"b", std::nullopt}});
  rig.Pass(kRebalance);
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  rig.Pass(2 * kRebalance);
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
}

TEST(GroupRebalance, AnEmptyGroupWaitsForMoreMembersThanTheFirst) {
  GroupRig rig({.initial_rebalance_delay = absl::Seconds(3)});
  const Waiter a = rig.Join(Newcomer("a"));
  rig.Pass(absl::Seconds(2));
  const Waiter b = rig.Join(Newcomer("b"));
  rig.Pass(absl::Seconds(2));
  EXPECT_FALSE(rig.IsAnswered(a)) << "the second one prolongs the wait";
  rig.Pass(absl::Seconds(2));
  EXPECT_THAT(rig.Joined(a).members, SizeIs(2));
  EXPECT_EQ(rig.Joined(b).generation, 1);
}

TEST(GroupRebalance, TheFirstWaitEndsWithTheRebalanceTimeout) {
  GroupRig rig({.initial_rebalance_delay = absl::Seconds(25)});
  const Waiter first = rig.Join(Newcomer("a"));
  for (int i = 0; i < 12; ++i) {
    EXPECT_FALSE(rig.IsAnswered(first));
    rig.Join(Newcomer("b" + std::to_string(i)));
    rig.Pass(absl::Seconds(5));
  }
  EXPECT_THAT(rig.Joined(first).members, SizeIs(13));
}

TEST(GroupRebalance, WhoDoesNotAskForItsAssignmentInTimeMustGo) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Join(Member("a"));
  rig.Join(Member("b"));
  const int32_t generation = rig.group().generation();
  const Waiter sync = rig.Sync("a", generation, {});
  EXPECT_THAT(rig.Synced(sync).status, IsOk());
  for (absl::Duration t; t < kRebalance; t += kSession / 2) {
    EXPECT_THAT(rig.Heartbeat("a", generation), IsOk());
    EXPECT_THAT(rig.Heartbeat("b", generation), IsOk());
    rig.Pass(kSession / 2);
  }
  EXPECT_EQ(rig.group().members().Find("b"), nullptr);
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
}

TEST(GroupRebalance, TheEndOfTheLastMemberIsStored) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Newcomer("a")});
  rig.Leave({{"a", std::nullopt}});
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
  EXPECT_EQ(rig.Logged()->generation, generation + 1);
  EXPECT_THAT(rig.Logged()->members, SizeIs(0));
  EXPECT_EQ(rig.Logged()->protocol_type, "consumer");
}

TEST(GroupRebalance, TakesTheProtocolThatMostVoteFor) {
  GroupRig rig;
  const auto offering = [](const std::string& id,
                           std::vector<std::string> names) {
    JoinRequest join = Newcomer(id);
    join.protocols.clear();
    for (std::string& name : names) join.protocols.push_back({name, "m"});
    return join;
  };
  rig.MakeStable({offering("a", {"range", "sticky", "own"}),
                  offering("b", {"sticky", "range"}),
                  offering("c", {"sticky", "range"})});
  EXPECT_EQ(rig.group().protocol(), "sticky");
}

TEST(GroupRebalance, GenerationsGoOnAfterTheGroupWasEmpty) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a")});
  rig.Leave({{"a", std::nullopt}});
  EXPECT_EQ(rig.MakeStable({Newcomer("b")}), 3);
}

}  // namespace
}  // namespace cauce
