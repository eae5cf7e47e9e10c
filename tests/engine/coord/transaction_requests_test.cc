#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/coord/transaction.h"
#include "tests/engine/coord/transaction_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::kTimeout;
using test::PartitionOf;
using test::TransactionRig;

constexpr int16_t kLast = kProducerEpochMax - 1;

TransactionLogValue OngoingAt(int16_t epoch, int16_t version) {
  auto stored = TransactionRig::Stored(TransactionStatus::kOngoing, version);
  stored.producer_epoch = epoch;
  return stored;
}

TEST(InitProducer, GivesANewIdAndThenEpochs) {
  TransactionRig rig;

  const TransactionReply first = rig.Init();
  const TransactionReply second = rig.Init();

  EXPECT_EQ(first.producer, (ProducerInstance{{2000}, 0}));
  EXPECT_EQ(second.producer, (ProducerInstance{{2000}, 1}));
}

TEST(InitProducer, WaitsForAProducerIdThatNobodyHasHad) {
  TransactionRig rig;

  rig.Do(rig.machine().InitProducer(
      {.waiter = 1, .timeout = kTimeout, .current = {}}, rig.now()));

  EXPECT_THAT(rig.TakeReply()->status,
              HasReason(Reason::kCoordinatorNotAvailable));
  EXPECT_THAT(rig.Init().status, IsOk());
}

TEST(InitProducer, TakesNoTimeOutThatIsTooLong) {
  TransactionRig rig;
  const absl::Duration most = TransactionOptions().timeout_max;

  for (const absl::Duration wrong :
       {absl::ZeroDuration(), absl::Milliseconds(-1),
        most + absl::Milliseconds(1)}) {
    EXPECT_THAT(rig.Init({}, wrong).status,
                HasReason(Reason::kInvalidTransactionTimeout));
  }
  EXPECT_THAT(rig.Init({}, most).status, IsOk());
}

TEST(InitProducer, AbortsTheOpenTransactionOfAnOlderInstanceFirst) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 2));

  EXPECT_THAT(rig.Init().status, HasReason(Reason::kConcurrentTransactions));
  EXPECT_EQ(rig.markers()[0].end.producer_epoch, 7);
  EXPECT_THAT(rig.Init().status, HasReason(Reason::kConcurrentTransactions));
  rig.WriteMarkers();

  EXPECT_EQ(rig.Init().producer, (ProducerInstance{{1000}, 8}));
}

TEST(InitProducer, AskedAgainByWhoGotNoAnswerGivesTheSame) {
  TransactionRig rig;
  const ProducerInstance given = rig.Init().producer;

  const TransactionReply lost = rig.Init(given);
  const TransactionReply again = rig.Init(given);

  EXPECT_EQ(lost.producer, (ProducerInstance{{2000}, 1}));
  EXPECT_EQ(again.producer, lost.producer);
}

TEST(InitProducer, OfANewerInstanceFencesWhoMightAskAgain) {
  TransactionRig rig;
  const ProducerInstance given = rig.Init().producer;
  rig.Init(given);
  rig.Init();

  EXPECT_THAT(rig.Init(given).status, HasReason(Reason::kProducerFenced));
}

TEST(InitProducer, GivesANewIdWhereTheEpochsAreUsedUp) {
  auto stored = TransactionRig::Stored(TransactionStatus::kEmpty, 1);
  stored.producer_epoch = kLast;
  TransactionRig rig;
  rig.Load(stored);

  const TransactionReply lost = rig.Init(ProducerInstance{{1000}, kLast});
  const TransactionReply again = rig.Init(ProducerInstance{{1000}, kLast});

  EXPECT_EQ(lost.producer, (ProducerInstance{{2000}, 0}));
  EXPECT_EQ(again.producer, lost.producer);
}

TEST(InitProducer, OfAProducerWhoseIdWasForgottenMakesItAnew) {
  TransactionRig rig;

  EXPECT_EQ(rig.Init(ProducerInstance{{77}, 3}).producer,
            (ProducerInstance{{2000}, 0}));
}

TEST(EndTransaction, OfVersionTwoGivesTheNextTransactionAnEpochOfItsOwn) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 2));

  const TransactionReply ended = rig.Commit({{1000}, 5}, 2);

  EXPECT_EQ(ended.producer, (ProducerInstance{{1000}, 6}));
  EXPECT_EQ(rig.markers()[0].end.producer_epoch, 6);
  EXPECT_EQ(rig.markers()[0].end.transaction_version, 2);
}

TEST(EndTransaction, OfVersionOneKeepsTheEpoch) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 1));

  const TransactionReply ended = rig.Commit({{1000}, 5}, 1);

  EXPECT_EQ(ended.producer, (ProducerInstance{{1000}, 5}));
  EXPECT_EQ(rig.markers()[0].end.producer_epoch, 5);
}

TEST(EndTransaction, ThatWasAnsweredIsAnsweredTheSameAgain) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 2));
  const TransactionReply ended = rig.Commit({{1000}, 5}, 2);
  EXPECT_THAT(rig.Commit({{1000}, 5}, 2).status,
              HasReason(Reason::kConcurrentTransactions));
  rig.WriteMarkers();

  const TransactionReply again = rig.Commit({{1000}, 5}, 2);

  EXPECT_THAT(again.status, IsOk());
  EXPECT_EQ(again.producer, ended.producer);
  EXPECT_THAT(rig.Abort({{1000}, 5}, 2).status,
              HasReason(Reason::kInvalidTxnState));
}

