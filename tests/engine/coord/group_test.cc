#include "engine/coord/group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/coord/group_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::GroupRig;
using test::HasReason;
using test::IsOk;
using test::kSession;
using test::Member;
using test::Newcomer;
using test::Static;
using ::testing::ElementsAre;

TEST(Group, AHeartbeatKeepsAMemberAndSilenceLosesIt) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Newcomer("a")});
  for (int i = 0; i < 4; ++i) {
    rig.Pass(kSession - absl::Milliseconds(1));
    EXPECT_THAT(rig.Heartbeat("a", generation), IsOk());
  }
  rig.Pass(kSession);
  EXPECT_EQ(rig.group().state(), GroupState::kEmpty);
  EXPECT_THAT(rig.Heartbeat("a", generation),
              HasReason(Reason::kUnknownMemberId));
}

TEST(Group, AHeartbeatOfAnotherGenerationIsRefused) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Newcomer("a")});
  EXPECT_THAT(rig.Heartbeat("a", generation + 1),
              HasReason(Reason::kIllegalGeneration));
}

TEST(Group, AMemberThatIsLostMakesOthersJoinAgain) {
  GroupRig rig;
  const int32_t generation = rig.MakeStable({Newcomer("a"), Newcomer("b")});
  rig.Pass(kSession / 2);
  EXPECT_THAT(rig.Heartbeat("b", generation), IsOk());
  rig.Pass(kSession / 2);
  EXPECT_EQ(rig.group().state(), GroupState::kPreparingRebalance);
  EXPECT_THAT(rig.group().members().Ids(), ElementsAre("b"));
}

TEST(Group, ANewcomerThatWaitsTooLongIsGivenUp) {
  GroupRig rig({.initial_rebalance_delay = absl::ZeroDuration(),
                .new_member_join_timeout = absl::Seconds(20)});
  JoinRequest slow = Newcomer("a");
  slow.rebalance_timeout = absl::Minutes(10);
  rig.MakeStable({slow});
  const Waiter b = rig.Join(Newcomer("b"));
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(rig.IsAnswered(b));
    EXPECT_THAT(rig.Heartbeat("a", rig.group().generation()),
                HasReason(Reason::kRebalanceInProgress));
    rig.Pass(absl::Seconds(5));
  }
  EXPECT_THAT(rig.Joined(b).status, HasReason(Reason::kUnknownMemberId));
}

CommitRequest CommitBy(const std::string& id, int32_t generation) {
  CommitRequest commit;
  commit.member_id = id;
  commit.generation = generation;
  return commit;
}

TEST(Group, MembersOfTheGenerationMayCommit) {
  GroupRig rig;
  const int32_t generation =
      rig.MakeStable({Newcomer("a"), Static("s", "one")});
  const Group& group = rig.group();
  EXPECT_THAT(group.CheckCommit(CommitBy("a", generation)), IsOk());
  EXPECT_THAT(group.CheckCommit(CommitBy("a", generation - 1)),
              HasReason(Reason::kIllegalGeneration));
  EXPECT_THAT(group.CheckCommit(CommitBy("x", generation)),
              HasReason(Reason::kUnknownMemberId));
  CommitRequest fenced = CommitBy("former", generation);
  fenced.instance_id = "one";
  EXPECT_THAT(group.CheckCommit(fenced), HasReason(Reason::kFencedInstanceId));
  rig.Join(Member("a"));
  EXPECT_THAT(group.CheckCommit(CommitBy("a", generation)), IsOk())
      << "before it joins the next one";
  JoinRequest again = Member("s");
  again.instance_id = "one";
  rig.Join(again);
  EXPECT_THAT(group.CheckCommit(CommitBy("a", generation + 1)),
              HasReason(Reason::kRebalanceInProgress));
  CommitRequest transactional = CommitBy("a", generation + 1);
  transactional.kind = CommitRequest::Kind::kTransactional;
  EXPECT_THAT(group.CheckCommit(transactional), IsOk());
}

TEST(Group, NobodyInParticularMayCommitWhileItIsEmpty) {
  GroupRig rig;
  EXPECT_THAT(rig.group().CheckCommit({}), IsOk());
  rig.MakeStable({Newcomer("a")});
  EXPECT_THAT(rig.group().CheckCommit({}),
              HasReason(Reason::kUnknownMemberId));
  CommitRequest transactional;
  transactional.kind = CommitRequest::Kind::kTransactional;
  EXPECT_THAT(rig.group().CheckCommit(transactional), IsOk());
}

TEST(Group, OnlyAnEmptyGroupMayBeDeleted) {
  GroupRig rig;
  EXPECT_THAT(rig.group().CheckDelete(), IsOk());
  rig.MakeStable({Newcomer("a")});
  EXPECT_THAT(rig.group().CheckDelete(), HasReason(Reason::kGroupNotEmpty));
  rig.group().Close(MakeError(Reason::kClosed, "closed"));
  EXPECT_THAT(rig.group().CheckDelete(), HasReason(Reason::kGroupIdNotFound));
}

TEST(Group, WhenItClosesWhoeverWaitsIsTold) {
  GroupRig rig;
  rig.MakeStable({Newcomer("a"), Static("s1", "one")});
  rig.HoldAppends();
  const Waiter renamed = rig.Join(Static("s2", "one"));
  const Waiter joining = rig.Join(Member("a"));
  rig.Do(rig.group().Close(MakeError(Reason::kNotCoordinator, "moved")));
  EXPECT_THAT(rig.Joined(renamed).status, HasReason(Reason::kNotCoordinator));
  EXPECT_THAT(rig.Joined(joining).status, HasReason(Reason::kNotCoordinator));
  EXPECT_EQ(rig.group().state(), GroupState::kDead);
  EXPECT_THAT(rig.Joined(rig.Join(Newcomer("b"))).status,
              HasReason(Reason::kCoordinatorNotAvailable));
  EXPECT_THAT(rig.group().CheckCommit({}),
              HasReason(Reason::kCoordinatorNotAvailable));
  rig.AppendHeld();
}

TEST(Group, OffsetsAgeByWhatTheGroupIs) {
  GroupRig rig;
  ASSERT_TRUE(rig.group().offset_expiry().has_value());
  EXPECT_FALSE(rig.group().offset_expiry()->empty_since.has_value())
      << "it never had members: from the commit";
  rig.MakeStable({Newcomer("a")});
  EXPECT_THAT(rig.group().offset_expiry()->subscribed, ElementsAre("t"));
  rig.Join(Newcomer("b"));
  EXPECT_FALSE(rig.group().offset_expiry().has_value());
  rig.Leave({{"a", std::nullopt}, {"b", std::nullopt}});
  EXPECT_EQ(rig.group().offset_expiry()->empty_since, rig.now());
}

TEST(Group, OffsetsDoNotAgeWhereNobodySaysWhatIsRead) {
  GroupRig rig;
  JoinRequest odd = Newcomer("a");
  odd.protocols[0].metadata = "x";
  rig.MakeStable({odd});
  EXPECT_FALSE(rig.group().offset_expiry().has_value());
}

}  // namespace
}  // namespace cauce
