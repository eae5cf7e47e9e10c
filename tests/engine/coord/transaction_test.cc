#include "engine/coord/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/engine/coord/golden_records.h"
#include "tests/engine/coord/transaction_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::kRigStart;
using test::kTimeout;
using test::PartitionOf;
using test::TransactionRig;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ProducerInstance kCurrent{{1000}, 5};
constexpr ProducerInstance kFormer{{1000}, 4};
constexpr ProducerInstance kStranger{{4711}, 5};

constexpr TransactionStatus kStates[] = {
    TransactionStatus::kEmpty,          TransactionStatus::kOngoing,
    TransactionStatus::kPrepareCommit,  TransactionStatus::kPrepareAbort,
    TransactionStatus::kCompleteCommit, TransactionStatus::kCompleteAbort,
    TransactionStatus::kDead};

// What is answered and what becomes of it, in the order of kStates.
struct Row {
  std::string event;
  std::function<TransactionReply(TransactionRig&)> happen;
  std::vector<std::string> results;
};

void CheckTable(const std::vector<Row>& table, int16_t version) {
  for (const Row& row : table) {
    std::vector<std::string> results;
    for (const TransactionStatus state : kStates) {
      TransactionRig rig;
      rig.Load(TransactionRig::Stored(state, version));

      const TransactionReply reply = row.happen(rig);

      std::string result(TransactionStatusName(rig.status()));
      if (!reply.status.ok()) {
        result = ReasonName(ReasonOf(reply.status));
        if (rig.status() != state)
          result += "," + std::string(TransactionStatusName(rig.status()));
      }
      results.push_back(result);
    }
    EXPECT_EQ(results, row.results) << row.event << ", version " << version;
  }
}

// One transaction version has these as the other.
std::vector<Row> CommonRows(int16_t version) {
  const std::string busy = "CONCURRENT_TRANSACTIONS";
  const std::string fenced = "PRODUCER_FENCED";
  const std::string wrong_id = "INVALID_PRODUCER_ID_MAPPING";
  return {
      {"a new instance asks for an epoch",
       [](auto& rig) { return rig.Init(); },
       {"Empty", busy + ",PrepareAbort", busy, busy, "Empty", "Empty", busy}},
      {"the producer asks for the next epoch",
       [](auto& rig) { return rig.Init(kCurrent); },
       {"Empty", busy + ",PrepareAbort", busy, busy, "Empty", "Empty", busy}},
      {"a zombie asks for an epoch",
       [](auto& rig) { return rig.Init(kFormer); },
       {fenced, fenced, busy, busy, fenced, fenced, busy}},
      {"the producer of another id asks for an epoch",
       [](auto& rig) { return rig.Init(kStranger); },
       {fenced, fenced, fenced, fenced, fenced, fenced, busy}},
      {"a partition is added",
       [=](auto& rig) { return rig.Add(kCurrent, {PartitionOf(1)}, version); },
       {"Ongoing", "Ongoing", busy, busy, "Ongoing", "Ongoing", busy}},
      {"a partition is added again",
       [=](auto& rig) { return rig.Add(kCurrent, {PartitionOf(0)}, version); },
       {"Ongoing", "Ongoing", busy, busy, "Ongoing", "Ongoing", busy}},
      {"a zombie adds a partition",
       [=](auto& rig) { return rig.Add(kFormer, {PartitionOf(1)}, version); },
       {fenced, fenced, fenced, fenced, fenced, fenced, fenced}},
      {"another producer adds a partition",
       [=](auto& rig) { return rig.Add(kStranger, {PartitionOf(1)}, version); },
       {wrong_id, wrong_id, wrong_id, wrong_id, wrong_id, wrong_id, wrong_id}},
      {"another producer commits",
       [=](auto& rig) { return rig.Commit(kStranger, version); },
       {wrong_id, wrong_id, wrong_id, wrong_id, wrong_id, wrong_id, wrong_id}},
      {"all markers are written",
       [](auto& rig) {
         rig.WriteMarkers();
         return TransactionReply{};
       },
       {"Empty", "Ongoing", "CompleteCommit", "CompleteAbort",
        "CompleteCommit", "CompleteAbort", "Dead"}},
      {"the time-out passes",
       [](auto& rig) {
         rig.Pass(kTimeout);
         return TransactionReply{};
       },
       {"Empty", "PrepareAbort", "PrepareCommit", "PrepareAbort",
        "CompleteCommit", "CompleteAbort", "Dead"}},
      {"a week passes",
       [](auto& rig) {
         rig.Pass(absl::Hours(24 * 7));
         return TransactionReply{};
       },
       {"Dead", "PrepareAbort", "PrepareCommit", "PrepareAbort", "Dead",
        "Dead", "Dead"}},
  };
}

