// The transactions of a producer: how they begin, which partitions take part,
// and how they end.
#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/doubling_wait.h"
#include "engine/base/status_macros.h"
#include "engine/client/committable_offset.h"
#include "engine/client/producer_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Each transaction has an epoch of its own.
constexpr int16_t kVersion = kEpochPerTransaction;

// What a program does where the coordinator has not answered in time.
constexpr std::string_view kCallAgain = "call this again";
constexpr std::string_view kAbort = "abort the transaction";

absl::StatusOr<OffsetCommit> CommitOf(const OffsetsToCommit& offsets,
                                      const ConsumerGroupMetadata& member,
                                      const ProducerInstance& producer,
                                      const Engine& engine) {
  OffsetCommit commit;
  commit.group = member.group;
  commit.by = {.member_id = member.member_id,
               .instance_id = member.instance,
               .generation = member.generation,
               .kind = CommitRequest::Kind::kTransactional};
  commit.transaction = producer;
  for (const auto& [partition, offset] : offsets) {
    OffsetToCommit each = {.partition = partition,
                           .offset = offset.offset,
                           .leader_epoch = offset.leader_epoch,
                           .metadata = offset.metadata,
                           .topic_id = {}};
    CAUCE_ASSIGN_OR_RETURN(each.topic_id,
                           CheckCommittable(engine, partition, offset));
    // Of a topic that was deleted since it was read: it would go over what
    // others commit in the one that has the name now.
    const auto read = member.topic_ids.find(partition.topic);
    const bool is_gone = offset.topic_id.is_zero() &&
                         read != member.topic_ids.end() &&
                         read->second != each.topic_id;
    if (is_gone) continue;
    commit.offsets.push_back(std::move(each));
  }
  return commit;
}

bool IsBusy(const absl::Status& answer) {
  return ReasonOf(answer) == Reason::kConcurrentTransactions;
}

// An abort that nobody waits for: how often it is asked for where the
// coordinator says each time to try again. It is lost then, or for any other
// error, until the transaction's time-out aborts it.
struct AbortToAsk {
  std::weak_ptr<TransactionCoordinator> coordinator;
  std::string id;
  EndTransactionRequest request;
  DoublingWait backoff;
  int tries = 10;
};

void AskToAbort(const AbortToAsk& abort) {
  const auto asked = abort.coordinator.lock();
  if (asked == nullptr) return;
  asked->EndTransaction(
      abort.id, abort.request,
      [abort](const absl::StatusOr<ProducerInstance>& answer) {
        const auto coordinator = abort.coordinator.lock();
        const bool is_again =
            !answer.ok() &&
            WhatToDoAfterAnswer(answer.status()) == AfterAnswer::kTryAgain;
        if (!is_again || abort.tries <= 1 || coordinator == nullptr) return;
        AbortToAsk next = abort;
        --next.tries;
        if (IsBusy(answer.status())) {
          // It says so once it is free; else time tells.
          coordinator->WhenFree(abort.id, [next] { AskToAbort(next); });
        } else {
          const absl::Duration wait = next.backoff.Next();
          coordinator->CallAfter(wait, [next] { AskToAbort(next); });
        }
      });
}

// The first error of the commit or of any of its offsets.
absl::Status StatusOf(const OffsetCommitReply& reply) {
  absl::Status status = reply.status;
  for (const absl::Status& each : reply.offsets) status.Update(each);
  return status;
}

}  // namespace

absl::Status ProducerCore::InitTransactions() {
  CAUCE_RETURN_IF_ERROR(CheckIsTransactional());
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(transaction_->BeginInit());
  const auto until = around_.clock->Monotonic() + options_.block_max;
  const auto given = AskUntil(until, kCallAgain, [this](Answer answer) {
    around_.transactions->InitProducer(
        options_.transactional_id,
        {.waiter = 0, .timeout = options_.transaction_timeout, .current = {}},
        std::move(answer));
  });
  if (!given.ok()) {
    if (ReasonOf(given.status()) != Reason::kTimedOut)
      transaction_->InitFailed(given.status());
    return given.status();
  }
  transaction_->Initialized(*given);
  return absl::OkStatus();
}

absl::Status ProducerCore::BeginTransaction() {
  CAUCE_RETURN_IF_ERROR(CheckIsTransactional());
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(transaction_->Begin());
  ask_at_ = absl::ZeroDuration();
  for (const auto& [name, topic] : topics_) {
    for (const auto& queue : topic->queues) queue->part = Queue::Part::kNo;
  }
  return absl::OkStatus();
}

