#include "engine/client/producer_core.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/client/delivery_failure.h"
#include "engine/facade/engine_core.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What a record takes in a batch beyond its key, value and headers, at most:
// seven numbers of variable length, each header two.
constexpr int64_t kFramingBytesMax = 40;
constexpr int64_t kHeaderFramingBytesMax = 10;

// So many batches of a queue one thread writes at a time, where another may go
// on: else a Send would last as long as others send there, and a thread of the
// executor would come to nothing else. Once the producer is closed nobody sends
// more, nor comes back for the rest.
constexpr int kWritesMax = 64;

// How much memory a producer keeps of batches that are over, so that the next
// ones need none from the system, which clears each page of it first. One
// batch of up to kSpareBatchMax is worth it in any case. What a codec made of
// each comes on top of that.
constexpr size_t kSparesBytesMax = 256 << 10;
constexpr size_t kSpareBatchMax = 1 << 20;
constexpr size_t kSparesMax = 16;

size_t SparesMax(size_t batch_bytes) {
  if (batch_bytes > kSpareBatchMax) return 0;
  return std::max<size_t>(kSparesBytesMax / batch_bytes, 1);
}

// More than any memory holds: so that sums of sizes that nothing can have do
// not overflow, and are found too large.
constexpr size_t kPartBytesMax = size_t{1} << 40;

int64_t PartBytes(std::string_view part) {
  return static_cast<int64_t>(std::min(part.size(), kPartBytesMax));
}

int64_t StoredBytesMax(const ProducerRecord& record) {
  auto bytes = kBatchHeaderBytes + kFramingBytesMax;
  if (record.key) bytes += PartBytes(*record.key);
  if (record.value) bytes += PartBytes(*record.value);
  for (const Header& header : record.headers) {
    bytes += kHeaderFramingBytesMax + PartBytes(header.key);
    if (header.value) bytes += PartBytes(*header.value);
  }
  return bytes;
}

BatchFields FieldsOf(const ProducerOptions& options) {
  BatchFields fields;
  fields.codec = options.compression;
  fields.codec_level = options.compression_level;
  fields.transactional = !options.transactional_id.empty();
  return fields;
}

absl::Status ProducerIsClosed() {
  return MakeError(Reason::kClosed,
                   "the producer was closed before this was written: flush it "
                   "first, or close it with more time");
}

}  // namespace

ProducerCore::ProducerCore(const ProducerOptions& options,
                           const Surroundings& around)
    : options_(options),
      around_(around),
      fields_(FieldsOf(options)),
      is_idempotent_(options.idempotence.value_or(options.acks == Acks::kAll)),
      spares_max_(std::min(SparesMax(options.batch_bytes), kSparesMax)) {
  if (!options.transactional_id.empty())
    transaction_.emplace(options.transactional_id);
}

absl::Status ProducerCore::Send(const ProducerRecord& record,
                                AwaitedRecord* awaited) {
  MutexLock lock(mutex_);
  CAUCE_ASSIGN_OR_RETURN(Queue* const queue, Enqueue(record, awaited));
  const bool is_full =
      queue->batches.size() > 1 || queue->batches.front().is_sealed();
  if (is_full || WritesAtOnce()) Drive(*queue);
  if (!told_.empty()) CallBack();
  return absl::OkStatus();
}

absl::StatusOr<Delivery> ProducerCore::SendAndWait(
    const ProducerRecord& record) {
  CAUCE_RETURN_IF_ERROR(CheckProcess());
  std::optional<absl::StatusOr<Delivery>> sent;
  AwaitedRecord awaited;
  awaited.is_ours = true;
  awaited.done = [&sent](const absl::StatusOr<Delivery>& delivery) {
    sent = delivery;
  };
  MutexLock lock(mutex_);
  CAUCE_ASSIGN_OR_RETURN(Queue* const queue, Enqueue(record, &awaited));
  flush_below_ = next_number_;
  while (!sent) {
    Drive(*queue);
    if (!sent && !queue->in_flight.empty()) SyncQueue(*queue);
    if (!told_.empty()) CallBack();
    if (sent) break;
    const absl::Duration left =
        MustSync(*queue) ? absl::Milliseconds(1)
                         : DueAt(*queue) - around_.clock->Monotonic();
    if (queue->busy || left > absl::ZeroDuration()) {
      changed_.WaitFor(mutex_, std::max(left, absl::Milliseconds(1)));
    }
  }
  return *std::move(sent);
}

