#include "engine/client/producer_transaction.h"

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {

AfterAnswer WhatToDoAfterAnswer(const absl::Status& error) {
  switch (ReasonOf(error)) {
    case Reason::kConcurrentTransactions:
    case Reason::kCoordinatorLoading:
    case Reason::kCoordinatorNotAvailable:
    case Reason::kTooManyProducers:
      return AfterAnswer::kTryAgain;
    case Reason::kNone:
      // No descriptor, to store its state or to read it.
      return absl::IsResourceExhausted(error) ||
                     absl::IsPermissionDenied(error)
                 ? AfterAnswer::kTryAgain
                 : AfterAnswer::kGiveUp;
    case Reason::kTransactionAbortable:
      return AfterAnswer::kAbort;
    default:
      return AfterAnswer::kGiveUp;
  }
}

absl::Status ProducerTransaction::BeginInit() {
  if (state_ == State::kFatal) return IsFailed();
  if (state_ != State::kNew && state_ != State::kInitializing)
    return OutOfTurn("it is initialized already");
  state_ = State::kInitializing;
  return absl::OkStatus();
}

absl::Status ProducerTransaction::Begin() {
  if (state_ == State::kFailed || state_ == State::kFatal) return IsFailed();
  if (state_ == State::kNew || state_ == State::kInitializing)
    return OutOfTurn("call InitTransactions first");
  if (state_ != State::kReady)
    return OutOfTurn("a transaction is open already: commit or abort it first");
  state_ = State::kOpen;
  ++number_;
  return absl::OkStatus();
}

absl::Status ProducerTransaction::CheckSend() const {
  switch (state_) {
    case State::kOpen:
      return absl::OkStatus();
    case State::kFailed:
    case State::kFatal:
      return IsFailed();
    case State::kCommitting:
    case State::kAborting:
      return OutOfTurn("its transaction ends; begin the next one first");
    case State::kNew:
    case State::kInitializing:
      return OutOfTurn("call InitTransactions, then BeginTransaction first");
    case State::kReady:
      return OutOfTurn("call BeginTransaction first");
  }
  return absl::OkStatus();
}

absl::Status ProducerTransaction::BeginCommit() {
  switch (state_) {
    case State::kOpen:
    case State::kCommitting:
      state_ = State::kCommitting;
      return absl::OkStatus();
    case State::kFailed:
    case State::kFatal:
      return IsFailed();
    case State::kAborting:
      return OutOfTurn("its transaction is being aborted; call "
                       "AbortTransaction again");
    default:
      return OutOfTurn("no transaction is open that could be committed");
  }
}

absl::Status ProducerTransaction::BeginAbort() {
  switch (state_) {
    case State::kOpen:
    case State::kFailed:
    case State::kAborting:
      state_ = State::kAborting;
      return absl::OkStatus();
    case State::kFatal:
      return IsFailed();
    case State::kCommitting:
      return OutOfTurn("its transaction is being committed, and may be by now; "
                       "call CommitTransaction again");
    default:
      return OutOfTurn("no transaction is open that could be aborted");
  }
}

absl::Status ProducerTransaction::BeginAbortAtClose() {
  if (state_ != State::kCommitting || is_end_asked_) return BeginAbort();
  state_ = State::kAborting;
  return absl::OkStatus();
}

void ProducerTransaction::Initialized(const ProducerInstance& producer) {
  producer_ = producer;
  state_ = State::kReady;
}

void ProducerTransaction::InitFailed(const absl::Status& error) {
  if (WhatToDoAfterAnswer(error) == AfterAnswer::kTryAgain) return;
  state_ = State::kFatal;
  error_ = error;
}

void ProducerTransaction::Ended(const ProducerInstance& next) {
  producer_ = next;
  has_joined_ = false;
  is_end_asked_ = false;
  error_ = absl::OkStatus();
  state_ = State::kReady;
}

void ProducerTransaction::FailBatch(const absl::Status& error) {
  if (state_ != State::kOpen && state_ != State::kCommitting) return;
  if (is_end_asked_) return;
  // A newer instance has written there, or the coordinator has fenced this one
  // with its transaction: there is nothing left that it could abort.
  if (ReasonOf(error) == Reason::kInvalidProducerEpoch) {
    state_ = State::kFatal;
    error_ = MakeError(Reason::kProducerFenced,
                       std::string(MessageOf(error)));
    return;
  }
  // Nor where it has the id no more.
  state_ = ReasonOf(error) == Reason::kInvalidProducerIdMapping
               ? State::kFatal
               : State::kFailed;
  error_ = error;
}

void ProducerTransaction::FailCall(const absl::Status& error) {
  if (state_ == State::kOpen) FailBatch(error);
}

void ProducerTransaction::FailAnswer(const ProducerInstance& asked_as,
                                     const absl::Status& error) {
  if (asked_as != producer_ || is_end_asked_) return;
  FailAs(WhatToDoAfterAnswer(error), error);
}

void ProducerTransaction::FailEnd(const ProducerInstance& asked_as,
                                  const absl::Status& error) {
  const AfterAnswer what = WhatToDoAfterAnswer(error);
  // It may end yet, or another thread has heard that it did.
  if (what == AfterAnswer::kTryAgain || asked_as != producer_) return;
  is_end_asked_ = false;
  FailAs(what, error);
}

absl::Status ProducerTransaction::CheckUndecided(int64_t number) const {
  if (number != number_) {
    return OutOfTurn("another thread has ended the transaction meanwhile; send "
                     "this in the next one");
  }
  if (state_ == State::kCommitting && !is_end_asked_) return absl::OkStatus();
  return CheckSend();
}

absl::Status ProducerTransaction::CheckIsLast(int64_t number) const {
  if (number == number_) return absl::OkStatus();
  return OutOfTurn(
      fmt::format("another thread has ended transaction {} of this producer "
                  "meanwhile and begun {}, which stays open: end that by a "
                  "call of its own",
                  number, number_));
}

void ProducerTransaction::FailAs(AfterAnswer what, const absl::Status& error) {
  switch (what) {
    case AfterAnswer::kTryAgain:
      return;
    case AfterAnswer::kAbort:
      return FailBatch(error);
    case AfterAnswer::kGiveUp:
      state_ = State::kFatal;
      error_ = error;
      return;
  }
}

bool ProducerTransaction::is_open() const {
  return state_ == State::kOpen || state_ == State::kCommitting ||
         state_ == State::kAborting || state_ == State::kFailed;
}

absl::Status ProducerTransaction::CheckWrite() const {
  if (state_ == State::kOpen || state_ == State::kCommitting)
    return absl::OkStatus();
  if (state_ == State::kFailed || state_ == State::kFatal) return IsFailed();
  return MakeError(Reason::kTransactionAbortable,
                   fmt::format("transactional id {}: the transaction was "
                               "aborted before this was written",
                               id_));
}

absl::Status ProducerTransaction::OutOfTurn(std::string_view what) const {
  return MakeError(Reason::kInvalidTxnState,
                   fmt::format("transactional id {}: {}", id_, what));
}

absl::Status ProducerTransaction::IsFailed() const {
  if (state_ == State::kFatal) {
    return Annotate(error_, fmt::format("transactional id {}: the producer "
                                        "cannot go on, close it",
                                        id_));
  }
  return MakeError(
      Reason::kTransactionAbortable,
      fmt::format("transactional id {}: the transaction has failed, abort it: "
                  "{}",
                  id_, MessageOf(error_)));
}

}  // namespace cauce