TEST(EndTransaction, ThatWasStoredAndNotAnsweredIsKnownAfterALoad) {
  TransactionRig before;
  before.Load(OngoingAt(5, 2));
  before.Commit({{1000}, 5}, 2);
  TransactionRig rig;
  rig.Load(*DecodeTransactionLogValue(*before.records().back().value));
  rig.WriteMarkers();

  const TransactionReply again = rig.Commit({{1000}, 5}, 2);

  EXPECT_EQ(again.producer, (ProducerInstance{{1000}, 6}));
}

TEST(EndTransaction, WithTheLastEpochGoesOnWithANewId) {
  TransactionRig rig;
  rig.Load(OngoingAt(kLast, 2));

  const TransactionReply ended = rig.Commit({{1000}, kLast}, 2);

  EXPECT_EQ(ended.producer, (ProducerInstance{{2000}, 0}));
  EXPECT_EQ(rig.markers()[0].end.producer_id, ProducerId{1000});
  EXPECT_EQ(rig.markers()[0].end.producer_epoch, kProducerEpochMax);
  EXPECT_THAT(rig.Add(ended.producer, {PartitionOf(0)}, 2).status,
              HasReason(Reason::kConcurrentTransactions));
  rig.WriteMarkers();
  EXPECT_EQ(rig.Commit({{1000}, kLast}, 2).producer, ended.producer);
  EXPECT_THAT(rig.Add(ended.producer, {PartitionOf(0)}, 2).status, IsOk());
}

TEST(EndTransaction, WithTheLastEpochIsTriedAgainWhereThereIsNoNewId) {
  TransactionRig rig;
  rig.Load(OngoingAt(kLast, 2));
  EXPECT_TRUE(rig.machine().NeedsProducerId());

  rig.Do(rig.machine().EndTransaction(
      {.waiter = 1,
       .producer = {{1000}, kLast},
       .outcome = TransactionOutcome::kCommit,
       .version = 2},
      rig.now()));

  EXPECT_THAT(rig.TakeReply()->status,
              HasReason(Reason::kCoordinatorNotAvailable));
  EXPECT_EQ(rig.status(), TransactionStatus::kOngoing);
}

TEST(EndTransaction, TheVeryLastEpochIsToldToNobody) {
  TransactionRig rig;
  rig.Load(OngoingAt(kLast, 2));
  rig.Pass(kTimeout);
  rig.WriteMarkers();
  ASSERT_EQ(rig.status(), TransactionStatus::kCompleteAbort);

  EXPECT_THAT(rig.Abort({{1000}, kLast}, 2).status,
              HasReason(Reason::kProducerFenced));
  EXPECT_EQ(rig.Init().producer.epoch, 0);
}

TEST(EndTransaction, OfOneThatTimedOutIsRefusedAsAZombies) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 2));
  rig.Pass(kTimeout);
  rig.WriteMarkers();

  EXPECT_THAT(rig.Commit({{1000}, 5}, 2).status,
              HasReason(Reason::kProducerFenced));
  EXPECT_THAT(rig.Abort({{1000}, 5}, 2).status,
              HasReason(Reason::kProducerFenced));
}

TEST(EndTransaction, OfAFencedInstanceIsNoRetryOfItsOwnEnd) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 2));
  ASSERT_THAT(rig.Init().status, HasReason(Reason::kConcurrentTransactions));
  EXPECT_THAT(rig.Abort({{1000}, 5}, 2).status,
              HasReason(Reason::kProducerFenced));
  rig.WriteMarkers();
  EXPECT_THAT(rig.Abort({{1000}, 5}, 2).status,
              HasReason(Reason::kProducerFenced));
  EXPECT_EQ(rig.Init().producer, (ProducerInstance{{1000}, 8}));
}

TEST(EndTransaction, OfAFencedProducerOfVersionOneIsRefused) {
  TransactionRig rig;
  rig.Load(OngoingAt(5, 1));
  rig.Pass(kTimeout);
  rig.WriteMarkers();

  EXPECT_THAT(rig.Abort({{1000}, 5}, 1).status,
              HasReason(Reason::kProducerFenced));
}

TEST(AddPartitions, TakesNoMoreThanMayTakePart) {
  TransactionRig rig({.partitions_max = 2});
  const ProducerInstance producer = rig.Init().producer;
  ASSERT_THAT(rig.Add(producer, {PartitionOf(0)}, 2).status, IsOk());

  EXPECT_THAT(rig.Add(producer, {PartitionOf(1), PartitionOf(2)}, 2).status,
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(rig.Add(producer, {PartitionOf(1)}, 2).status, IsOk());
}

TEST(AddPartitions, ThatTakePartAlreadyStoresNothing) {
  TransactionRig rig;
  const ProducerInstance producer = rig.Init().producer;
  rig.Add(producer, {PartitionOf(0), PartitionOf(1)}, 2);
  const size_t stored = rig.records().size();

  EXPECT_THAT(rig.Add(producer, {PartitionOf(1)}, 2).status, IsOk());

  EXPECT_EQ(rig.records().size(), stored);
}

TEST(AddPartitions, RefusesAPartitionOfWhatNoTopicIsCalled) {
  TransactionRig rig;
  const ProducerInstance producer = rig.Init().producer;

  const TransactionReply added =
      rig.Add(producer, {{std::string(40'000, 'x'), PartitionId{0}}}, 2);

  EXPECT_THAT(added.status, HasReason(Reason::kInvalidTopicName));
}

}  // namespace
}  // namespace cauce