absl::Status ProducerCore::Flush(absl::Duration timeout) {
  CAUCE_RETURN_IF_ERROR(CheckProcess());
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(
        FlushUntil(around_.clock->Monotonic() + timeout));
    // Whoever has closed the producer was told of all by that.
    if (closed_) return absl::OkStatus();
  }
  // What was sent has failed there, which nobody else may have told.
  return EngineCore::Of(*around_.engine)->CheckNotClosed();
}

absl::Status ProducerCore::FlushUntil(absl::Duration until) {
  const absl::Duration begun = around_.clock->Monotonic();
  const int64_t target = next_number_;
  flush_below_ = target;
  for (;;) {
    DriveAll();
    // Not the lists themselves: they change meanwhile.
    std::vector<Queue*> unsynced = std::exchange(unsynced_, {});
    unsynced.insert(unsynced.end(), active_.begin(), active_.end());
    for (Queue* const queue : unsynced) {
      const bool is_late = around_.clock->Monotonic() >= until;
      // Without an executor nobody else does.
      if (is_late && around_.executor != nullptr) break;
      if (queue->is_unsynced && queue->busy) unsynced_.push_back(queue);
      if (queue->is_unsynced || !queue->in_flight.empty()) SyncQueue(*queue);
    }
    CallBack();
    if (OldestNumber() >= target && HasCalledBack()) return absl::OkStatus();
    const absl::Duration now = around_.clock->Monotonic();
    if (now >= until) {
      return MakeError(
          Reason::kTimedOut,
          fmt::format("not all that was sent is acknowledged after {} ms: the "
                      "oldest of the {} batches on their way has number {}, "
                      "those below {} are waited for",
                      absl::ToInt64Milliseconds(now - begun),
                      next_number_ - OldestNumber(), OldestNumber(), target));
    }
    const absl::Duration due = std::max(NextDue(), now + absl::Milliseconds(1));
    changed_.WaitFor(mutex_, std::min(due, until) - now);
  }
}

absl::Status ProducerCore::Close(absl::Duration timeout) {
  CAUCE_RETURN_IF_ERROR(CheckProcess());
  const absl::Status why = ProducerIsClosed();
  MutexLock lock(mutex_);
  if (closed_) return absl::OkStatus();
  closed_ = true;
  const absl::Duration until = around_.clock->Monotonic() + timeout;
  // What is not committed by now is aborted, so that there is no use in writing
  // more of it.
  if (transaction_) FailUnwritten(why, until);
  absl::Status done = FlushUntil(until);
  FailUnwritten(why, until);
  if (transaction_ && transaction_->is_open()) AbortAndForget();
  CallBack();
  return done;
}

