#include "engine/coord/transaction_metadata.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/coord/topic_partitions.h"

namespace cauce {
namespace {

// Every step goes on from the one before.
TransactionMetadata After(const TransactionMetadata& of,
                          TransactionStatus status, absl::Time now) {
  TransactionMetadata next = of;
  next.previous_producer_id = of.producer.id;
  next.status = status;
  next.last_update = Timestamp::From(now);
  return next;
}

// Epochs end at their maximum, from which nothing is fenced any more.
void GrowEpoch(ProducerInstance& producer) {
  producer.epoch = static_cast<int16_t>(
      std::min<int>(producer.epoch + 1, kProducerEpochMax));
}

}  // namespace

ProducerInstance TransactionMetadata::successor() const {
  if (next_producer_id < ProducerId{0}) return producer;
  return {.id = next_producer_id, .epoch = 0};
}

bool TransactionMetadata::is_ending() const {
  return status == TransactionStatus::kPrepareCommit ||
         status == TransactionStatus::kPrepareAbort;
}

bool TransactionMetadata::is_idle() const {
  return status == TransactionStatus::kEmpty ||
         status == TransactionStatus::kCompleteCommit ||
         status == TransactionStatus::kCompleteAbort;
}

TransactionMetadata TransactionMetadata::From(
    const TransactionLogValue& value) {
  TransactionMetadata read = {
      .producer = {.id = value.producer_id, .epoch = value.producer_epoch},
      .previous_producer_id = value.previous_producer_id,
      .next_producer_id = value.next_producer_id,
      .last_epoch = -1,
      .timeout = value.transaction_timeout,
      .status = value.status,
      .partitions = {},
      .start = value.start_timestamp,
      .last_update = value.last_update_timestamp,
      .version = value.client_transaction_version};
  if (!value.partitions.has_value()) return read;
  for (const TopicPartitions& topic : *value.partitions) {
    for (const PartitionId id : topic.partitions)
      read.partitions.insert({topic.topic, id});
  }
  return read;
}

TransactionLogValue TransactionMetadata::ToValue() const {
  TransactionLogValue value = {
      .producer_id = producer.id,
      .previous_producer_id = previous_producer_id,
      .next_producer_id = next_producer_id,
      .producer_epoch = producer.epoch,
      .next_producer_epoch = -1,
      .transaction_timeout = timeout,
      .status = status,
      .partitions = {},
      .last_update_timestamp = last_update,
      .start_timestamp = start,
      .client_transaction_version = version};
  if (status == TransactionStatus::kEmpty) return value;
  std::vector<TopicPartitions>& topics = value.partitions.emplace();
  for (const TopicPartition& each : partitions) {
    if (topics.empty() || topics.back().topic != each.topic)
      topics.push_back({.topic = each.topic, .partitions = {}});
    topics.back().partitions.push_back(each.partition);
  }
  return value;
}

TransactionMetadata Initialized(const TransactionMetadata& of,
                                const ProducerInstance& producer,
                                absl::Duration timeout, absl::Time now) {
  TransactionMetadata next = After(of, TransactionStatus::kEmpty, now);
  next.producer = producer;
  next.timeout = timeout;
  next.partitions.clear();
  next.start = kNoTimestamp;
  return next;
}

TransactionMetadata WithPartitions(const TransactionMetadata& of,
                                   const std::set<TopicPartition>& added,
                                   int16_t version, absl::Time now) {
  TransactionMetadata next = After(of, TransactionStatus::kOngoing, now);
  next.partitions.insert(added.begin(), added.end());
  if (of.is_idle()) next.start = next.last_update;
  next.version = version;
  return next;
}

TransactionMetadata Ending(const TransactionMetadata& of,
                           const RequestedEnd& end, absl::Time now) {
  TransactionMetadata next =
      After(of,
            end.outcome == TransactionOutcome::kCommit
                ? TransactionStatus::kPrepareCommit
                : TransactionStatus::kPrepareAbort,
            now);
  next.version = end.version;
  if (of.is_idle()) next.start = next.last_update;
  if (end.version >= kEpochPerTransaction) {
    next.last_epoch = of.producer.epoch;
    GrowEpoch(next.producer);
    next.next_producer_id = end.next;
  }
  return next;
}

TransactionMetadata Fenced(const TransactionMetadata& of, ProducerId next_id,
                           absl::Time now) {
  TransactionMetadata next = After(of, TransactionStatus::kPrepareAbort, now);
  // Who is fenced must not be taken for one that asks again.
  next.last_epoch = -1;
  GrowEpoch(next.producer);
  // As Kafka's: one for the fence, one for the end of the transaction. The next
  // one alone would be that of a producer which has ended it itself.
  if (of.version >= kEpochPerTransaction) {
    GrowEpoch(next.producer);
    next.next_producer_id = next_id;
  }
  return next;
}

TransactionMetadata Ended(const TransactionMetadata& of, absl::Time now) {
  TransactionMetadata next =
      After(of,
            of.status == TransactionStatus::kPrepareCommit
                ? TransactionStatus::kCompleteCommit
                : TransactionStatus::kCompleteAbort,
            now);
  next.producer = of.successor();
  next.next_producer_id = {};
  next.partitions.clear();
  return next;
}

}  // namespace cauce