TEST(Transitions, OfEveryStateByEveryEventAreKafkas) {
  for (const int16_t version : {0, 1, 2})
    CheckTable(CommonRows(version), version);
}

TEST(Transitions, ByAnEndOfVersionOneAreKafkas) {
  const std::string busy = "CONCURRENT_TRANSACTIONS";
  const std::string fenced = "PRODUCER_FENCED";
  const std::string refused = "INVALID_TXN_STATE";
  const std::vector<std::string> all_fenced(7, fenced);
  CheckTable(
      {{"commit",
        [](auto& rig) { return rig.Commit(kCurrent, 1); },
        {refused, "PrepareCommit", busy, refused, "CompleteCommit", refused,
         busy}},
       {"abort",
        [](auto& rig) { return rig.Abort(kCurrent, 1); },
        {refused, "PrepareAbort", refused, busy, refused, "CompleteAbort",
         busy}},
       {"a zombie commits",
        [](auto& rig) { return rig.Commit(kFormer, 1); }, all_fenced},
       {"a zombie aborts",
        [](auto& rig) { return rig.Abort(kFormer, 1); }, all_fenced}},
      1);
}

// Kafka's own table stands above TransactionCoordinator.endTransaction.
TEST(Transitions, ByAnEndOfVersionTwoAreKafkas) {
  const std::string busy = "CONCURRENT_TRANSACTIONS";
  const std::string fenced = "PRODUCER_FENCED";
  const std::string refused = "INVALID_TXN_STATE";
  CheckTable(
      {{"commit",
        [](auto& rig) { return rig.Commit(kCurrent, 2); },
        {refused, "PrepareCommit", busy, busy, refused, refused, busy}},
       {"abort",
        [](auto& rig) { return rig.Abort(kCurrent, 2); },
        {"CompleteAbort", "PrepareAbort", busy, busy, "CompleteAbort",
         "CompleteAbort", busy}},
       {"commit, again",
        [](auto& rig) { return rig.Commit(kFormer, 2); },
        {fenced, fenced, busy, refused, "CompleteCommit", refused, fenced}},
       {"abort, again",
        [](auto& rig) { return rig.Abort(kFormer, 2); },
        {fenced, fenced, refused, busy, refused, "CompleteAbort", fenced}}},
      2);
}

TEST(TransactionLoad, TakesUpWhatKafkaWroteInEveryState) {
  for (const auto& golden : test::GoldenRecordsOf("TransactionLogValue")) {
    SCOPED_TRACE(golden.name);
    const auto value = DecodeTransactionLogValue(golden.bytes);
    ASSERT_THAT(value.status(), IsOk());
    TransactionRig rig;
    rig.Hold();

    rig.Load(*value);

    const bool ends = value->status == TransactionStatus::kPrepareCommit ||
                      value->status == TransactionStatus::kPrepareAbort;
    ASSERT_EQ(rig.markers().size(), ends ? 1 : 0);
    EXPECT_EQ(rig.machine().metadata().producer.id, value->producer_id);
    if (!ends) continue;
    EXPECT_EQ(rig.markers()[0].end.outcome,
              value->status == TransactionStatus::kPrepareCommit
                  ? TransactionOutcome::kCommit
                  : TransactionOutcome::kAbort);
    EXPECT_EQ(rig.markers()[0].end.producer_epoch, value->producer_epoch);
    EXPECT_EQ(rig.markers()[0].partitions.size(), 4);
  }
}