absl::Status ProducerCore::SendOffsets(const OffsetsToCommit& offsets,
                                       const ConsumerGroupMetadata& member) {
  CAUCE_RETURN_IF_ERROR(CheckIsTransactional());
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckMaySend());
  if (offsets.empty()) return absl::OkStatus();
  const ProducerInstance producer = transaction_->producer();
  const int64_t number = transaction_->number();
  const auto until = around_.clock->Monotonic() + options_.block_max;
  mutex_.Unlock();
  const auto commit = CommitOf(offsets, member, producer, *around_.engine);
  const auto partition = around_.groups->PartitionOf(member.group);
  mutex_.Lock();
  // Another thread may end the transaction whenever this lets go of the lock.
  CAUCE_RETURN_IF_ERROR(CheckMaySend());
  CAUCE_RETURN_IF_ERROR(transaction_->CheckUndecided(number));
  absl::Status may = commit.status();
  may.Update(partition.status());
  if (!may.ok()) {
    transaction_->FailCall(may);
    return may;
  }
  transaction_->Joined();
  const auto added = AskUntil(until, kAbort, [&](Answer answer) {
    AddPartitionsRequest add;
    add.producer = producer;
    add.partitions.insert({std::string(kConsumerOffsetsTopic), *partition});
    add.version = kVersion;
    around_.transactions->AddPartitions(options_.transactional_id,
                                        std::move(add), std::move(answer));
  });
  if (!added.ok()) {
    CAUCE_RETURN_IF_ERROR(transaction_->CheckUndecided(number));
    const bool is_late = ReasonOf(added.status()) == Reason::kTimedOut;
    if (is_late) {
      transaction_->FailBatch(added.status());
    } else {
      transaction_->FailAnswer(producer, added.status());
    }
    return added.status();
  }
  const auto stored = AskUntil(until, kAbort, [&](Answer answer) {
    const auto shared = std::make_shared<Answer>(std::move(answer));
    around_.groups->Commit(
        *commit, [shared, producer](const OffsetCommitReply& reply) {
          const absl::Status status = StatusOf(reply);
          if (status.ok()) return (*shared)(producer);
          (*shared)(status);
        });
  });
  if (!stored.ok()) {
    CAUCE_RETURN_IF_ERROR(transaction_->CheckUndecided(number));
    transaction_->FailBatch(stored.status());
  }
  return stored.status();
}

absl::Status ProducerCore::EndTransaction(TransactionOutcome outcome) {
  CAUCE_RETURN_IF_ERROR(CheckIsTransactional());
  const bool commits = outcome == TransactionOutcome::kCommit;
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(commits ? transaction_->BeginCommit()
                                : transaction_->BeginAbort());
  const int64_t number = transaction_->number();
  const auto until = around_.clock->Monotonic() + options_.block_max;
  // No batch of it may come behind its end. In one that is aborted those that
  // were not written fail.
  CAUCE_RETURN_IF_ERROR(FlushUntil(until));
  CAUCE_RETURN_IF_ERROR(transaction_->CheckIsLast(number));
  if (commits) CAUCE_RETURN_IF_ERROR(CheckMayCommit());
  if (!transaction_->has_joined()) {
    transaction_->Ended(transaction_->producer());
    return absl::OkStatus();
  }
  const EndTransactionRequest request = {.waiter = 0,
                                         .producer = transaction_->producer(),
                                         .outcome = outcome,
                                         .version = kVersion};
  transaction_->EndAsked();
  const auto next = AskUntil(until, kCallAgain,
                             [this, &request](Answer answer) {
    around_.transactions->EndTransaction(options_.transactional_id, request,
                                         std::move(answer));
  });
  if (!next.ok()) {
    if (ReasonOf(next.status()) != Reason::kTimedOut)
      transaction_->FailEnd(request.producer, next.status());
    return next.status();
  }
  // Unless another thread has heard the same, and gone on.
  if (transaction_->producer() == request.producer)
    transaction_->Ended(*next);
  return absl::OkStatus();
}

absl::Status ProducerCore::CheckMayCommit() {
  if (closed_) {
    return MakeError(
        Reason::kClosed,
        fmt::format("transactional id {}: the producer was closed before its "
                    "transaction was committed, and so it is aborted; make a "
                    "new producer and do it again",
                    options_.transactional_id));
  }
  return transaction_->BeginCommit();
}

absl::Status ProducerCore::CheckIsTransactional() const {
  CAUCE_RETURN_IF_ERROR(CheckProcess());
  if (!options_.transactional_id.empty()) return absl::OkStatus();
  return MakeError(Reason::kInvalidTxnState,
                   "the producer has no transactions: give it a "
                   "ProducerOptions::transactional_id");
}

