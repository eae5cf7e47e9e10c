// Writes records to topics: gathers them into batches, one partition at a
// time, and appends each batch once it is full or has waited long enough.
//
//   auto client = cauce::Client::Open("dir:data").value();
//   auto producer = client->NewProducer().value();
//   const absl::Status sent = producer->Send(
//       {.topic = "orders", .key = "k", .value = "v"},
//       [](const absl::StatusOr<cauce::Delivery>& stored) { Use(stored); });
//   if (!sent.ok()) return sent;
//   return producer->Flush();
//
// Kafka's producer, by its words and defaults. What is sent to one partition
// keeps its order, and what is tried again is never stored twice. An interface,
// so that programs do not know whether the log is in their own process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/codec.h"
#include "cauce/consumer.h"
#include "cauce/record.h"
#include "cauce/types.h"

namespace cauce {

// When a record counts as sent; Kafka's acks.
enum class Acks {
  kNone,    // 0: not waited for; in this process as kLeader
  kLeader,  // 1: once it is written, which the death of a process survives
  kAll,     // all: once it is durable, as the topic's cauce.flush says
};

// Where records without a key and without a partition go.
enum class Keyless {
  kSticky,      // to one partition until a batch's bytes are, then to another
  kRoundRobin,  // to each partition in turn
};

// What stands beside a field is Kafka's name of it.
struct ProducerOptions {
  // acks.
  Acks acks = Acks::kAll;
  // Whether a batch that is tried again is stored once at most, whatever became
  // of it the first time. Absent: with acks = kAll, which it asks for.
  // enable.idempotence.
  std::optional<bool> idempotence;
  // compression.type, and the level of that codec, its own default if absent:
  // gzip 1 to 9, or -1 for zlib's own choice; lz4 1 to 17; zstd -131072 to 22.
  Codec compression = Codec::kNone;
  std::optional<int> compression_level;
  Keyless keyless = Keyless::kSticky;
  // Bytes of records, before compression, with which a batch is full: 1 to 1
  // GiB, or kDecompressedBytesMax with a codec. A larger record has a batch of
  // its own. batch.size.
  size_t batch_bytes = 16 << 10;
  // How long a batch that is not full waits for more. Without anything that
  // runs in the background (ClientOptions::threads) it does not wait: a record
  // is written in its Send, or by another thread that just then writes or syncs
  // there. But nobody syncs it of their own accord: with kAll its callback, or
  // future, waits for a Flush, for a SendAndWait to its partition, or for one
  // more Send once the memory is full. At least 0. linger.ms.
  absl::Duration linger = absl::Milliseconds(5);
  // Bytes of records that may be on their way until their callbacks are called;
  // whoever sends more waits, but for callbacks, of which those that are called
  // do not count. At least batch_bytes. buffer.memory.
  int64_t buffer_bytes_max = 32 << 20;
  // How long a Send waits for that; at least 0. max.block.ms.
  absl::Duration block_max = absl::Minutes(1);
  // The largest record, as it is stored in a batch of its own: 1 to 1 GiB, or
  // kDecompressedBytesMax with a codec.
  // max.request.size.
  int64_t record_bytes_max = 1 << 20;
  // For how long a batch that cannot be stored is tried again, as on a full
  // disk, from when it was begun; at least 0. delivery.timeout.ms.
  absl::Duration delivery_timeout = absl::Minutes(2);
  // How long to wait before the first of these tries, and at most before a
  // later one; at least 0. retry.backoff.ms, retry.backoff.max.ms.
  absl::Duration retry_backoff = absl::Milliseconds(100);
  absl::Duration retry_backoff_max = absl::Seconds(1);
  // How long ago it may be that a topic was asked how many partitions it has;
  // at least 0. metadata.max.age.ms.
  absl::Duration metadata_age_max = absl::Minutes(5);
  // The name under which the producer has transactions, over all its lives: of
  // those that have it the newest alone goes on. It asks for idempotence. Empty
  // for none; at most 32767 bytes. transactional.id.
  std::string transactional_id;
  // A transaction that is open for so long is aborted: above 0, and at most
  // EngineOptions::transaction_timeout_max. transaction.timeout.ms.
  absl::Duration transaction_timeout = absl::Minutes(1);
};

// Reports every bad field; Reason::kInvalidOption.
absl::Status Validate(const ProducerOptions& options);

// A record and where it goes. All of it is copied by Send.
struct ProducerRecord {
  std::string_view topic;
  // Absent: by its key as Kafka's clients choose it; without a key by
  // ProducerOptions::keyless.
  std::optional<PartitionId> partition;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const Header> headers;
  // The time of the Send where it has none.
  Timestamp timestamp = kNoTimestamp;
};

// Where a record lies by now. Kafka's RecordMetadata.
struct Delivery {
  PartitionId partition;
  Offset offset;
  Timestamp timestamp;
};

// Called once for each record, in the order of the records of a partition,
// under no lock. It may send; it must not block, close or destroy the producer.
using DeliveryCallback =
    absl::AnyInvocable<void(const absl::StatusOr<Delivery>&)>;

// With ProducerOptions::transactional_id all that is sent between Begin and
// CommitTransaction is read as a whole, in all partitions, by consumers that
// read what is committed (ConsumerOptions::isolation), or not at all:
//
//   absl::Status status = producer->InitTransactions();
//   if (status.ok()) status = producer->BeginTransaction();
//   if (!status.ok()) return status;
//   status = producer->Send({.topic = "orders", .value = "v"});
//   if (status.ok()) status = producer->CommitTransaction();
//   if (!status.ok()) return producer->AbortTransaction();
//
// What is read, worked on and written again is so exactly once, whatever ends
// in the midst of it, where the offsets are part of the transaction: of a
// consumer with auto_commit = false, which reads what is committed where what
// it reads was written in transactions.
//
//   const auto records = consumer->Poll(absl::Seconds(1));
//   if (!records.ok()) return records.status();
//   absl::Status status = producer->BeginTransaction();
//   if (!status.ok()) return status;
//   OffsetsToCommit offsets;
//   for (const ConsumerRecord& each : *records) {
//     status.Update(producer->Send({.topic = "copies", .value = each.value}));
//     offsets[*each.partition] = {.offset = each.offset + 1};
//   }
//   status.Update(producer->SendOffsetsToTransaction(
//       offsets, consumer->group_metadata()));
//   if (status.ok()) status = producer->CommitTransaction();
//   if (!status.ok()) {
//     status = producer->AbortTransaction();
//     if (!status.ok()) return status;
//     // What was read has to be read again: Seek each partition to what
//     // consumer->Committed(consumer->assignment()) says, or, where that says
//     // nothing, to where ConsumerOptions::reset begins.
//   }
//
// An error of any of its calls is of one of two kinds. After
// kTransactionAbortable, any error of Send or SendOffsetsToTransaction, or a
// record that was not delivered, the transaction has failed: AbortTransaction,
// and go on. After kProducerFenced (a newer producer has the transactional id,
// or the time-out has passed), kInvalidProducerIdMapping and any other that is
// not told below the producer has failed: close it. kTimedOut of another call
// is of neither kind: the same call goes on where it was, and kInvalidTxnState
// says that it was out of turn.
// A transaction takes 10 000 partitions at most (kTransactionAbortable); what
// holds the offsets of a group is one of them.
//
// Thread-safe. Destroying it writes what waits, or aborts the transaction that
// is open, and does not wait for it to be acknowledged, unless nothing runs in
// the background, where nobody else would see to it: Close it, or Flush, to
// know.
class Producer {
 public:
  virtual ~Producer() = default;

