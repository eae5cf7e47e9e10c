// A transactional id, its time, and what it has answered: for tests of its
// machine.
//
// Records become durable at once unless they are held; markers are written
// when the test says so. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/types.h"
#include "engine/coord/transaction.h"

namespace cauce::test {

inline const absl::Time kRigStart = absl::FromUnixSeconds(1'700'000'000);
inline constexpr absl::Duration kTimeout = absl::Minutes(1);

inline TopicPartition PartitionOf(int32_t id) { return {"t", {id}}; }

class TransactionRig {
 public:
  explicit TransactionRig(TransactionOptions options = {})
      : machine_("txn", 7, options) {}

  // What is in `status`, of producer 1000 with epoch 5 and partition t-0.
  static TransactionLogValue Stored(TransactionStatus status,
                                    int16_t version) {
    TransactionLogValue value;
    value.producer_id = value.previous_producer_id = {1000};
    value.producer_epoch = 5;
    value.transaction_timeout = kTimeout;
    value.status = status;
    value.client_transaction_version = version;
    value.start_timestamp = Timestamp::From(kRigStart);
    value.last_update_timestamp = Timestamp::From(kRigStart);
    const bool is_open = status == TransactionStatus::kOngoing ||
                         status == TransactionStatus::kPrepareCommit ||
                         status == TransactionStatus::kPrepareAbort;
    if (is_open) value.partitions = {{{.topic = "t", .partitions = {{0}}}}};
    return value;
  }

  void Load(const TransactionLogValue& value) {
    Do(machine_.Load(value, now_));
  }

  TransactionReply Init(std::optional<ProducerInstance> current = {},
                        absl::Duration timeout = kTimeout) {
    if (machine_.NeedsProducerId()) machine_.OfferProducerId({++last_id_});
    return AnswerTo(machine_.InitProducer(
        {.waiter = 1, .timeout = timeout, .current = current}, now_));
  }
  TransactionReply Add(ProducerInstance producer,
                       std::set<TopicPartition> partitions, int16_t version) {
    return AnswerTo(
        machine_.AddPartitions({.waiter = 1,
                                .producer = producer,
                                .partitions = std::move(partitions),
                                .version = version},
                               now_));
  }
  TransactionReply End(ProducerInstance producer, TransactionOutcome outcome,
                       int16_t version) {
    if (machine_.NeedsProducerId()) machine_.OfferProducerId({++last_id_});
    return AnswerTo(machine_.EndTransaction({.waiter = 1,
                                             .producer = producer,
                                             .outcome = outcome,
                                             .version = version},
                                            now_));
  }
  TransactionReply Commit(ProducerInstance producer, int16_t version) {
    return End(producer, TransactionOutcome::kCommit, version);
  }
  TransactionReply Abort(ProducerInstance producer, int16_t version) {
    return End(producer, TransactionOutcome::kAbort, version);
  }

  // Tells the results of all markers that are on their way.
  void WriteMarkers(MarkerResult result = MarkerResult::kWritten) {
    for (const MarkersToWrite& each : std::exchange(markers_, {})) {
      MarkersWrittenEvent written;
      written.producer = {each.end.producer_id, each.end.producer_epoch};
      for (const TopicPartition& partition : each.partitions)
        written.results.push_back({partition, result});
      Do(machine_.MarkersWritten(written, now_));
    }
  }
  void MarkersWritten(const MarkersWrittenEvent& written) {
    Do(machine_.MarkersWritten(written, now_));
  }
  void Pass(absl::Duration time) {
    now_ += time;
    Do(machine_.Tick(now_));
  }

  // From now on records wait for Append or Fail.
  void Hold() { holds_ = true; }
  // Returns the answer that waited for it, if any.
  std::optional<TransactionReply> Append() {
    Do(machine_.Appended(now_));
    return TakeReply();
  }
  std::optional<TransactionReply> Fail(Reason reason) {
    Do(machine_.AppendFailed(MakeError(reason, "failed"), now_));
    return TakeReply();
  }
  std::optional<TransactionReply> Close(const absl::Status& why) {
    Do(machine_.Close(why));
    return TakeReply();
  }

  std::optional<TransactionReply> TakeReply() {
    return std::exchange(reply_, std::nullopt);
  }

  void Do(TransactionOutput output) {
    if (output.append.has_value()) records_.push_back(*output.append);
    if (output.markers.has_value()) markers_.push_back(*output.markers);
    for (TransactionReply& reply : output.reply) {
      EXPECT_FALSE(reply_.has_value()) << "answered twice";
      reply_ = std::move(reply);
    }
    wake_at_ = output.wake_at;
    if (output.append.has_value() && !holds_) Do(machine_.Appended(now_));
  }

  Transaction& machine() { return machine_; }
  absl::Time now() const { return now_; }
  std::optional<absl::Time> wake_at() const { return wake_at_; }
  const std::vector<StateRecord>& records() const { return records_; }
  // That are on their way.
  const std::vector<MarkersToWrite>& markers() const { return markers_; }
  TransactionStatus status() const { return machine_.status(); }

 private:
  // The answer, or one without a waiter where it has not come yet.
  TransactionReply AnswerTo(TransactionOutput output) {
    Do(std::move(output));
    return TakeReply().value_or(TransactionReply{});
  }

  Transaction machine_;
  absl::Time now_ = kRigStart;
  int64_t last_id_ = 1999;
  bool holds_ = false;
  std::optional<TransactionReply> reply_;
  std::vector<StateRecord> records_;
  std::vector<MarkersToWrite> markers_;
  std::optional<absl::Time> wake_at_;
};

}  // namespace cauce::test
