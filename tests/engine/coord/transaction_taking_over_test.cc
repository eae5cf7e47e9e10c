#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "engine/coord/transaction_coordinator.h"
#include "tests/engine/coord/transaction_coordinator_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::Orders;
using testing::ElementsAre;
using testing::IsEmpty;

class TransactionTakingOver : public test::TransactionCoordinatorRig {
 protected:
  PartitionId PartitionOfX() const {
    return StatePartitionOf("x", log_.partitions());
  }
  // An open transaction of "x" in orders-0.
  ProducerInstance Begin() {
    const auto first = Init();
    EXPECT_THAT(first, IsOk());
    EXPECT_THAT(Add(*first, {Orders(0)}), IsOk());
    return *first;
  }
};

TEST_F(TransactionTakingOver, WritesMarkersThatAreOwed) {
  const ProducerInstance first = Begin();
  markers_.Hold();
  ASSERT_THAT(Commit(first), IsOk());
  Kill();
  Start();

  markers_.Finish();
  executor_.RunDue();

  // Once by each of them.
  EXPECT_THAT(markers_.written(),
              ElementsAre("orders-0 commit", "orders-0 commit"));
  EXPECT_EQ(StatusOf(), TransactionStatus::kCompleteCommit);
}

TEST_F(TransactionTakingOver, CommitsWhatWasStoredThoughNobodyWasTold) {
  const ProducerInstance first = Begin();
  log_.Hold();
  Commit(first).status().IgnoreError();

  Kill(1);
  Start();
  while (log_.waiting() > 0) Resolve(absl::OkStatus()).status().IgnoreError();

  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 commit"));
}

TEST_F(TransactionTakingOver, AbortsWhatTimesOutSince) {
  Begin();
  Kill();
  Start();
  EXPECT_EQ(StatusOf(), TransactionStatus::kOngoing);

  Pass(absl::Minutes(1));

  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 abort"));
}

TEST_F(TransactionTakingOver, WaitsForNoTimeOutOfAClockThatWentBack) {
  Begin();
  Kill();
  clock_.Set(-absl::Hours(24 * 365));
  Start();

  Pass(absl::Minutes(1));

  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 abort"));
}

TEST_F(TransactionTakingOver, KnowsAnIdAsItWas) {
  const ProducerInstance first = Begin();
  const auto next = Commit(first);
  ASSERT_THAT(next, IsOk());
  Kill();
  Start();

  EXPECT_THAT(Add(*next, {Orders(1)}), IsOk());
  EXPECT_THAT(Add(first, {Orders(1)}).status(),
              HasReason(Reason::kProducerFenced));
}

TEST_F(TransactionTakingOver, KnowsNothingOfWhatIsForgotten) {
  ASSERT_THAT(Init(), IsOk());
  Pass(options_.transactions.id_expiration);
  Kill();
  Start();

  EXPECT_THAT(coordinator_->List(), IsEmpty());
}

TEST_F(TransactionTakingOver, RefusesIdsOfAPartitionThatCannotBeRead) {
  log_.Append(PartitionOfX(), {.records = {{.key = "?", .value = "?"}},
                               .transaction = {}},
              [](const auto&) {});
  MakeCoordinator();

  EXPECT_THAT(coordinator_->Load(PartitionOfX(), 3),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(Init().status(), HasReason(Reason::kCorruptBatch));
}

TEST_F(TransactionTakingOver, GivesUpAPartitionAsItIs) {
  const ProducerInstance first = Begin();
  log_.Hold();
  Commit(first).status().IgnoreError();

  coordinator_->Unload(PartitionOfX(), MakeError(Reason::kNotCoordinator, "?"));

  EXPECT_THAT(late_.status(), HasReason(Reason::kNotCoordinator));
  EXPECT_THAT(coordinator_->Load(PartitionOfX(), 4),
              HasReason(Reason::kCoordinatorNotAvailable));
  Resolve(absl::OkStatus()).status().IgnoreError();
  EXPECT_THAT(markers_.written(), IsEmpty());
  ASSERT_THAT(coordinator_->Load(PartitionOfX(), 4), IsOk());
  executor_.RunDue();
  EXPECT_THAT(markers_.written(), ElementsAre("orders-0 commit"));
  EXPECT_EQ(markers_.last().end.coordinator_epoch, 4);
}

}  // namespace
}  // namespace cauce
