#include "engine/client/group_membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/facade/engine_core.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Step = GroupMembership::Step;

// Seconds pass between any two looks at it, once it is slow.
class SlowClock final : public Clock {
 public:
  void BeSlow() { step_ = absl::Seconds(4); }
  absl::Time Now() override { return absl::UnixEpoch() + passed_; }
  absl::Duration Monotonic() override { return passed_ += step_; }

 private:
  absl::Duration step_;
  absl::Duration passed_;
};

class GroupMembershipTest : public ::testing::Test {
 protected:
  GroupMembershipTest() {
    EXPECT_THAT(engine_.CreateTopic("orders", {.partitions = 4}), IsOk());
    options_.group = "g";
  }
  std::unique_ptr<GroupMembership> Make(
      std::shared_ptr<GroupCoordinator> coordinator = nullptr,
      Clock* clock = nullptr) {
    GroupMembership::Seams seams;
    seams.engine = &engine_;
    seams.coordinator = coordinator != nullptr
                            ? std::move(coordinator)
                            : EngineCore::Of(engine_)->Groups();
    seams.clock = clock != nullptr ? clock : &clock_;
    seams.random = SystemRandom();
    seams.signal = std::make_shared<WakeSignal>(nullptr);
    auto made = std::make_unique<GroupMembership>(options_, std::move(seams));
    made->SetTopics({"orders", "orders"});
    return made;
  }
  // Goes through a whole rebalance of a single member.
  void Enter(GroupMembership& member) {
    ASSERT_THAT(member.Next(), IsOkAndHolds(Step::kPrepare));
    member.Join({});
    ASSERT_THAT(member.Next(), IsOkAndHolds(Step::kAssigned));
  }

  test::SimClock clock_;
  Engine engine_ = Engine::Open(":memory:", {.clock = &clock_}).value();
  ConsumerOptions options_;
};

TEST_F(GroupMembershipTest, LearnsItsShareStepByStep) {
  const auto member = Make();
  Enter(*member);
  EXPECT_THAT(member->assigned(), SizeIs(4));
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));
  EXPECT_EQ(member->metadata().generation, 1);
}

TEST_F(GroupMembershipTest, PreparesWhenAnotherComes) {
  const auto one = Make();
  Enter(*one);
  const auto two = Make();
  ASSERT_THAT(two->Next(), IsOkAndHolds(Step::kPrepare));
  two->Join({});
  EXPECT_THAT(two->Next(), IsOkAndHolds(Step::kNothing));

  EXPECT_THAT(one->Next(), IsOkAndHolds(Step::kPrepare));
  one->Join({});
  EXPECT_THAT(one->Next(), IsOkAndHolds(Step::kAssigned));
  EXPECT_THAT(two->Next(), IsOkAndHolds(Step::kAssigned));
  EXPECT_THAT(one->assigned(), SizeIs(2));
}

TEST_F(GroupMembershipTest, IsOneMemberThoughItAsksAgainBeforeItIsAnswered) {
  const auto one = Make();
  Enter(*one);
  const auto two = Make();
  ASSERT_THAT(two->Next(), IsOkAndHolds(Step::kPrepare));
  two->Join({});
  two->JoinAgain();
  ASSERT_THAT(two->Next(), IsOkAndHolds(Step::kPrepare));
  two->Join({});

  ASSERT_THAT(one->Next(), IsOkAndHolds(Step::kPrepare));
  one->Join({});

  EXPECT_THAT(one->Next(), IsOkAndHolds(Step::kAssigned));
  EXPECT_THAT(two->Next(), IsOkAndHolds(Step::kAssigned));
  EXPECT_THAT(one->assigned(), SizeIs(2));
  EXPECT_THAT(two->assigned(), SizeIs(2));
  EXPECT_THAT(EngineCore::Of(engine_)->Groups()->Describe("g")->members,
              SizeIs(2));
}

TEST_F(GroupMembershipTest, TellsWhyItWasPutOffForAllOfCallTimeout) {
  const auto log = std::make_shared<test::FakeStateLog>();
  GroupCoordinator::Options options;
  options.group.initial_rebalance_delay = absl::ZeroDuration();
  absl::Status why = MakeError(Reason::kCoordinatorNotAvailable, "no room");
  GroupCoordinator::Seams seams;
  seams.clock = &clock_;
  seams.log = [&](GroupCoordinator::IfMissing)
      -> absl::StatusOr<std::shared_ptr<StateLog>> {
    if (!why.ok()) return why;
    return log;
  };
  const auto coordinator =
      std::make_shared<GroupCoordinator>(options, std::move(seams));
  options_.call_timeout = absl::Seconds(3);
  const auto member = Make(coordinator);
  const auto ask = [&] {
    EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kPrepare));
    member->Join({});
    return member->Next();
  };

  EXPECT_THAT(ask(), IsOkAndHolds(Step::kNothing));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(ask(), IsOkAndHolds(Step::kNothing));
  clock_.Advance(absl::Seconds(1));
  const auto told = ask();
  EXPECT_THAT(told, HasReason(Reason::kTimedOut));
  EXPECT_THAT(std::string(MessageOf(told.status())),
              AllOf(HasSubstr("group g"), HasSubstr("3s"),
                    HasSubstr("no room")));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(ask(), IsOkAndHolds(Step::kNothing)) << "once for as long";

  why = absl::OkStatus();
  clock_.Advance(absl::Seconds(1));
  Enter(*member);
}

