#include "engine/client/producer_transaction.h"

#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;

constexpr ProducerInstance kFirst{{1000}, 0};
constexpr ProducerInstance kNext{{1000}, 1};

ProducerTransaction Ready() {
  ProducerTransaction transaction("x");
  EXPECT_THAT(transaction.BeginInit(), IsOk());
  transaction.Initialized(kFirst);
  return transaction;
}

ProducerTransaction Open() {
  ProducerTransaction transaction = Ready();
  EXPECT_THAT(transaction.Begin(), IsOk());
  return transaction;
}

TEST(ProducerTransaction, GoesFromBeginToEndAndAgain) {
  ProducerTransaction transaction = Open();
  EXPECT_THAT(transaction.CheckSend(), IsOk());
  EXPECT_THAT(transaction.CheckWrite(), IsOk());
  EXPECT_THAT(transaction.BeginCommit(), IsOk());
  transaction.Ended(kNext);

  EXPECT_EQ(transaction.producer(), kNext);
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(transaction.Begin(), IsOk());
  EXPECT_THAT(transaction.BeginAbort(), IsOk());
}

TEST(ProducerTransaction, RefusesWhatIsOutOfTurn) {
  ProducerTransaction fresh("x");
  EXPECT_THAT(fresh.Begin(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(fresh.CheckSend(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(fresh.BeginCommit(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(fresh.BeginAbort(), HasReason(Reason::kInvalidTxnState));

  ProducerTransaction ready = Ready();
  EXPECT_THAT(ready.BeginInit(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(ready.CheckSend(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(ready.BeginCommit(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(ready.BeginAbort(), HasReason(Reason::kInvalidTxnState));

  ProducerTransaction open = Open();
  EXPECT_THAT(open.Begin(), HasReason(Reason::kInvalidTxnState));
}

TEST(ProducerTransaction, SendsNothingWhileItEnds) {
  ProducerTransaction transaction = Open();
  EXPECT_THAT(transaction.BeginCommit(), IsOk());

  EXPECT_THAT(transaction.CheckSend(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(transaction.CheckWrite(), IsOk());
}

TEST(ProducerTransaction, StaysWithTheEndThatWasAskedFor) {
  ProducerTransaction commits = Open();
  EXPECT_THAT(commits.BeginCommit(), IsOk());
  EXPECT_THAT(commits.BeginCommit(), IsOk());
  EXPECT_THAT(commits.BeginAbort(), HasReason(Reason::kInvalidTxnState));

  ProducerTransaction aborts = Open();
  EXPECT_THAT(aborts.BeginAbort(), IsOk());
  EXPECT_THAT(aborts.BeginAbort(), IsOk());
  EXPECT_THAT(aborts.BeginCommit(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(aborts.CheckWrite(), HasReason(Reason::kTransactionAbortable));
}

TEST(ProducerTransaction, IsAbortedAtACloseUntilItsCommitWasAskedFor) {
  ProducerTransaction flushes = Open();
  EXPECT_THAT(flushes.BeginCommit(), IsOk());
  EXPECT_THAT(flushes.BeginAbortAtClose(), IsOk());
  EXPECT_THAT(flushes.BeginCommit(), HasReason(Reason::kInvalidTxnState));

  ProducerTransaction asked = Open();
  EXPECT_THAT(asked.BeginCommit(), IsOk());
  asked.EndAsked();
  EXPECT_THAT(asked.BeginAbortAtClose(), HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(asked.BeginCommit(), IsOk());
  asked.Ended(kNext);
  EXPECT_THAT(asked.Begin(), IsOk());
  EXPECT_THAT(asked.BeginCommit(), IsOk());
  EXPECT_THAT(asked.BeginAbortAtClose(), IsOk());
}

TEST(ProducerTransaction, IsFailedByNoBatchOnceItsEndWasAskedFor) {
  ProducerTransaction transaction = Open();
  EXPECT_THAT(transaction.BeginCommit(), IsOk());
  transaction.EndAsked();

  transaction.FailBatch(MakeError(Reason::kClosed, "the producer was closed"));

  EXPECT_THAT(transaction.BeginCommit(), IsOk());
}

TEST(ProducerTransaction, CanOnlyBeAbortedOnceABatchHasFailed) {
  ProducerTransaction transaction = Open();
  transaction.FailBatch(MakeError(Reason::kDiskFailed, "no disk"));

  EXPECT_THAT(transaction.CheckSend(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(transaction.CheckWrite(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(transaction.BeginCommit(),
              HasReason(Reason::kTransactionAbortable));
  EXPECT_THAT(transaction.BeginAbort(), IsOk());
  transaction.Ended(kNext);
  EXPECT_THAT(transaction.Begin(), IsOk());
}

TEST(ProducerTransaction, IsOverOnceAPartitionHasFencedIt) {
  ProducerTransaction transaction = Open();
  transaction.FailBatch(
      MakeError(Reason::kInvalidProducerEpoch, "a newer one"));
  EXPECT_THAT(transaction.BeginCommit(), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(transaction.BeginAbort(), HasReason(Reason::kProducerFenced));
  EXPECT_FALSE(transaction.is_open());
}

TEST(ProducerTransaction, IsOverOnceItsIdIsAnothers) {
  ProducerTransaction transaction = Open();
  transaction.FailBatch(
      MakeError(Reason::kInvalidProducerIdMapping, "belongs to another"));
  EXPECT_THAT(transaction.BeginAbort(),
              HasReason(Reason::kInvalidProducerIdMapping));
  EXPECT_FALSE(transaction.is_open());
}

TEST(ProducerTransaction, IsOverOnceItIsFenced) {
  ProducerTransaction transaction = Open();
  transaction.FailAnswer(kFirst,
                         MakeError(Reason::kProducerFenced, "a newer one"));

  EXPECT_THAT(transaction.CheckSend(), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(transaction.BeginAbort(), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(transaction.BeginCommit(), HasReason(Reason::kProducerFenced));
  EXPECT_THAT(transaction.BeginInit(), HasReason(Reason::kProducerFenced));
  EXPECT_FALSE(transaction.is_open());
}

TEST(ProducerTransaction, IsNotHarmedByWhatIsToBeTriedAgain) {
  ProducerTransaction transaction = Open();
  transaction.FailAnswer(kFirst,
                         MakeError(Reason::kConcurrentTransactions, "later"));

  EXPECT_THAT(transaction.CheckSend(), IsOk());
}

TEST(ProducerTransaction, IsNotHarmedByAnAnswerToOneThatHasEnded) {
  const absl::Status fenced = MakeError(Reason::kProducerFenced, "too late");
  ProducerTransaction transaction = Open();
  EXPECT_THAT(transaction.BeginAbort(), IsOk());
  transaction.EndAsked();
  transaction.FailAnswer(kFirst, fenced);
  EXPECT_THAT(transaction.BeginAbort(), IsOk());
  transaction.Ended(kNext);
  EXPECT_THAT(transaction.Begin(), IsOk());

  transaction.FailAnswer(kFirst, fenced);
  transaction.FailEnd(kFirst, fenced);

  EXPECT_THAT(transaction.CheckSend(), IsOk());
  EXPECT_THAT(transaction.BeginCommit(), IsOk());
  transaction.EndAsked();
  transaction.FailEnd(kNext, fenced);
  EXPECT_THAT(transaction.BeginCommit(), HasReason(Reason::kProducerFenced));
}

TEST(ProducerTransaction, IsUndecidedUntilItsEndIsAskedFor) {
  ProducerTransaction transaction = Open();
  const int64_t number = transaction.number();
  EXPECT_THAT(transaction.CheckUndecided(number), IsOk());
  EXPECT_THAT(transaction.BeginCommit(), IsOk());
  EXPECT_THAT(transaction.CheckUndecided(number), IsOk());

  transaction.EndAsked();
  EXPECT_THAT(transaction.CheckUndecided(number),
              HasReason(Reason::kInvalidTxnState));
  transaction.Ended(kNext);
  EXPECT_THAT(transaction.Begin(), IsOk());
  EXPECT_THAT(transaction.CheckUndecided(number),
              HasReason(Reason::kInvalidTxnState));
  EXPECT_THAT(transaction.CheckUndecided(transaction.number()), IsOk());
}

TEST(ProducerTransaction, IsNotEndedByACallOfTheOneBefore) {
  ProducerTransaction transaction = Open();
  EXPECT_THAT(transaction.BeginAbort(), IsOk());
  const int64_t number = transaction.number();
  EXPECT_THAT(transaction.CheckIsLast(number), IsOk());
  transaction.Ended(kNext);
  EXPECT_THAT(transaction.CheckIsLast(number), IsOk());

  EXPECT_THAT(transaction.Begin(), IsOk());
  EXPECT_THAT(transaction.CheckIsLast(number),
              HasReason(Reason::kInvalidTxnState));
}

TEST(ProducerTransaction, MayBeInitializedAgainUnlessThatIsRefused) {
  ProducerTransaction transaction("x");
  EXPECT_THAT(transaction.BeginInit(), IsOk());
  EXPECT_THAT(transaction.BeginInit(), IsOk());
  transaction.InitFailed(
      MakeError(Reason::kInvalidTransactionTimeout, "too long"));

  EXPECT_THAT(transaction.BeginInit(),
              HasReason(Reason::kInvalidTransactionTimeout));
}

TEST(WhatToDoAfterAnswer, TellsWhatPassesFromWhatAbortsAndWhatIsFatal) {
  const auto what = [](Reason reason) {
    return WhatToDoAfterAnswer(MakeError(reason, "why"));
  };
  for (const Reason passes :
       {Reason::kConcurrentTransactions, Reason::kCoordinatorLoading,
        Reason::kCoordinatorNotAvailable}) {
    EXPECT_EQ(what(passes), AfterAnswer::kTryAgain) << ReasonName(passes);
  }
  EXPECT_EQ(what(Reason::kTooManyProducers), AfterAnswer::kTryAgain);
  for (const absl::Status& refused :
       {absl::ResourceExhaustedError("no descriptor is left"),
        absl::PermissionDeniedError("not now")}) {
    EXPECT_EQ(WhatToDoAfterAnswer(refused), AfterAnswer::kTryAgain) << refused;
  }
  EXPECT_EQ(what(Reason::kTransactionAbortable), AfterAnswer::kAbort);
  for (const Reason fatal :
       {Reason::kProducerFenced, Reason::kInvalidProducerIdMapping,
        Reason::kInvalidTxnState, Reason::kNotCoordinator, Reason::kClosed,
        Reason::kNone}) {
    EXPECT_EQ(what(fatal), AfterAnswer::kGiveUp) << ReasonName(fatal);
  }
}

}  // namespace
}  // namespace cauce
