// What a producer is made of: for each partition a queue of batches, which one
// thread at a time writes in their order.
//
// Whoever sends fills a batch and, once it is full, writes what is due there
// itself, unless another thread is at it: that one goes on with it. A timer of
// the executor writes what has waited long enough and tries again what could
// not be stored. Batches that were written stay in flight until the log
// acknowledges them; what became of records is told in their order. In a
// transaction a partition is written to once it takes part: what is to take
// part is asked of the coordinator at once for all that wait, by nobody who
// waits for it.
// Invariants: a partition's batches are written in the order in which they
// were begun; a batch that may have been stored is sent again only as the very
// same one.
// Thread-safe. The log's callbacks keep it alive, but it uses the engine only
// until Detach.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/append.h"
#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "cauce/producer.h"
#include "engine/base/mutex.h"
#include "engine/client/outgoing_batch.h"
#include "engine/client/partition_choice.h"
#include "engine/client/producer_transaction.h"
#include "engine/coord/group_coordinator.h"
#include "engine/coord/transaction_coordinator.h"

namespace cauce {

class ProducerCore : public std::enable_shared_from_this<ProducerCore> {
 public:
  // Borrowed until Detach. The executor may be null.
  struct Surroundings {
    Engine* engine = nullptr;
    Clock* clock = nullptr;
    Random* random = nullptr;
    Executor* executor = nullptr;
    // Where the options name a transactional id, and then neither is null.
    std::shared_ptr<TransactionCoordinator> transactions;
    std::shared_ptr<GroupCoordinator> groups;
  };

  // The options were validated.
  ProducerCore(const ProducerOptions& options, const Surroundings& around);

