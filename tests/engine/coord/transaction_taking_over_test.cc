#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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
  // An id that is kept there.
  std::string IdOf(PartitionId partition) const {
    int number = 0;
    while (StatePartitionOf(std::to_string(number), log_.partitions()) !=
           partition) {
      ++number;
    }
    return std::to_string(number);
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

TEST_F(TransactionTakingOver, TriesAgainToReadWhatIsAskedForAfterAWhile) {
  ASSERT_THAT(Init(), IsOk());
  MakeCoordinator();
  log_.set_unreadable(MakeError(Reason::kDiskFailed, "no disk"));
  EXPECT_THAT(coordinator_->Load(PartitionOfX()),
              HasReason(Reason::kDiskFailed));
  const int before = log_.replays();

  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Init().status(), HasReason(Reason::kDiskFailed));
    Pass(absl::Milliseconds(100));
  }
  EXPECT_EQ(log_.replays() - before, 1);
  log_.set_unreadable(absl::OkStatus());
  Pass(UnreadPartitions::kLongest);

  EXPECT_THAT(Init(), IsOk());
}

TEST_F(TransactionTakingOver, TriesAgainWhereNotEvenItsEpochWasKnown) {
  bool fails = true;
  MakeCoordinator([&](PartitionId) -> absl::StatusOr<int32_t> {
    if (fails) return MakeError(Reason::kDiskFailed, "no disk");
    return 3;
  });
  EXPECT_THAT(coordinator_->LoadAll(), HasReason(Reason::kDiskFailed));
  EXPECT_THAT(Init().status(), HasReason(Reason::kDiskFailed));

  fails = false;
  Pass(UnreadPartitions::kFirst);

  EXPECT_THAT(Init(), IsOk());
}

TEST_F(TransactionTakingOver, KnowsAllIdsOfAPartitionOnceItIsLoaded) {
  const ProducerInstance first = Begin();
  ASSERT_TRUE(first.is_known());
  Kill();
  MakeCoordinator();

  // By an answer, while others wait for their turn.
  ASSERT_THAT(coordinator_->Load({0}, 3), IsOk());
  std::vector<TransactionDescription> listed;
  coordinator_->InitProducer(
      IdOf(PartitionId{0}),
      {.waiter = 0, .timeout = absl::Minutes(1), .current = {}},
      [&](const Answered&) {
        EXPECT_THAT(coordinator_->Load(PartitionOfX(), 3), IsOk());
        listed = coordinator_->List();
      });
  executor_.RunDue();

  ASSERT_EQ(listed.size(), 2);
  for (const TransactionDescription& each : listed) {
    EXPECT_EQ(each.partitions.size(), each.id == "x" ? 1 : 0);
  }
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
