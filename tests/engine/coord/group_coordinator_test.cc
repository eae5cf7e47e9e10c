#include "engine/coord/group_coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "cauce/errors.h"
#include "tests/engine/coord/coordinator_rig.h"
#include "tests/engine/coord/group_rig.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"

namespace cauce {
namespace {

using test::CoordinatorRig;
using test::HasReason;
using test::IsOk;
using test::Newcomer;

TEST(GroupCoordinator, TellsAnAssignmentOnceItIsDurable) {
  CoordinatorRig rig;
  const auto joined = rig.Join("g", Newcomer("a"));
  ASSERT_TRUE(joined.is_there());
  ASSERT_THAT(joined->status, IsOk());
  EXPECT_EQ(joined->leader, "a");
  rig.log->Hold();

  const auto synced =
      rig.Sync("g", "a", joined->generation, {{"a", "all of it"}});
  EXPECT_FALSE(synced.is_there());
  rig.log->Finish(absl::OkStatus());

  EXPECT_THAT(synced->status, IsOk());
  EXPECT_EQ(synced->assignment, "all of it");
}

TEST(GroupCoordinator, TellsThatAnAssignmentCannotBeStored) {
  CoordinatorRig rig;
  const auto joined = rig.Join("g", Newcomer("a"));
  rig.log->Hold();
  const auto synced = rig.Sync("g", "a", joined->generation, {{"a", "x"}});

  rig.log->Finish(MakeError(Reason::kDiskFull, "full"));

  EXPECT_THAT(synced->status, HasReason(Reason::kCoordinatorNotAvailable));
}

TEST(GroupCoordinator, KeepsGroupsApart) {
  CoordinatorRig rig;
  EXPECT_EQ(rig.Join("g", Newcomer("a"))->leader, "a");
  EXPECT_EQ(rig.Join("h", Newcomer("b"))->leader, "b");
}

TEST(GroupCoordinator, LosesAMemberThatSaysNothing) {
  CoordinatorRig rig;
  const auto joined = rig.Join("g", Newcomer("a"));
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});
  rig.Pass(test::kSession / 2);
  EXPECT_THAT(rig.Heartbeat("g", "a", joined->generation), IsOk());

  rig.Pass(test::kSession);

  EXPECT_THAT(rig.Heartbeat("g", "a", joined->generation),
              HasReason(Reason::kUnknownMemberId));
}

TEST(GroupCoordinator, TellsWhoWatchesThatAGroupGoesOn) {
  CoordinatorRig rig;
  int changes = 0;
  auto watch = rig.coordinator->WatchGroup("g", [&changes] { ++changes; });
  const auto joined = rig.Join("g", Newcomer("a"));
  EXPECT_EQ(changes, 1);
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});
  EXPECT_EQ(changes, 2);

  watch.reset();
  rig.Join("g", Newcomer("b"));
  EXPECT_EQ(changes, 2);
}

TEST(GroupCoordinator, RefusesAGroupWithoutAName) {
  CoordinatorRig rig;
  EXPECT_THAT(rig.Join("", Newcomer("a"))->status,
              HasReason(Reason::kInvalidGroupId));
  EXPECT_THAT(rig.Join(std::string(40'000, 'g'), Newcomer("a"))->status,
              HasReason(Reason::kInvalidGroupId));
}

TEST(GroupCoordinator, AnswersAllWhoWaitWhenItIsClosed) {
  CoordinatorRig rig;
  rig.Join("g", Newcomer("a"));
  const auto waiting = rig.Join("g", Newcomer("b"));
  ASSERT_FALSE(waiting.is_there());

  rig.coordinator->Close(MakeError(Reason::kClosed, "closed"));

  EXPECT_THAT(waiting->status, HasReason(Reason::kClosed));
  EXPECT_THAT(rig.Join("g", Newcomer("c"))->status,
              HasReason(Reason::kClosed));
  EXPECT_THAT(rig.Commit("g", 0, 1)->status, HasReason(Reason::kClosed));
}

TEST(GroupCoordinator, AnswersAllWhoeverHasToCarryThatOut) {
  // Each answer asks once more, so that a call would never end otherwise.
  CoordinatorRig rig;
  test::OnTime executor(rig.clock);
  rig.executor = &executor;
  rig.Start();
  int answered = 0;
  const std::function<void()> ask = [&] {
    rig.coordinator->Fetch({.group = "g", .partitions = {}},
                           [&](const OffsetFetchReply& reply) {
                             EXPECT_THAT(reply.status, IsOk());
                             if (++answered < 10'000) ask();
                           });
  };

  ask();
  const int by_the_call = answered;
  executor.RunDue();

  EXPECT_LT(by_the_call, 1000);
  EXPECT_EQ(answered, 10'000);
}

}  // namespace
}  // namespace cauce