  // Takes the record; `done`, if there is one, learns what became of it.
  // Errors of the call itself, for which `done` is not called:
  // Reason::kUnknownTopic, kUnknownPartition, kInvalidTimestamp,
  // kBatchTooLarge; kTimedOut where there was no room within
  // ProducerOptions::block_max; kClosed.
  virtual absl::Status Send(const ProducerRecord& record,
                            DeliveryCallback done) = 0;
  absl::Status Send(const ProducerRecord& record) { return Send(record, {}); }

  // The same, with a future that holds what `done` would have been told, or
  // the error of the call.
  virtual std::future<absl::StatusOr<Delivery>> SendWithFuture(
      const ProducerRecord& record) = 0;

  // The same, waiting until it is acknowledged. It does not linger.
  virtual absl::StatusOr<Delivery> SendAndWait(
      const ProducerRecord& record) = 0;

  // Writes what waits and returns once everything that was sent before this
  // call is acknowledged or has failed, of which the callbacks are told, before
  // this returns unless it is called by one. kTimedOut after `timeout`, which
  // is not looked at within a write or a sync; without anything that runs in
  // the background it makes all that it wrote durable, whatever the acks.
  // kClosed where the client was closed; also, as of all calls that wait, of
  // Close too, in a child that was forked.
  virtual absl::Status Flush(
      absl::Duration timeout = absl::InfiniteDuration()) = 0;

  // Flushes, and takes nothing any more. What is not acknowledged by then
  // fails with kClosed where it was not written and nobody is about to. A
  // transaction that is open is aborted; where that cannot be stored, as on a
  // full disk, it is tried again for some seconds, by what runs in the
  // background, or by consumers' Polls and Engine::RunUpkeep, and at last its
  // time-out aborts it. Idempotent.
  virtual absl::Status Close(
      absl::Duration timeout = absl::InfiniteDuration()) = 0;

  // First of all, and once: takes the transactional id over from who had it,
  // whose transaction is aborted where it is open and finished where it ends.
  // Waits for that as long as ProducerOptions::block_max, as do the two that
  // end a transaction. kTimedOut; kInvalidTransactionTimeout; kNotCoordinator,
  // also of those two, once its state can be stored no more, as on a disk that
  // has failed, before the log is opened again. kDiskFailed, also of those two,
  // where that is so of a partition, which it names, in which the id's last
  // transaction is to end: before the log is opened again, or the topic
  // deleted, no producer has transactions by this id.
  virtual absl::Status InitTransactions() = 0;
  // From now on what is sent is of the transaction. Out of one nothing can be
  // sent (kInvalidTxnState).
  virtual absl::Status BeginTransaction() = 0;
  // Where the group is once the transaction is committed; as the member of the
  // generation that `member` names (Consumer::group_metadata). Once the group
  // has gone on without it, the transaction can only be aborted: its cause is
  // kIllegalGeneration, kUnknownMemberId or kFencedInstanceId; so it can where
  // an offset cannot be committed (Consumer::Commit).
  virtual absl::Status SendOffsetsToTransaction(
      const OffsetsToCommit& offsets, const ConsumerGroupMetadata& member) = 0;
  // Flushes, and commits. Once this is OK no power loss takes it back, and
  // readers see all of it soon. kTransactionAbortable where a record was not
  // delivered. After kTimedOut nobody knows whether it is committed, and it
  // cannot be aborted any more; nor is it known after an error that ends the
  // producer. kClosed where that was closed meanwhile, which aborts it.
  virtual absl::Status CommitTransaction() = 0;
  // What was not written yet fails with kTransactionAbortable.
  virtual absl::Status AbortTransaction() = 0;

  // How many partitions the topic has. Reason::kUnknownTopic.
  virtual absl::StatusOr<int32_t> PartitionsOf(std::string_view topic) = 0;
};

}  // namespace cauce