absl::StatusOr<int32_t> ProducerCore::PartitionsOf(std::string_view topic) {
  MutexLock lock(mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_ASSIGN_OR_RETURN(const Topic* const found,
                         FindTopic(topic));
  return found->partitions;
}

void ProducerCore::Detach() {
  std::vector<std::optional<Partition>> partitions;
  const bool is_child = !CheckProcess().ok();
  MutexLock lock(mutex_);
  detached_ = true;
  while (tasks_ > 0 && !is_child) changed_.Wait(mutex_);
  FailUnwritten(ProducerIsClosed(), is_child ? absl::ZeroDuration()
                                             : absl::InfiniteDuration());
  if (around_.executor == nullptr) SettleAll();
  for (const auto& [name, topic] : topics_) {
    for (const auto& queue : topic->queues) {
      partitions.push_back(std::exchange(queue->partition, std::nullopt));
    }
  }
  CallBack();
}

void ProducerCore::SettleAll() {
  for (Queue* const queue : std::vector<Queue*>(active_)) SyncQueue(*queue);
  CallBack();
  // Where another thread has synced, it tells of that only now.
  const bool is_told = CheckProcess().ok();
  while (is_told && !active_.empty()) changed_.Wait(mutex_);
}

absl::Status ProducerCore::CheckProcess() const {
  return EngineCore::Of(*around_.engine)->CheckProcess();
}

absl::Status ProducerCore::CheckOpen() const {
  if (!closed_) return absl::OkStatus();
  return MakeError(Reason::kClosed,
                   "the producer was closed; make a new one to send more");
}

absl::Status ProducerCore::CheckRecord(const ProducerRecord& record,
                                       int64_t bytes) const {
  if (bytes > options_.record_bytes_max) {
    return MakeError(
        Reason::kBatchTooLarge,
        fmt::format("{}: a record takes up to {} bytes, limit is {} "
                    "(max.request.size, ProducerOptions::record_bytes_max)",
                    record.topic, bytes, options_.record_bytes_max));
  }
  if (record.timestamp < kNoTimestamp) {
    return MakeError(Reason::kInvalidTimestamp,
                     fmt::format("{}: a record has the timestamp {} ms, from "
                                 "before 1970; leave it out for the present",
                                 record.topic, record.timestamp.ms));
  }
  return absl::OkStatus();
}

ProducerCore::Topic* ProducerCore::KnownTopic(std::string_view name) {
  if (last_topic_ == nullptr || last_topic_->name != name) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) return nullptr;
    last_topic_ = found->second.get();
  }
  return last_topic_;
}

absl::StatusOr<ProducerCore::Topic*> ProducerCore::FindTopic(
    std::string_view name) {
  const absl::Time now = around_.clock->Now();
  Topic* const known = KnownTopic(name);
  if (known != nullptr && now - known->asked < options_.metadata_age_max) {
    return known;
  }
  mutex_.Unlock();
  const auto described = around_.engine->DescribeTopic(name);
  mutex_.Lock();
  CAUCE_RETURN_IF_ERROR(described.status());
  // Somebody else may have been as quick.
  auto& entry = topics_[std::string(name)];
  if (entry == nullptr) {
    entry = std::make_unique<Topic>();
    entry->name = name;
    entry->choice.emplace(options_.keyless, options_.batch_bytes,
                          *around_.random);
  }
  entry->partitions = described->partitions;
  entry->asked = now;
  while (std::ssize(entry->queues) < entry->partitions) {
    auto queue = std::make_unique<Queue>();
    queue->topic = entry.get();
    queue->name = {entry->name,
                   PartitionId{static_cast<int32_t>(entry->queues.size())}};
    entry->queues.push_back(std::move(queue));
  }
  return last_topic_ = entry.get();
}

ProducerCore::Queue* ProducerCore::QueueFor(const ProducerRecord& record,
                                            Topic& topic) {
  const PartitionId partition =
      record.partition ? *record.partition
                       : topic.choice->Choose(record.key, topic.partitions);
  if (partition.value < 0 || partition.value >= topic.partitions) {
    return nullptr;
  }
  return topic.queues[static_cast<size_t>(partition.value)].get();
}

absl::StatusOr<ProducerCore::Queue*> ProducerCore::FindQueue(
    const ProducerRecord& record) {
  Topic* const known = KnownTopic(record.topic);
  Queue* queue = known != nullptr ? QueueFor(record, *known) : nullptr;
  // When the first record of a batch came, the topic was not asked for too long
  // ago: to look at the clock for each would cost as much as to add it.
  if (queue != nullptr && queue->IsOpen()) return queue;
  const int32_t before = known != nullptr ? known->partitions : 0;
  CAUCE_ASSIGN_OR_RETURN(Topic* const topic, FindTopic(record.topic));
  CAUCE_RETURN_IF_ERROR(CheckMaySend());
  // Not twice of the same, since it may be each one's turn.
  if (queue == nullptr || topic->partitions != before) {
    queue = QueueFor(record, *topic);
  }
  if (queue != nullptr) return queue;
  return MakeError(Reason::kUnknownPartition,
                   fmt::format("{}-{}: the topic has the partitions 0 to {}",
                               topic->name, record.partition->value,
                               topic->partitions - 1));
}