TEST(TransactionLoad, AnAbortThatWasToBeDecidedIsDecidedAtOnce) {
  auto stored = TransactionRig::Stored(TransactionStatus::kOngoing, 2);
  stored.status = TransactionStatus::kPrepareEpochFence;
  TransactionRig rig;

  rig.Load(stored);

  EXPECT_EQ(rig.status(), TransactionStatus::kPrepareAbort);
}

TEST(TransactionLoad, GoesOnWithTheTimeThatWasLeft) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));

  EXPECT_EQ(rig.wake_at(), kRigStart + kTimeout);
}

TEST(TransactionTimeOut, FencesTheProducerAndEndsWithAHigherEpoch) {
  for (const int16_t version : {1, 2}) {
    TransactionRig rig;
    rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, version));

    rig.Pass(kTimeout);

    ASSERT_EQ(rig.markers().size(), 1);
    EXPECT_EQ(rig.markers()[0].end.producer_epoch, version == 2 ? 7 : 6);
    EXPECT_EQ(rig.markers()[0].end.outcome, TransactionOutcome::kAbort);
    EXPECT_EQ(rig.markers()[0].end.coordinator_epoch, 7);
    EXPECT_THAT(rig.machine().CheckProduce(kCurrent, PartitionOf(0)),
                HasReason(Reason::kInvalidProducerEpoch));
  }
}

TEST(TransactionTimeOut, IsTriedAgainWhereItCouldNotBeStored) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Hold();
  rig.Pass(kTimeout);
  ASSERT_THAT(rig.markers(), IsEmpty());

  rig.Fail(Reason::kDiskFull);
  EXPECT_EQ(rig.status(), TransactionStatus::kOngoing);
  EXPECT_EQ(rig.wake_at(), rig.now() + TransactionOptions().retry_backoff);
  rig.Pass(TransactionOptions().retry_backoff);
  rig.Append();

  EXPECT_EQ(rig.status(), TransactionStatus::kPrepareAbort);
  EXPECT_EQ(rig.machine().metadata().producer.epoch, 7);
}

TEST(TransactionExpiry, LeavesATombstone) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kCompleteCommit, 2));

  rig.Pass(TransactionOptions().id_expiration);

  ASSERT_EQ(rig.records().size(), 1);
  EXPECT_EQ(rig.records()[0].value, std::nullopt);
  EXPECT_EQ(rig.status(), TransactionStatus::kDead);
  EXPECT_EQ(rig.wake_at(), std::nullopt);
}

TEST(TransactionStorage, TellsNobodyWhatIsNotDurable) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Hold();

  const TransactionReply early = rig.Commit(kCurrent, 2);

  EXPECT_EQ(early.waiter, 0);
  EXPECT_THAT(rig.markers(), IsEmpty());
  EXPECT_EQ(rig.status(), TransactionStatus::kOngoing);
  const auto reply = rig.Append();
  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(reply->status, IsOk());
  EXPECT_EQ(reply->producer, (ProducerInstance{{1000}, 6}));
  EXPECT_EQ(rig.markers().size(), 1);
}

TEST(TransactionStorage, WhoAsksMeanwhileIsToldToTryAgain) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Hold();
  rig.Commit(kCurrent, 2);

  EXPECT_THAT(rig.Init().status, HasReason(Reason::kConcurrentTransactions));
  EXPECT_THAT(rig.Add(kCurrent, {PartitionOf(3)}, 2).status,
              HasReason(Reason::kConcurrentTransactions));
  EXPECT_THAT(rig.Abort(kCurrent, 2).status,
              HasReason(Reason::kConcurrentTransactions));
  EXPECT_THAT(rig.machine().CheckProduce(kCurrent, PartitionOf(0)),
              HasReason(Reason::kConcurrentTransactions));
  rig.Pass(kTimeout);
  EXPECT_EQ(rig.records().size(), 1);
}

