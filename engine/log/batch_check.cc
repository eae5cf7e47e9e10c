#include "engine/log/batch_check.h"

#include <cstdint>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

Timestamp Plus(Timestamp time, absl::Duration more) {
  return Timestamp::From(time.ToTime() + more);
}

absl::Status CheckProducer(const TopicPartition& name, const RecordBatch& batch,
                           AppendOrigin origin) {
  const bool has_producer = batch.producer_id() >= ProducerId{0};
  const bool has_sequence = batch.base_sequence() >= 0 ||
                            origin == AppendOrigin::kCoordinator;
  const bool is_numbered = batch.producer_epoch() >= 0 && has_sequence;
  if (has_producer ? is_numbered : !batch.is_transactional()) {
    return absl::OkStatus();
  }
  return MakeError(
      Reason::kInvalidRecord,
      fmt::format("{}: batch has producer {}, epoch {}, sequence {}{}; a "
                  "producer has all three from 0 on, and only one that has "
                  "them writes in transactions",
                  name.ToString(), batch.producer_id().value,
                  batch.producer_epoch(), batch.base_sequence(),
                  batch.is_transactional() ? ", transactional" : ""));
}

// What a topic asks of the times that records come with.
bool HasOwnTimes(const TopicConfig& topic) {
  return topic.timestamp_type == TimestampType::kCreateTime;
}

bool IsBoundedBelow(const TopicConfig& topic) {
  return HasOwnTimes(topic) && topic.timestamp_before_max.has_value();
}

}  // namespace

bool LooksInside(const TopicConfig& topic) {
  return IsBoundedBelow(topic) || topic.cleanup.compact;
}

absl::Status CheckBatchSize(const TopicPartition& name,
                            const RecordBatch& batch,
                            const TopicConfig& topic) {
  const auto bytes = static_cast<int64_t>(batch.bytes().size());
  if (bytes > topic.max_message_bytes) {
    return MakeError(
        Reason::kBatchTooLarge,
        fmt::format("{}: batch is {} bytes, limit is {} (max.message.bytes)",
                    name.ToString(), bytes, topic.max_message_bytes));
  }
  return absl::OkStatus();
}

absl::Status CheckBatch(const TopicPartition& name, const RecordBatch& batch,
                        const TopicConfig& topic, Timestamp now,
                        AppendOrigin origin) {
  CAUCE_RETURN_IF_ERROR(CheckBatchSize(name, batch, topic));
  if (batch.is_control()) {
    return MakeError(Reason::kInvalidRecord,
                     fmt::format("{}: control batches are written by the "
                                 "transaction coordinator alone",
                                 name.ToString()));
  }
  CAUCE_RETURN_IF_ERROR(CheckProducer(name, batch, origin));
  if (batch.record_count() != int64_t{batch.last_offset_delta()} + 1) {
    return MakeError(
        Reason::kInvalidRecord,
        fmt::format("{}: batch holds {} records in {} offsets; an appended "
                    "batch has no gaps",
                    name.ToString(), batch.record_count(),
                    int64_t{batch.last_offset_delta()} + 1));
  }
  const bool own_times = HasOwnTimes(topic);
  if (own_times && batch.timestamp_type() != TimestampType::kCreateTime) {
    return MakeError(
        Reason::kInvalidTimestamp,
        fmt::format("{}: batch says that its time is that of an append "
                    "elsewhere (LogAppendTime), and message.timestamp.type is "
                    "CreateTime; build it anew from its records",
                    name.ToString()));
  }
  const auto latest = [&] { return Plus(now, topic.timestamp_after_max); };
  // Most are not ahead of the clock at all.
  if (own_times && batch.max_timestamp() > now &&
      batch.max_timestamp() > latest()) {
    return MakeError(
        Reason::kInvalidTimestamp,
        fmt::format("{}: batch has timestamp {} ms, the latest allowed is {} "
                    "ms (message.timestamp.after.max.ms)",
                    name.ToString(), batch.max_timestamp().ms, latest().ms));
  }
  if (!LooksInside(topic)) return absl::OkStatus();
  RecordRules rules;
  rules.keys_required = topic.cleanup.compact;
  if (own_times) rules.latest = latest();
  if (IsBoundedBelow(topic)) {
    rules.earliest = Plus(now, -*topic.timestamp_before_max);
  }
  return Annotate(ValidateRecords(batch, rules), name.ToString());
}

absl::Status CheckOffsetsLeft(const TopicPartition& name,
                              const RecordBatch& batch, Offset end) {
  const int64_t offsets = int64_t{batch.last_offset_delta()} + 1;
  if (offsets <= INT64_MAX - end.value) return absl::OkStatus();
  return MakeError(
      Reason::kOffsetOutOfRange,
      fmt::format("{}: batch takes {} offsets and the log ends at {}, which "
                  "leaves {}; go on in another partition",
                  name.ToString(), offsets, end.value, INT64_MAX - end.value));
}

}  // namespace cauce