absl::Status ProducerCore::WaitForRoom(int64_t bytes) {
  if (HasRoomFor(bytes)) return absl::OkStatus();
  const absl::Duration until =
      around_.clock->Monotonic() + options_.block_max;
  flush_below_ = next_number_;
  for (;;) {
    DriveAll();
    if (!told_.empty()) CallBack();
    CAUCE_RETURN_IF_ERROR(CheckMaySend());
    if (HasRoomFor(bytes)) return absl::OkStatus();
    if (around_.executor == nullptr || IsCaller()) {
      // One after the other, until there is room: each makes some, or fails.
      const bool has_synced = SyncOldest();
      if (!told_.empty()) CallBack();
      if (HasRoomFor(bytes)) return absl::OkStatus();
      if (has_synced) continue;
    }
    const absl::Duration now = around_.clock->Monotonic();
    if (now >= until) {
      return MakeError(
          Reason::kTimedOut,
          fmt::format("{} bytes of records wait to be acknowledged and told "
                      "of, limit is {} (buffer.memory), and after {} ms "
                      "(max.block.ms) there is no room for {} more",
                      buffered_bytes_ + calling_bytes_,
                      options_.buffer_bytes_max,
                      absl::ToInt64Milliseconds(options_.block_max), bytes));
    }
    const absl::Duration due = std::max(NextDue(), now + absl::Milliseconds(1));
    changed_.WaitFor(mutex_, std::min(due, until) - now);
  }
}

absl::StatusOr<ProducerCore::Queue*> ProducerCore::Enqueue(
    const ProducerRecord& record, AwaitedRecord* awaited) {
  CAUCE_RETURN_IF_ERROR(CheckMaySend());
  const auto queue = AddToQueue(record, awaited);
  // A transaction that lacks a record is not to be committed.
  if (!queue.ok() && transaction_) transaction_->FailCall(queue.status());
  return queue;
}

absl::StatusOr<ProducerCore::Queue*> ProducerCore::AddToQueue(
    const ProducerRecord& record, AwaitedRecord* awaited) {
  const int64_t bytes = StoredBytesMax(record);
  CAUCE_RETURN_IF_ERROR(CheckRecord(record, bytes));
  if (!HasRoomFor(bytes)) {
    CAUCE_RETURN_IF_ERROR(WaitForRoom(bytes));
    CAUCE_RETURN_IF_ERROR(CheckMaySend());
  }
  CAUCE_ASSIGN_OR_RETURN(Queue* const queue, FindQueue(record));
  const Record stored{.key = record.key,
                      .value = record.value,
                      .headers = record.headers,
                      .timestamp =
                          record.timestamp.has_value()
                              ? record.timestamp
                              : Timestamp::From(around_.clock->Now())};
  PartitionChoice& choice = *queue->topic->choice;
  if (!queue->batches.empty()) {
    OutgoingBatch& last = queue->batches.back();
    if (last.Add(stored, awaited)) {
      choice.Took(queue->name.partition, Count(last));
      return queue;
    }
    last.Seal();
    choice.Filled(queue->name.partition, queue->topic->partitions);
  }
  CAUCE_RETURN_IF_ERROR(BeginBatch(*queue, stored, awaited));
  return queue;
}

absl::Status ProducerCore::BeginBatch(Queue& queue, const Record& record,
                                      AwaitedRecord* awaited) {
  OutgoingBatch& batch =
      queue.batches.emplace_back(fields_, options_.batch_bytes, next_number_,
                                 around_.clock->Monotonic());
  if (!spares_.empty()) {
    batch.UseMemory(std::move(spares_.back()));
    spares_.pop_back();
  }
  if (!batch.Add(record, awaited)) {
    queue.batches.pop_back();
    return MakeError(Reason::kBatchTooLarge,
                     fmt::format("{}: a record of {} bytes is larger than any "
                                 "batch can be, {} bytes",
                                 queue.name.ToString(),
                                 (record.key ? record.key->size() : 0) +
                                     (record.value ? record.value->size() : 0),
                                 kRecordBytesMax));
  }
  ++next_number_;
  queue.topic->choice->Took(queue.name.partition, Count(batch));
  Activate(queue);
  // Behind another one it is who sends that writes that one, and then sees to
  // this: a timer for what is due now would only wake a thread for nothing.
  if (!WritesAtOnce() && queue.batches.size() == 1) SetTimer(DueAt(queue));
  return absl::OkStatus();
}

