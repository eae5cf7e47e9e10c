#include "engine/coord/transaction_coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "cauce/errors.h"
#include "fmt/format.h"
#include "tests/engine/coord/transaction_coordinator_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::Orders;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Reason kTryLater = Reason::kCoordinatorNotAvailable;

class TransactionCoordinatorTest : public test::TransactionCoordinatorRig {};

TEST_F(TransactionCoordinatorTest, EndsATransactionInEachOfItsPartitions) {
  const auto first = Init();
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->epoch, 0);
  ASSERT_THAT(Add(*first, {Orders(0), Orders(2)}), IsOk());

  const auto next = Commit(*first);

  ASSERT_THAT(next, IsOk());
  EXPECT_EQ(*next, (ProducerInstance{first->id, 1}));
  EXPECT_THAT(markers_.written(),
              ElementsAre("orders-0 commit", "orders-2 commit"));
  EXPECT_EQ(markers_.last().end.coordinator_epoch, 3);
  EXPECT_EQ(markers_.last().end.transaction_version, 2);
  EXPECT_EQ(StatusOf(), TransactionStatus::kCompleteCommit);
}

TEST_F(TransactionCoordinatorTest, GivesEachIdAProducerIdOfItsOwn) {
  const auto x = Init("x");
  const auto y = Init("y");

  ASSERT_THAT(x, IsOk());
  ASSERT_THAT(y, IsOk());
  EXPECT_NE(x->id, y->id);
}

TEST_F(TransactionCoordinatorTest, TellsNothingBeforeItIsDurable) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());
  log_.Hold();

  const auto at_once = Commit(*first);

  EXPECT_EQ(ReasonOf(at_once.status()), Reason::kNone);
  EXPECT_THAT(markers_.written(), IsEmpty());
  EXPECT_THAT(Resolve(absl::OkStatus()), IsOk());
  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 commit"));
}

TEST_F(TransactionCoordinatorTest, LeavesAnIdAsItWasWhereAnAppendFails) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());
  log_.Hold();
  Commit(*first).status().IgnoreError();

  const auto told = Resolve(MakeError(Reason::kDiskFull, "full"));

  EXPECT_THAT(told.status(), HasReason(Reason::kCoordinatorNotAvailable));
  EXPECT_EQ(StatusOf(), TransactionStatus::kOngoing);
  EXPECT_THAT(markers_.written(), IsEmpty());
}

TEST_F(TransactionCoordinatorTest, RefusesWhoAsksWhileARecordIsStored) {
  const auto first = Init();
  log_.Hold();
  Add(*first, {Orders(0)}).status().IgnoreError();

  EXPECT_THAT(Add(*first, {Orders(1)}).status(),
              HasReason(Reason::kConcurrentTransactions));
  EXPECT_EQ(log_.waiting(), 1);
}

TEST_F(TransactionCoordinatorTest, WritesMarkersAgainThatFailed) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0), Orders(1)}), IsOk());
  markers_.Fail(Orders(1));
  ASSERT_THAT(Commit(*first), IsOk());
  EXPECT_EQ(StatusOf(), TransactionStatus::kPrepareCommit);
  EXPECT_EQ(markers_.tries(), 2);
  markers_.Mend(Orders(1));

  Pass(options_.transactions.retry_backoff);

  EXPECT_THAT(markers_.written(),
              ElementsAre("orders-0 commit", "orders-1 commit"));
  EXPECT_EQ(StatusOf(), TransactionStatus::kCompleteCommit);
}

TEST_F(TransactionCoordinatorTest, EndsWithoutAPartitionThatIsGone) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0), Orders(1)}), IsOk());
  markers_.Remove(Orders(0));

  ASSERT_THAT(Commit(*first), IsOk());

  EXPECT_EQ(StatusOf(), TransactionStatus::kCompleteCommit);
  EXPECT_THAT(markers_.written(), ElementsAre("orders-1 commit"));
}

TEST_F(TransactionCoordinatorTest, AbortsATransactionThatTimesOut) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());

  Pass(absl::Seconds(59));
  EXPECT_THAT(markers_.written(), IsEmpty());
  Pass(absl::Seconds(1));

  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 abort"));
  EXPECT_THAT(Add(*first, {Orders(0)}).status(),
              HasReason(Reason::kProducerFenced));
}

TEST_F(TransactionCoordinatorTest, GoesByTheTimeThatPassesNotByTheTimeOfDay) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());

  clock_.Set(-absl::Hours(24 * 365));
  Pass(absl::Minutes(1));

  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 abort"));
}

TEST_F(TransactionCoordinatorTest, ForgetsAnIdThatIsIdle) {
  const auto first = Init();

  Pass(options_.transactions.id_expiration);

  EXPECT_THAT(coordinator_->List(), IsEmpty());
  const auto anew = Init();
  ASSERT_THAT(anew, IsOk());
  EXPECT_NE(anew->id, first->id);
}