TEST_F(GroupMembershipTest, HearsOfOthersThoughItsGroupWasUnreadableAtFirst) {
  const auto log = std::make_shared<test::FakeStateLog>();
  GroupCoordinator::Options options;
  options.group.initial_rebalance_delay = absl::ZeroDuration();
  GroupCoordinator::Seams seams;
  seams.clock = &clock_;
  seams.log = [log](GroupCoordinator::IfMissing) { return log; };
  const auto coordinator =
      std::make_shared<GroupCoordinator>(options, std::move(seams));
  const auto one = Make(coordinator);
  log->set_unreadable(MakeError(Reason::kDiskFailed, "no disk"));
  ASSERT_THAT(one->Next(), IsOkAndHolds(Step::kPrepare));
  one->Join({});
  EXPECT_THAT(one->Next(), HasReason(Reason::kDiskFailed));
  log->set_unreadable(absl::OkStatus());
  clock_.Advance(absl::Minutes(1));
  Enter(*one);

  const auto two = Make(coordinator);
  ASSERT_THAT(two->Next(), IsOkAndHolds(Step::kPrepare));
  two->Join({});

  EXPECT_THAT(one->Next(), IsOkAndHolds(Step::kPrepare));
}

TEST_F(GroupMembershipTest, LosesItsShareWhereItWasAwayForTooLong) {
  const auto member = Make();
  Enter(*member);
  clock_.Advance(options_.poll_interval_max + absl::Seconds(3));
  EXPECT_THAT(engine_.RunUpkeep(), IsOk());
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kLost));
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kPrepare));
}

TEST_F(GroupMembershipTest, NeedsAThreadOnlyNowAndThenToShowThatItLives) {
  const auto member = Make();
  Enter(*member);
  EXPECT_EQ(member->UntilDue(), options_.poll_interval_max / 3);

  // Who is called anyway shows it: its time begins anew with each call.
  clock_.Advance(absl::Seconds(5));
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));
  EXPECT_EQ(member->UntilDue(), options_.poll_interval_max / 3);
  clock_.Advance(options_.poll_interval_max - absl::Seconds(1));
  EXPECT_THAT(engine_.RunUpkeep(), IsOk());
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));
}

TEST_F(GroupMembershipTest, LivesForAsLongBehindACallThatGaveNoSignOfIt) {
  const auto member = Make();
  Enter(*member);
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));

  clock_.Advance(options_.poll_interval_max - absl::Milliseconds(1));
  EXPECT_THAT(engine_.RunUpkeep(), IsOk());

  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));
  EXPECT_EQ(member->metadata().generation, 1);
}

TEST_F(GroupMembershipTest, ShowsOnceThatItLivesHoweverLongThatTakes) {
  SlowClock clock;
  const auto member = Make(nullptr, &clock);
  Enter(*member);
  clock.BeSlow();
  EXPECT_THAT(member->Next(), IsOkAndHolds(Step::kNothing));
}

TEST_F(GroupMembershipTest, DoesNotComeBackWhereItWasFencedBeforeItWasIn) {
  const auto other = Make();
  Enter(*other);
  options_.instance = "one";
  const auto older = Make();
  ASSERT_THAT(older->Next(), IsOkAndHolds(Step::kPrepare));
  older->Join({});  // `other` has not come yet
  const auto newer = Make();
  ASSERT_THAT(newer->Next(), IsOkAndHolds(Step::kPrepare));
  newer->Join({});

  EXPECT_THAT(older->Next(), test::HasReason(Reason::kFencedInstanceId));

  ASSERT_THAT(other->Next(), IsOkAndHolds(Step::kPrepare));
  other->Join({});
  EXPECT_THAT(other->Next(), IsOkAndHolds(Step::kAssigned));
  EXPECT_THAT(newer->Next(), IsOkAndHolds(Step::kAssigned));
}

TEST_F(GroupMembershipTest, IsCooperativeWhereAllOfItsWaysAre) {
  EXPECT_FALSE(Make()->is_cooperative());
  options_.assignments = {Assignment::kCooperativeSticky};
  EXPECT_TRUE(Make()->is_cooperative());
}

}  // namespace
}  // namespace cauce