absl::Duration ProducerCore::DueAt(const Queue& queue) const {
  if (queue.batches.empty()) return absl::InfiniteDuration();
  const OutgoingBatch& front = queue.batches.front();
  if (transaction_) {
    // What is not to be written is to be told of.
    if (!transaction_->CheckWrite().ok()) return front.begun();
    if (queue.part == Queue::Part::kAsked) return absl::InfiniteDuration();
  }
  if (front.tries > 0) return front.try_at;
  const bool is_due_now = front.is_sealed() || queue.batches.size() > 1 ||
                          front.number() < flush_below_ ||
                          around_.executor == nullptr;
  const absl::Duration due =
      is_due_now ? front.begun() : front.begun() + options_.linger;
  const bool must_ask = transaction_ && queue.part == Queue::Part::kNo;
  return must_ask ? std::max(due, ask_at_) : due;
}

void ProducerCore::Drive(Queue& queue) {
  if (queue.busy) return;
  queue.busy = true;
  for (int i = 0; !queue.batches.empty(); ++i) {
    const bool writes_all = around_.executor == nullptr || closed_;
    if (i >= kWritesMax && !writes_all) break;
    if (DueAt(queue) > around_.clock->Monotonic()) break;
    const absl::Status may =
        transaction_ ? transaction_->CheckWrite() : absl::OkStatus();
    if (!may.ok()) {
      FailFront(queue, may);
    } else if (transaction_ && queue.part != Queue::Part::kYes) {
      AskToTakePart();
    } else {
      queue.batches.front().Seal();
      WriteFront(queue);
    }
  }
  queue.busy = false;
  SetTimer(DueAt(queue));
  changed_.NotifyAll();
}

void ProducerCore::DriveAll() {
  for (Queue* const queue : std::vector<Queue*>(active_)) Drive(*queue);
}

void ProducerCore::WriteFront(Queue& queue) {
  OutgoingBatch& batch = queue.batches.front();
  if (is_idempotent_ && !transaction_ && queue.identity.id.value < 0) {
    queue.identity = NewIdentity();
  }
  // What may be stored goes as the very same, whatever became of older ones.
  const Identity identity = batch.kept_identity().value_or(queue.identity);
  const auto in_flight = std::make_shared<InFlight>();
  in_flight->queue = &queue;
  in_flight->number = batch.number();
  in_flight->awaited = std::move(batch.awaited);
  queue.in_flight.push_back(in_flight);

  mutex_.Unlock();
  const absl::Status begun = Write(queue, batch, identity, in_flight);
  mutex_.Lock();

  in_flight->is_being_written = false;
  if (!begun.ok()) in_flight->result = begun;
  const bool is_stored = !in_flight->result || in_flight->result->ok();
  if (is_stored) {
    // Unless an older batch has failed meanwhile: then it is another producer.
    if (is_idempotent_ && queue.identity.id == identity.id) {
      queue.identity.next_sequence =
          SequenceBehind(identity.next_sequence, batch.records());
    }
    const bool is_shown =
        around_.executor != nullptr || options_.acks == Acks::kAll;
    if (!is_shown && !std::exchange(queue.is_unsynced, true)) {
      unsynced_.push_back(&queue);
    }
  } else {
    batch.awaited = std::move(in_flight->awaited);
    if (TakesAnotherTry(queue, in_flight->result->status())) {
      std::erase(queue.in_flight, in_flight);
      return;
    }
    in_flight->awaited = std::move(batch.awaited);
  }
  DropFront(queue);
  Settle(queue);
}