TEST(TransactionStorage, AnEndThatWasNotStoredMayBeAskedForAgain) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Hold();
  rig.Commit(kCurrent, 2);

  const auto reply = rig.Fail(Reason::kDiskFull);

  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(reply->status, HasReason(Reason::kCoordinatorNotAvailable));
  rig.Abort(kCurrent, 2);
  rig.Append();
  EXPECT_EQ(rig.status(), TransactionStatus::kPrepareAbort);
}

TEST(TransactionStorage, ClosingAnswersWhoWaits) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Hold();
  rig.Commit(kCurrent, 2);

  const auto reply = rig.Close(MakeError(Reason::kClosed, "closed"));

  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(reply->status, HasReason(Reason::kClosed));
  EXPECT_EQ(rig.wake_at(), std::nullopt);
}

TEST(CheckProduce, LetsInWhatThePresentInstanceAddsToItsTransaction) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  const Transaction& machine = rig.machine();

  EXPECT_THAT(machine.CheckProduce(kCurrent, PartitionOf(0)), IsOk());
  EXPECT_THAT(machine.CheckProduce(kCurrent, PartitionOf(1)),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(machine.CheckProduce(kFormer, PartitionOf(0)),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_THAT(machine.CheckProduce(kStranger, PartitionOf(0)),
              HasReason(Reason::kInvalidProducerIdMapping));
}

// Fault 46: a batch of a transaction that has ended meanwhile.
TEST(CheckProduce, RefusesABatchThatComesBehindTheEndOfItsTransaction) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Commit(kCurrent, 2);

  EXPECT_THAT(rig.machine().CheckProduce(kCurrent, PartitionOf(0)),
              HasReason(Reason::kInvalidProducerEpoch));
  rig.WriteMarkers();
  rig.Add({{1000}, 6}, {PartitionOf(0)}, 2);
  EXPECT_THAT(rig.machine().CheckProduce(kCurrent, PartitionOf(0)),
              HasReason(Reason::kInvalidProducerEpoch));
}

TEST(TransactionDescription, TellsOfThePartitionsThatHaveNoMarkerYet) {
  TransactionRig rig;
  rig.Load(TransactionRig::Stored(TransactionStatus::kOngoing, 2));
  rig.Add(kCurrent, {PartitionOf(1)}, 2);
  const auto open = rig.machine().Describe();
  EXPECT_EQ(open.id, "txn");
  EXPECT_EQ(open.start, kRigStart);
  EXPECT_EQ(open.timeout, kTimeout);
  EXPECT_THAT(open.partitions, ElementsAre(PartitionOf(0), PartitionOf(1)));
  rig.Commit(kCurrent, 2);

  rig.MarkersWritten({.producer = {{1000}, 6},
                      .results = {{PartitionOf(0), MarkerResult::kWritten}}});

  const auto ending = rig.machine().Describe();
  EXPECT_EQ(ending.status, TransactionStatus::kPrepareCommit);
  EXPECT_THAT(ending.partitions, ElementsAre(PartitionOf(1)));
}

TEST(TransactionalId, IsNeitherEmptyNorTooLong) {
  EXPECT_THAT(CheckTransactionalId("a"), IsOk());
  EXPECT_THAT(CheckTransactionalId(""), HasReason(Reason::kInvalidOption));
  EXPECT_THAT(CheckTransactionalId(std::string(32'767, 'a')), IsOk());
  EXPECT_THAT(CheckTransactionalId(std::string(32'768, 'a')),
              HasReason(Reason::kInvalidOption));
}

}  // namespace
}  // namespace cauce