TEST_F(TransactionCoordinatorTest, FencesAnOlderInstance) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());

  EXPECT_THAT(Init().status(), HasReason(Reason::kConcurrentTransactions));
  const auto second = Init();

  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 abort"));
  EXPECT_THAT(Commit(*first).status(), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(Add(*first, {Orders(0)}).status(),
              HasReason(Reason::kProducerFenced));
}

TEST_F(TransactionCoordinatorTest, KnowsWhatMayBeWrittenNow) {
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());

  EXPECT_THAT(coordinator_->CheckProduce("x", *first, Orders(0)), IsOk());
  EXPECT_THAT(coordinator_->CheckProduce("x", *first, Orders(1)),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(coordinator_->CheckProduce("y", *first, Orders(0)),
              HasReason(Reason::kInvalidProducerIdMapping));
}

TEST_F(TransactionCoordinatorTest, TellsWhenWhoWasBusyIsFree) {
  int freed = 0;
  const auto note = [&freed] { ++freed; };
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());
  coordinator_->WhenFree("x", note);
  EXPECT_EQ(freed, 1) << "it was free";

  markers_.Hold();
  const auto next = Commit(*first);
  EXPECT_THAT(Add(*next, {Orders(0)}).status(),
              HasReason(Reason::kConcurrentTransactions));
  coordinator_->WhenFree("x", note);
  EXPECT_EQ(freed, 1);
  markers_.Finish();
  executor_.RunDue();

  EXPECT_EQ(freed, 2);
  EXPECT_THAT(Add(*next, {Orders(0)}), IsOk());
}

TEST_F(TransactionCoordinatorTest, LetsNoMoreThanAThousandWaitForItToBeFree) {
  int oldest = 0;
  int others = 0;
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());
  markers_.Hold();
  ASSERT_THAT(Commit(*first), IsOk());
  coordinator_->WhenFree("x", [&oldest] { ++oldest; });
  for (int i = 0; i < 999; ++i)
    coordinator_->WhenFree("x", [&others] { ++others; });
  EXPECT_EQ(oldest, 0);

  coordinator_->WhenFree("x", [&others] { ++others; });
  EXPECT_EQ(oldest, 1);
  EXPECT_EQ(others, 0);
  markers_.Finish();
  executor_.RunDue();

  EXPECT_EQ(oldest, 1);
  EXPECT_EQ(others, 1000);
}

TEST_F(TransactionCoordinatorTest, CallsLaterWithAnExecutorAndWithout) {
  int called = 0;
  const auto note = [&called] { ++called; };
  for (const bool has_executor : {true, false}) {
    SCOPED_TRACE(has_executor);
    has_executor_ = has_executor;
    Kill();
    Start();
    called = 0;
    coordinator_->CallAfter(absl::Seconds(2), note);
    coordinator_->CallAfter(absl::Seconds(1), note);
    if (!has_executor) {
      EXPECT_EQ(coordinator_->UntilDue(), absl::Seconds(1));
    }
    const auto pass = [&] {
      Pass(absl::Seconds(1));
      coordinator_->RunDue();
    };
    coordinator_->RunDue();
    EXPECT_EQ(called, 0);
    pass();
    EXPECT_EQ(called, 1);
    pass();
    EXPECT_EQ(called, 2);
    pass();
    EXPECT_EQ(called, 2);
  }

  coordinator_->CallAfter(absl::ZeroDuration(), note);
  coordinator_->Close(MakeError(Reason::kClosed, "closed"));
  coordinator_->CallAfter(absl::ZeroDuration(), note);
  coordinator_->RunDue();
  EXPECT_EQ(called, 2);
}

// As while a disk stands still, and whoever gave up waiting asks once more.
TEST_F(TransactionCoordinatorTest, LetsNoMoreThanTenThousandWaitForAnswers) {
  log_.Hold();
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_THAT(Init(fmt::format("id {}", i)), Not(HasReason(kTryLater)));
  }

  EXPECT_THAT(Init("one more"), HasReason(kTryLater));

  while (log_.waiting() > 0) log_.Finish(absl::OkStatus());
  executor_.RunDue();
  EXPECT_THAT(Init("one more"), Not(HasReason(kTryLater)));
  EXPECT_THAT(Resolve(absl::OkStatus()), IsOk());
}

TEST_F(TransactionCoordinatorTest, TellsWhoWaitsForItToBeFreeThatItCloses) {
  int freed = 0;
  const auto first = Init();
  ASSERT_THAT(Add(*first, {Orders(0)}), IsOk());
  markers_.Hold();
  ASSERT_THAT(Commit(*first), IsOk());
  coordinator_->WhenFree("x", [&freed] { ++freed; });

  coordinator_->Close(MakeError(Reason::kClosed, "closed"));
  EXPECT_EQ(freed, 1);

  coordinator_->WhenFree("x", [&freed] { ++freed; });
  EXPECT_EQ(freed, 2);
}