absl::Status ProducerCore::Write(Queue& queue, OutgoingBatch& batch,
                                 const Identity& identity,
                                 const std::shared_ptr<InFlight>& in_flight) {
  if (std::exchange(queue.is_stale, false)) queue.partition.reset();
  if (!queue.partition) {
    auto opened = around_.engine->OpenPartition(queue.name.topic,
                                                queue.name.partition);
    CAUCE_RETURN_IF_ERROR(opened.status());
    queue.partition.emplace(*std::move(opened));
  }
  if (fields_.transactional) {
    // A log that was made anew, or has forgotten who wrote to it, takes what a
    // fenced producer sends: the coordinator knows. Behind the opening, since
    // what fences it from here on is written to the very log that is open.
    CAUCE_RETURN_IF_ERROR(around_.transactions->CheckProduce(
        options_.transactional_id, {identity.id, identity.epoch}, queue.name));
  }
  CAUCE_ASSIGN_OR_RETURN(const RecordBatch built, batch.Build(identity));
  const Ack ack =
      options_.acks == Acks::kAll ? Ack::kDurable : Ack::kWritten;
  queue.partition->AppendAsync(
      built, {.ack = ack},
      [core = shared_from_this(),
       in_flight](absl::StatusOr<AppendResult> result) {
        core->Acknowledge(*in_flight, std::move(result));
      });
  return absl::OkStatus();
}

bool ProducerCore::TakesAnotherTry(Queue& queue, const absl::Status& failure) {
  OutgoingBatch& batch = queue.batches.front();
  const absl::Duration now = around_.clock->Monotonic();
  const bool is_late = now - batch.begun() >= options_.delivery_timeout;
  AfterFailure next = WhatToDoAfter(failure);
  const bool may_be_there = ReasonOf(failure) == Reason::kNone;
  const bool is_gone = ReasonOf(failure) == Reason::kUnknownTopic ||
                       ReasonOf(failure) == Reason::kUnknownPartition;
  // There may be another of its name, of more or fewer partitions.
  if (is_gone) queue.topic->asked = absl::InfinitePast();
  if (may_be_there && !is_idempotent_) next = AfterFailure::kUnknown;
  // Whether it may be stored, by this try or by one before it.
  const bool is_in_doubt = next == AfterFailure::kUnknown || may_be_there ||
                           batch.kept_identity().has_value();
  switch (next) {
    case AfterFailure::kTryAgain: {
      if (is_late || detached_) break;
      const int doublings = std::min(batch.tries, 20);
      batch.try_at = now + std::min(options_.retry_backoff * (1 << doublings),
                                    options_.retry_backoff_max);
      ++batch.tries;
      batch.KeepIdentity();
      return true;
    }
    case AfterFailure::kReopen:
      queue.is_stale = true;
      batch.GiveUpIdentity();
      // What the transaction has written there is gone.
      if (transaction_ && queue.identity.next_sequence > 0) break;
      if (batch.tries > 0) break;
      ++batch.tries;
      batch.try_at = now;
      return true;
    case AfterFailure::kSplit: {
      // The log would not know a half again.
      if (is_in_doubt || batch.records() == 1 || !batch.is_built()) break;
      batch.GiveUpIdentity();
      auto second = batch.SplitOff();
      if (!second.ok()) break;
      queue.batches.insert(queue.batches.begin() + 1, *std::move(second));
      return true;
    }
    case AfterFailure::kBecomeAnother:
      if (transaction_) break;
      queue.identity = NewIdentity();
      batch.GiveUpIdentity();
      if (batch.tries > 0) break;
      ++batch.tries;
      batch.try_at = now;
      return true;
    case AfterFailure::kGiveUp:
    case AfterFailure::kUnknown:
      break;
  }
  // What follows has the same numbers: it would pass for what may be there, and
  // be acknowledged without being stored.
  if (is_in_doubt) FailIdentity(queue, failure);
  // A transaction that lacks a batch is not to be committed.
  if (transaction_) transaction_->FailBatch(failure);
  return false;
}

}  // namespace cauce
