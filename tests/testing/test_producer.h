// A producer as clients have them: batches that count on, inside and outside of
// transactions, and the words of its coordinator. A plain value.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"
#include "engine/base/check.h"
#include "engine/log/end_marker.h"
#include "tests/testing/batches.h"

namespace cauce::test {

// The batch that says so, as a coordinator has it written.
inline OwnedBatch MarkerOf(const TransactionEnd& end, Timestamp timestamp) {
  BatchBuilder builder;
  const auto marker = BuildEndMarker(end, timestamp, builder);
  CAUCE_CHECK(marker.ok());
  return OwnedBatch(*marker);
}

class TestProducer {
 public:
  explicit TestProducer(int64_t id, int16_t epoch = 0)
      : id_(id), epoch_(epoch) {}

  ProducerId id() const { return id_; }
  int32_t sequence() const { return sequence_; }

  // The next batch, of no transaction, or of its transaction.
  OwnedBatch Plain(std::initializer_list<std::string_view> values,
                   Timestamp timestamp = {1'700'000'000'000}) {
    return Next(values, timestamp, false);
  }
  OwnedBatch InTransaction(std::initializer_list<std::string_view> values,
                           Timestamp timestamp = {1'700'000'000'000}) {
    return Next(values, timestamp, true);
  }

  // Of one record, whose key is not that of all others.
  OwnedBatch KeyInTransaction(std::string_view key, std::string_view value,
                              Timestamp timestamp) {
    return BatchOf({{.key = key, .value = value, .timestamp = timestamp}},
                   NextFields(1, true));
  }

  TransactionEnd Commit(int32_t coordinator = 0) const {
    return {id_, epoch_, coordinator, TransactionOutcome::kCommit};
  }
  TransactionEnd Abort(int32_t coordinator = 0) const {
    return {id_, epoch_, coordinator, TransactionOutcome::kAbort};
  }

  // The next batches begin there.
  void set_sequence(int32_t sequence) { sequence_ = sequence; }

 private:
  OwnedBatch Next(std::initializer_list<std::string_view> values,
                  Timestamp timestamp, bool transactional) {
    return Batch(
        values, timestamp,
        NextFields(static_cast<int64_t>(values.size()), transactional));
  }
  BatchFields NextFields(int64_t records, bool transactional) {
    BatchFields fields;
    fields.producer_id = id_;
    fields.producer_epoch = epoch_;
    fields.base_sequence = sequence_;
    fields.transactional = transactional;
    sequence_ =
        static_cast<int32_t>((int64_t{sequence_} + records) & INT32_MAX);
    return fields;
  }

  ProducerId id_;
  int16_t epoch_;
  int32_t sequence_ = 0;
};

}  // namespace cauce::test
