// Where a transactional producer is with its transactions: what may come next,
// and which errors end the transaction and which the producer, as Kafka's
// client tells them apart; but where the coordinator says that it is none any
// more, as over a disk that has failed, there is no other to look for. A plain
// value; its owner locks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/coord/transaction_metadata.h"

namespace cauce {

// What a coordinator's answer means to who asked.
enum class AfterAnswer {
  kTryAgain,
  kAbort,   // the transaction can only be aborted
  kGiveUp,  // the producer cannot go on at all
};
AfterAnswer WhatToDoAfterAnswer(const absl::Status& error);

class ProducerTransaction {
 public:
  explicit ProducerTransaction(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  const ProducerInstance& producer() const { return producer_; }
  // How many were begun: that of the last one.
  int64_t number() const { return number_; }

  // Whether the producer may do this now, and that it does: with a word on what
  // comes first where it may not. Reason::kInvalidTxnState out of turn;
  // kTransactionAbortable once the transaction has failed; and from a fatal
  // error on, that one.
  absl::Status BeginInit();
  absl::Status Begin();
  absl::Status CheckSend() const;
  // What was begun and not answered in time may be begun again.
  absl::Status BeginCommit();
  absl::Status BeginAbort();
  // The same for a producer that is closed: also where its commit has begun, as
  // long as nobody was asked for it.
  absl::Status BeginAbortAtClose();

  // The coordinator's answers.
  void Initialized(const ProducerInstance& producer);
  void InitFailed(const absl::Status& error);
  // Partitions take part: from now on the coordinator has to be asked to end
  // it.
  void Joined() { has_joined_ = true; }
  // The coordinator is asked to end it: from now on its answer alone decides.
  void EndAsked() { is_end_asked_ = true; }
  void Ended(const ProducerInstance& next);

  // An error of a batch: the transaction can only be aborted, or the producer
  // has been fenced.
  void FailBatch(const absl::Status& error);
  // Of a call that was to add to the transaction, which is not whole without:
  // as of a batch, unless it is too late for that.
  void FailCall(const absl::Status& error);
  // Of a coordinator that was asked by who the producer was then,
  // WhatToDoAfterAnswer says which it is. What comes behind the end of its
  // transaction decides nothing, and once that was asked for only the answer to
  // it does.
  void FailAnswer(const ProducerInstance& asked_as, const absl::Status& error);
  void FailEnd(const ProducerInstance& asked_as, const absl::Status& error);
  // OK where what is added to the transaction of this number, or cannot be,
  // counts still. kInvalidTxnState where another thread ends it.
  absl::Status CheckUndecided(int64_t number) const;
  // OK where an end that was begun in the transaction of this number is still
  // that one's. kInvalidTxnState where another thread has begun the next one.
  absl::Status CheckIsLast(int64_t number) const;

  bool has_joined() const { return has_joined_; }
  // A transaction is open, or its end was not answered yet.
  bool is_open() const;
  bool is_aborting() const { return state_ == State::kAborting; }
  // OK where its batches are to be written; why not, else.
  absl::Status CheckWrite() const;

 private:
  enum class State {
    kNew,
    kInitializing,
    kReady,
    kOpen,
    kCommitting,
    kAborting,
    kFailed,  // to be aborted
    kFatal,
  };

  void FailAs(AfterAnswer what, const absl::Status& error);
  absl::Status OutOfTurn(std::string_view what) const;
  absl::Status IsFailed() const;

  const std::string id_;
  State state_ = State::kNew;
  ProducerInstance producer_;
  int64_t number_ = 0;
  bool has_joined_ = false;
  bool is_end_asked_ = false;
  absl::Status error_;  // why it is kFailed or kFatal
};

}  // namespace cauce
