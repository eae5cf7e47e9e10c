#include "tests/crash/table_writer.h"

#include "absl/time/time.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"

namespace cauce::test {
namespace {

constexpr int64_t kPlain = 1;
constexpr int64_t kTransactional = 2;
constexpr int64_t kKeys = 2;
// So that a batch reaches over the end of a sector.
constexpr size_t kValueBytes = 300;

}  // namespace

std::map<std::string, std::string> TableWriter::Configs(
    int64_t index_interval_bytes) {
  return {{"cleanup.policy", "compact"},
          {"delete.retention.ms", "0"},
          {"file.delete.delay.ms", "1000"},
          {"index.interval.bytes", fmt::format("{}", index_interval_bytes)},
          {"internal.segment.bytes", "1200"},
          {"min.cleanable.dirty.ratio", "0.25"}};
}

absl::Status TableWriter::Send() {
  return Append(kPlain, false, Ack::kDurable);
}

absl::Status TableWriter::SendInTransaction() {
  return Append(kTransactional, true, Ack::kWritten);
}

absl::Status TableWriter::Append(int64_t producer, bool in_transaction,
                                 Ack ack) {
  // So that a record is found by its time.
  clock_.Advance(absl::Milliseconds(1));
  const int64_t offset = partition_.log_end().value;
  const std::string key = fmt::format("key {}", offset % kKeys);
  std::string value = fmt::format("at {}", offset);
  value.resize(kValueBytes, '.');
  BatchFields fields;
  fields.producer_id = ProducerId{producer};
  fields.producer_epoch = 0;
  fields.base_sequence = promise_.sequences[producer]++;
  fields.transactional = in_transaction;
  const OwnedBatch batch =
      BatchOf({{.key = key,
                .value = value,
                .timestamp = Timestamp::From(clock_.Now())}},
              fields);
  const int64_t end = promise_.Try(offset, {value});
  promise_.written[offset].key = key;
  if (in_transaction) promise_.JoinTransaction(offset);
  CAUCE_RETURN_IF_ERROR(partition_.Append(batch.view(), {ack}).status());
  promise_.Acknowledge(offset, end);
  promise_.KeepUpTo(partition_.durable_end().value);
  return absl::OkStatus();
}

absl::Status TableWriter::End(TransactionOutcome outcome) {
  if (!promise_.HasOpenTransaction()) return absl::OkStatus();
  clock_.Advance(absl::Milliseconds(1));
  const int64_t offset = partition_.log_end().value;
  promise_.TryMarker(offset, outcome == TransactionOutcome::kCommit);
  CAUCE_RETURN_IF_ERROR(
      partition_
          .EndTransaction({ProducerId{kTransactional}, 0, 0, outcome},
                          {Ack::kDurable})
          .status());
  promise_.Acknowledge(offset, offset + 1);
  promise_.KeepUpTo(partition_.durable_end().value);
  return absl::OkStatus();
}

absl::Status TableWriter::Compact() {
  promise_.LetCompact();
  CAUCE_RETURN_IF_ERROR(partition_.Compact().status());
  promise_.KeepUpTo(partition_.durable_end().value);
  return absl::OkStatus();
}

}  // namespace cauce::test