  // As Producer's functions of the same names.
  // `awaited` is null where nobody waits for what becomes of it.
  absl::Status Send(const ProducerRecord& record, AwaitedRecord* awaited)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Delivery> SendAndWait(const ProducerRecord& record)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Flush(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Close(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<int32_t> PartitionsOf(std::string_view topic)
      ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Status InitTransactions() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status BeginTransaction() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status SendOffsets(const OffsetsToCommit& offsets,
                           const ConsumerGroupMetadata& member)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status EndTransaction(TransactionOutcome outcome)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The engine is used no more behind it. It is closed.
  void Detach() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Queue;
  struct Topic;

  // A batch that is being written, or was and waits to be acknowledged.
  struct InFlight {
    Queue* queue = nullptr;
    int64_t number = 0;
    std::vector<AwaitedRecord> awaited;
    int64_t bytes_counted = 0;
    // Until then what the log says is for who writes it.
    bool is_being_written = true;
    std::optional<absl::StatusOr<AppendResult>> result;
  };

  // What is on its way to a partition. `busy` says that a thread writes there:
  // it alone touches `partition`, and the front of `batches`, without the lock.
  struct Queue {
    Topic* topic = nullptr;
    TopicPartition name;
    bool busy = false;
    bool is_stale = false;  // the partition is to be opened anew
    std::optional<Partition> partition;
    Identity identity;
    std::deque<OutgoingBatch> batches;  // the last one may be open
    bool IsOpen() const {
      return !batches.empty() && !batches.back().is_sealed();
    }
    std::deque<std::shared_ptr<InFlight>> in_flight;
    bool is_active = false;  // stands in active_
    bool is_unsynced = false;  // stands in unsynced_
    // Whether it takes part in the transaction that is open.
    enum class Part { kNo, kAsked, kYes } part = Part::kNo;
  };

  struct Topic {
    std::string name;
    int32_t partitions = 0;
    absl::Time asked;  // when they were counted
    std::vector<std::unique_ptr<Queue>> queues;
    std::optional<PartitionChoice> choice;
  };

  // Those of a batch who are to be told what became of it.
  struct Told {
    PartitionId partition;
    std::vector<AwaitedRecord> awaited;
    absl::StatusOr<AppendResult> batch;
  };

  struct HashOfName {
    using is_transparent = void;
    size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };

  // Whether this is the process that has the engine: a child that was forked
  // has none of the threads that a call may wait for, and perhaps their locks.
  absl::Status CheckProcess() const;
  absl::Status CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckMaySend() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (closed_) return CheckOpen();
    return transaction_ ? transaction_->CheckSend() : absl::OkStatus();
  }
  // `bytes`: what it takes in a batch of its own, at most.
  absl::Status CheckRecord(const ProducerRecord& record, int64_t bytes) const;
  // As it was asked for last, however long ago; null where it never was.
  Topic* KnownTopic(std::string_view name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // As it was asked for not too long ago. Lets go of the lock where it has to
  // be asked for.
  absl::StatusOr<Topic*> FindTopic(std::string_view name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null where the topic has no such partition.
  Queue* QueueFor(const ProducerRecord& record, Topic& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Lets go of the lock as FindTopic does, for the first record of a batch.
  absl::StatusOr<Queue*> FindQueue(const ProducerRecord& record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What is larger than all there is has it to itself.
  bool HasRoomFor(int64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Who calls callbacks would wait for itself to call those that are due.
    const int64_t held = IsCaller() ? buffered_bytes_ - told_bytes_
                                    : buffered_bytes_ + calling_bytes_;
    return held == 0 || held + bytes <= options_.buffer_bytes_max;
  }
  bool IsCaller() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return caller_.has_value() && caller_ == std::this_thread::get_id();
  }
  // Where nobody else makes durable what is in flight: does so, of one queue.
  // False where nothing of any came of it.
  bool SyncOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Lets go of the lock while there is none.
  absl::Status WaitForRoom(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds the record to its queue, and returns that; where it cannot, the
  // transaction has failed.
  absl::StatusOr<Queue*> Enqueue(const ProducerRecord& record,
                                 AwaitedRecord* awaited)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Queue*> AddToQueue(const ProducerRecord& record,
                                    AwaitedRecord* awaited)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same, as the first of a batch.
  absl::Status BeginBatch(Queue& queue, const Record& record,
                          AwaitedRecord* awaited)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether whoever sends writes what it sends, and no timer is needed for it.
  bool WritesAtOnce() const {
    return around_.executor == nullptr ||
           options_.linger <= absl::ZeroDuration();
  }

  // When the queue's front batch is to be written; never where there is none.
  absl::Duration DueAt(const Queue& queue) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes what is due, unless somebody does; with an executor some of it, and
  // the executor the rest. Lets go of the lock meanwhile.
  void Drive(Queue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DriveAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteFront(Queue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Tells of the front batch that it was not written, which its transaction
  // then lacks.
  void FailFront(Queue& queue, const absl::Status& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What fails before the log is asked; it answers by Acknowledge otherwise.
  absl::Status Write(Queue& queue, OutgoingBatch& batch,
                     const Identity& identity,
                     const std::shared_ptr<InFlight>& in_flight)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns whether the front batch stays, to be written once more.
  bool TakesAnotherTry(Queue& queue, const absl::Status& failure)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Counts what an open batch has grown by, and returns that.
  size_t Count(OutgoingBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto bytes = static_cast<int64_t>(batch.bytes());
    const int64_t grown = bytes - batch.bytes_counted;
    buffered_bytes_ += grown;
    batch.bytes_counted = bytes;
    return static_cast<size_t>(grown);
  }
  void DropFront(Queue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes what was written there durable, and so acknowledged; and has written
  // what came meanwhile.
  void SyncQueue(Queue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Acknowledge(InFlight& in_flight, absl::StatusOr<AppendResult> result)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Without an executor: returns once all that was written is told of, since
  // nobody would tell of it later. Nothing waits to be written.
  void SettleAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Tells of the batches in front that are over.
  void Settle(Queue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(InFlight& in_flight) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls the callbacks that are due, unless a thread does. Lets go of the
  // lock meanwhile.
  void CallBack() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasCalledBack() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Has them called where no lock of the log is held, as far as there is an
  // executor, or else by the next call of the producer.
  void CallBackSoon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Identity NewIdentity() const;
  void Activate(Queue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The number of the oldest batch that is not acknowledged; that of the next
  // one where all are.
  int64_t OldestNumber() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether what was written there waits for whoever waits for it to sync it:
  // without an executor nobody else does, nor tells that there is something.
  bool MustSync(const Queue& queue) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return around_.executor == nullptr && !queue.busy &&
           !queue.in_flight.empty() && !queue.in_flight.front()->result;
  }
  absl::Duration NextDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // That what is due at `due` is looked at then.
  void SetTimer(absl::Duration due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnTimer() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until then for who writes; what they are at stays theirs.
  void FailUnwritten(const absl::Status& why, absl::Duration until)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status FlushUntil(absl::Duration until)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // No batch that may be stored goes under the same numbers again.
  void FailIdentity(Queue& queue, const absl::Status& failure)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // producer_transactions.cc
  using Answer = TransactionCoordinator::Answer;
  // Asks until it is answered otherwise than to try again. Lets go of the lock
  // meanwhile. `else_do` tells a program what is left to do then.
  absl::StatusOr<ProducerInstance> AskUntil(
      absl::Duration until, std::string_view else_do,
      absl::FunctionRef<void(Answer)> ask)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // And may go on in this process.
  absl::Status CheckIsTransactional() const;
  // Whether all is written, and nobody has closed the producer meanwhile.
  absl::Status CheckMayCommit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Asks that all with something to write take part. Lets go of the lock.
  void AskToTakePart() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Goes on once the coordinator, which is busy with what came before, may be
  // asked again. Lets go of the lock.
  void AwaitFree() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnFree() ABSL_LOCKS_EXCLUDED(mutex_);
  void TakePart(const std::vector<Queue*>& asked,
                const ProducerInstance& producer, const absl::Status& answer)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // What is open is aborted, whoever waits for that.
  void AbortAndForget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ProducerOptions options_;
  const Surroundings around_;
  const BatchFields fields_;
  const bool is_idempotent_;
  const size_t spares_max_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::unordered_map<std::string, std::unique_ptr<Topic>, HashOfName,
                     std::equal_to<>>
      topics_ ABSL_GUARDED_BY(mutex_);
  Topic* last_topic_ ABSL_GUARDED_BY(mutex_) = nullptr;
  // Those with something on its way.
  std::vector<Queue*> active_ ABSL_GUARDED_BY(mutex_);
  std::optional<ProducerTransaction> transaction_ ABSL_GUARDED_BY(mutex_);
  // Partitions are not asked to take part before then.
  absl::Duration ask_at_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  bool awaits_free_ ABSL_GUARDED_BY(mutex_) = false;
  // How often the coordinator has said that it may be asked again.
  uint64_t times_freed_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of records of whose fate nobody is told yet, those of told_ among them.
  int64_t buffered_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Without an executor: those with something that nobody else makes visible,
  // as it counted as sent once it was written.
  std::vector<Queue*> unsynced_ ABSL_GUARDED_BY(mutex_);
  int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  // Batches of lower numbers do not linger.
  int64_t flush_below_ ABSL_GUARDED_BY(mutex_) = 0;
  // What batches that are over were built in.
  std::vector<BatchBuilder> spares_ ABSL_GUARDED_BY(mutex_);
  std::vector<Told> told_ ABSL_GUARDED_BY(mutex_);
  int64_t told_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of those that are being called just now: no more of buffered_bytes_.
  int64_t calling_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // The thread that calls callbacks.
  std::optional<decltype(std::this_thread::get_id())> caller_
      ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Duration> timer_at_ ABSL_GUARDED_BY(mutex_);
  int tasks_ ABSL_GUARDED_BY(mutex_) = 0;  // of the executor, that run
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool detached_ ABSL_GUARDED_BY(mutex_) = false;  // the engine may be gone
};

}  // namespace cauce