TEST_F(TransactionCoordinatorTest, AnswersAllWhoeverHasToWorkThatOff) {
  // Each answer asks once more, so that a call would never end otherwise.
  const auto x = Init("x");
  ASSERT_THAT(Add(*x, {Orders(0)}), IsOk());
  int answered = 0;
  int on_stack_max = 0;
  std::function<void()> ask = [&] {
    coordinator_->AddPartitions("x",
                                {.waiter = 0,
                                 .producer = *x,
                                 .partitions = {Orders(0)},
                                 .version = 2},
                                [&](const Answered& told) {
                                  EXPECT_THAT(told, IsOk());
                                  if (++answered < 10'000) ask();
                                });
  };

  ask();
  on_stack_max = answered;
  executor_.RunDue();

  EXPECT_LT(on_stack_max, 1000);
  EXPECT_EQ(answered, 10'000);
}

TEST_F(TransactionCoordinatorTest, RefusesIdsThatItHasNot) {
  MakeCoordinator();  // loads none
  EXPECT_THAT(Init().status(), HasReason(Reason::kNotCoordinator));
  EXPECT_THAT(coordinator_->Describe("x").status(),
              HasReason(Reason::kNotCoordinator));
}

TEST_F(TransactionCoordinatorTest, RefusesWhatIsNoIdAndWhatIsNotKnown) {
  EXPECT_THAT(Init("").status(), HasReason(Reason::kInvalidOption));
  EXPECT_THAT(Add({{1}, 0}, {Orders(0)}, "nobody").status(),
              HasReason(Reason::kInvalidProducerIdMapping));
  EXPECT_EQ(*coordinator_->Describe("nobody"), std::nullopt);
  EXPECT_THAT(coordinator_->List(), IsEmpty());
}

TEST_F(TransactionCoordinatorTest, KeepsNothingOfWhoCouldNotBegin) {
  EXPECT_THAT(Init("x", {}, absl::Hours(1)).status(),
              HasReason(Reason::kInvalidTransactionTimeout));
  EXPECT_THAT(coordinator_->List(), IsEmpty());
}

TEST_F(TransactionCoordinatorTest, TakesNoMoreIdsThanItsLimit) {
  options_.ids_max = 2;
  Start();
  ASSERT_THAT(Init("x"), IsOk());
  ASSERT_THAT(Init("y"), IsOk());

  EXPECT_THAT(Init("z").status(), HasReason(Reason::kTooManyProducers));
  EXPECT_THAT(Init("y"), IsOk());
  Pass(options_.transactions.id_expiration);
  EXPECT_THAT(Init("z"), IsOk());
}

TEST_F(TransactionCoordinatorTest, ListsWhatIsOpen) {
  const auto x = Init("x");
  ASSERT_THAT(Init("y"), IsOk());
  ASSERT_THAT(Add(*x, {Orders(0)}), IsOk());

  EXPECT_THAT(coordinator_->List(), SizeIs(2));
  const auto described = coordinator_->Describe("x");
  ASSERT_THAT(described, IsOk());
  EXPECT_EQ((*described)->status, TransactionStatus::kOngoing);
  EXPECT_THAT((*described)->partitions, ElementsAre(Orders(0)));
}

TEST_F(TransactionCoordinatorTest, MayBeAskedAgainByAnAnswer) {
  std::optional<Answered> second;
  coordinator_->InitProducer(
      "x", {.waiter = 0, .timeout = absl::Minutes(1), .current = {}},
      [&](const Answered& first) {
        coordinator_->AddPartitions("x",
                                    {.waiter = 0,
                                     .producer = *first,
                                     .partitions = {Orders(0)},
                                     .version = 2},
                                    [&](const Answered& told) {
                                      second = told;
                                    });
      });
  executor_.RunDue();

  ASSERT_TRUE(second.has_value());
  EXPECT_THAT(*second, IsOk());
}

TEST_F(TransactionCoordinatorTest, DoesWhatIsDueInItsCallersCalls) {
  has_executor_ = false;
  Start();
  const auto x = Init("x");
  log_.Hold();
  Add(*x, {Orders(0)}).status().IgnoreError();
  log_.Finish(absl::OkStatus());
  coordinator_->RunDue();
  EXPECT_EQ(StatusOf("x"), TransactionStatus::kOngoing);

  clock_.Advance(absl::Minutes(1));
  Init("y").status().IgnoreError();
  while (log_.waiting() > 0) log_.Finish(absl::OkStatus());
  coordinator_->RunDue();

  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 abort"));
}

TEST_F(TransactionCoordinatorTest, TellsWhoWaitsThatItCloses) {
  const auto first = Init();
  log_.Hold();
  Add(*first, {Orders(0)}).status().IgnoreError();

  coordinator_->Close(MakeError(Reason::kClosed, "closed"));

  EXPECT_THAT(late_.status(), HasReason(Reason::kClosed));
  EXPECT_THAT(Init().status(), HasReason(Reason::kClosed));
  EXPECT_THAT(coordinator_->Describe("x").status(),
              HasReason(Reason::kClosed));
  // It hears no more of what comes late.
  log_.Finish(absl::OkStatus());
  Pass(absl::Minutes(5));
  EXPECT_THAT(markers_.written(), IsEmpty());
}

}  // namespace
}  // namespace cauce