absl::StatusOr<ProducerInstance> ProducerCore::AskUntil(
    absl::Duration until, std::string_view else_do,
    absl::FunctionRef<void(Answer)> ask) {
  DoublingWait backoff(options_.retry_backoff, options_.retry_backoff_max);
  absl::Duration wait = backoff.Next();
  for (;;) {
    const auto answer =
        std::make_shared<std::optional<absl::StatusOr<ProducerInstance>>>();
    mutex_.Unlock();
    ask([core = shared_from_this(),
         answer](const absl::StatusOr<ProducerInstance>& told) {
      MutexLock lock(core->mutex_);
      *answer = told;
      core->changed_.NotifyAll();
    });
    mutex_.Lock();
    absl::Duration now = around_.clock->Monotonic();
    while (!answer->has_value() && now < until) {
      changed_.WaitFor(mutex_, until - now);
      now = around_.clock->Monotonic();
    }
    const bool is_again =
        answer->has_value() && !(*answer)->ok() &&
        WhatToDoAfterAnswer((*answer)->status()) == AfterAnswer::kTryAgain;
    if (answer->has_value() && !is_again) return **answer;
    if (now >= until) {
      return MakeError(
          Reason::kTimedOut,
          fmt::format("transactional id {}: its coordinator has not {} within "
                      "{} ms (max.block.ms), {}: {}",
                      options_.transactional_id,
                      is_again ? "come to it" : "answered",
                      absl::ToInt64Milliseconds(options_.block_max), else_do,
                      is_again ? MessageOf((*answer)->status()) : ""));
    }
    // It says so once it is free; else time tells.
    const uint64_t freed = times_freed_;
    if (IsBusy((*answer)->status())) AwaitFree();
    const absl::Duration again = std::min(now + wait, until);
    while (now < again && times_freed_ == freed) {
      changed_.WaitFor(mutex_, again - now);
      now = around_.clock->Monotonic();
    }
    if (times_freed_ == freed) wait = backoff.Next();
  }
}

void ProducerCore::AskToTakePart() {
  const ProducerInstance producer = transaction_->producer();
  AddPartitionsRequest request;
  request.producer = producer;
  request.version = kVersion;
  std::vector<Queue*> asked;
  for (Queue* const queue : active_) {
    if (queue->part != Queue::Part::kNo || queue->batches.empty()) continue;
    queue->part = Queue::Part::kAsked;
    request.partitions.insert(queue->name);
    asked.push_back(queue);
  }
  // The answer may get lost behind the end of the transaction: it has to be
  // ended by then all the same.
  transaction_->Joined();
  mutex_.Unlock();
  around_.transactions->AddPartitions(
      options_.transactional_id, std::move(request),
      [core = shared_from_this(), asked = std::move(asked),
       producer](const absl::StatusOr<ProducerInstance>& answer) {
        core->TakePart(asked, producer, answer.status());
      });
  mutex_.Lock();
}

void ProducerCore::TakePart(const std::vector<Queue*>& asked,
                            const ProducerInstance& producer,
                            const absl::Status& answer) {
  MutexLock lock(mutex_);
  // It comes too late.
  if (detached_ || transaction_->producer() != producer) return;
  if (!answer.ok()) transaction_->FailAnswer(producer, answer);
  for (Queue* const queue : asked) {
    queue->part = answer.ok() ? Queue::Part::kYes : Queue::Part::kNo;
    if (answer.ok()) {
      queue->identity = {.id = producer.id,
                         .epoch = producer.epoch,
                         .next_sequence = 0};
    }
  }
  const absl::Duration now = around_.clock->Monotonic();
  if (!answer.ok()) {
    ask_at_ = now + options_.retry_backoff;
    // What cannot be stored is not asked for without end.
    const bool is_late = std::ranges::any_of(asked, [&](const Queue* each) {
      return !each->batches.empty() &&
             now - each->batches.front().begun() >= options_.delivery_timeout;
    });
    if (is_late) transaction_->FailBatch(answer);
  }
  if (around_.executor == nullptr) {
    DriveAll();
  } else {
    SetTimer(NextDue());
  }
  changed_.NotifyAll();
  if (IsBusy(answer)) AwaitFree();
}

void ProducerCore::AwaitFree() {
  if (std::exchange(awaits_free_, true)) return;
  mutex_.Unlock();
  around_.transactions->WhenFree(
      options_.transactional_id,
      [weak = weak_from_this()] {
        if (const auto core = weak.lock()) core->OnFree();
      });
  mutex_.Lock();
}

void ProducerCore::OnFree() {
  MutexLock lock(mutex_);
  awaits_free_ = false;
  ++times_freed_;
  changed_.NotifyAll();
  if (detached_) return;
  ask_at_ = absl::ZeroDuration();
  if (around_.executor == nullptr) {
    DriveAll();
  } else {
    SetTimer(NextDue());
  }
}

void ProducerCore::AbortAndForget() {
  const absl::Status may = transaction_->BeginAbortAtClose();
  // What may be committed by now is not taken back.
  if (!may.ok() || !transaction_->has_joined()) return;
  const AbortToAsk abort = {
      .coordinator = around_.transactions,
      .id = options_.transactional_id,
      .request = {.waiter = 0,
                  .producer = transaction_->producer(),
                  .outcome = TransactionOutcome::kAbort,
                  .version = kVersion},
      .backoff = {options_.retry_backoff, options_.retry_backoff_max}};
  mutex_.Unlock();
  AskToAbort(abort);
  mutex_.Lock();
}

}  // namespace cauce
