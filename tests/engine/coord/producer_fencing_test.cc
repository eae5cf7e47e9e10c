#include "engine/coord/producer_fencing.h"

#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

TransactionMetadata Known(int16_t epoch, TransactionStatus status) {
  TransactionMetadata known;
  known.producer = {{1000}, epoch};
  known.previous_producer_id = {1000};
  known.status = status;
  known.version = 2;
  return known;
}

InitProducerRequest Has(int64_t id, int16_t epoch) {
  InitProducerRequest request;
  request.current = ProducerInstance{{id}, epoch};
  return request;
}

TEST(ProducerFencing, LetsTheOwnerOfAUsedUpIdAskForTheNewOne) {
  TransactionMetadata known = Known(0, TransactionStatus::kEmpty);
  known.previous_producer_id = {999};
  known.last_epoch = kProducerEpochMax - 1;

  EXPECT_THAT(CheckOwner("x", known, Has(999, kProducerEpochMax - 1)), IsOk());
  EXPECT_THAT(CheckOwner("x", known, Has(999, 3)),
              HasReason(Reason::kProducerFenced));
  EXPECT_THAT(JudgeInit("x", known, Has(999, kProducerEpochMax - 1)),
              IsOkAndHolds(NewInstance::kSameAgain));
}

TEST(ProducerFencing, DoesNotTakeNoEpochForARetry) {
  const TransactionMetadata known = Known(5, TransactionStatus::kEmpty);

  EXPECT_THAT(JudgeInit("x", known, Has(1000, -1)),
              HasReason(Reason::kProducerFenced));
}

TEST(ProducerFencing, GivesANewIdBehindTheLastEpoch) {
  for (const int16_t epoch : {kProducerEpochMax - 1, int{kProducerEpochMax}}) {
    EXPECT_THAT(
        JudgeInit("x", Known(epoch, TransactionStatus::kEmpty), {}),
        IsOkAndHolds(NewInstance::kNewId));
  }
}

TEST(ProducerFencing, TellsTheNextProducerToWaitWhileTheLastEnds) {
  TransactionMetadata known =
      Known(kProducerEpochMax, TransactionStatus::kPrepareCommit);
  known.next_producer_id = {2000};

  EXPECT_THAT(CheckCurrent("x", known, {{2000}, 0}),
              HasReason(Reason::kConcurrentTransactions));
  EXPECT_THAT(CheckCurrent("x", known, {{2000}, 1}),
              HasReason(Reason::kInvalidProducerIdMapping));
}

TEST(ProducerFencing, TakesNobodyForTheProducerOfAnIdThatHasNone) {
  EXPECT_THAT(CheckCurrent("x", {}, {}),
              HasReason(Reason::kInvalidProducerIdMapping));
  EXPECT_THAT(CheckEnder("x", {}, {}),
              HasReason(Reason::kInvalidProducerIdMapping));
}

TEST(ProducerFencing, KnowsARetryByTheIdThatWasUsedUp) {
  TransactionMetadata known = Known(0, TransactionStatus::kCompleteCommit);
  known.previous_producer_id = {999};
  EndTransactionRequest request;
  request.producer = {{999}, kProducerEpochMax - 1};
  request.version = 2;
  request.outcome = TransactionOutcome::kCommit;

  EXPECT_THAT(CheckEnder("x", known, request), IsOk());
  EXPECT_THAT(JudgeEnd("x", known, request),
              IsOkAndHolds(EndStep::kEndedBefore));
  known.status = TransactionStatus::kEmpty;
  EXPECT_THAT(CheckEnder("x", known, request),
              HasReason(Reason::kInvalidProducerIdMapping));
}

}  // namespace
}  // namespace cauce
