// What a partition knows of one producer: its last batches, its epoch and its
// open transaction; and whether what it sends next may be appended.
//
// A batch that is one of the last five is the retry of an append that was
// answered: it gets the first one's offsets. Any other must follow the last
// one's sequence, in the producer's epoch or at 0 in a newer one. Sequences go
// from 2^31-1 on to 0. Source of the rules: Kafka's ProducerAppendInfo and
// ProducerStateEntry. A plain value; checks are pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/append.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

// What a producer says of a batch, and where it stands or will.
struct ProducedBatch {
  ProducerId producer_id;
  int16_t epoch = -1;
  int32_t base_sequence = -1;
  int32_t last_offset_delta = 0;
  Offset base;
  Timestamp max_timestamp;
  bool is_transactional = false;

  static ProducedBatch Of(const RecordBatch& batch);
  Offset last() const { return base + last_offset_delta; }
};

// Whether `batch` comes from a producer that is known by an id and an epoch.
inline bool HasProducer(const RecordBatch& batch) {
  return batch.producer_id() >= ProducerId{0} && batch.producer_epoch() >= 0;
}

// A transaction's end in the log: its marker.
struct EndMarker {
  TransactionEnd end;
  Offset offset;
  Timestamp timestamp;
};

// A batch of which a retry would be known.
struct KnownBatch {
  int32_t last_sequence = -1;
  int32_t last_offset_delta = 0;
  Offset last;
  Timestamp timestamp;

  int32_t base_sequence() const;
  Offset base() const { return last + -int64_t{last_offset_delta}; }
  friend bool operator==(const KnownBatch&, const KnownBatch&) = default;
};

// `sequence` and `more` steps, which must not be negative.
int32_t SequenceAfter(int32_t sequence, int32_t more);

class ProducerState {
 public:
  static constexpr size_t kKnownBatchesMax = 5;

  explicit ProducerState(ProducerId id) : id_(id) {}

  ProducerId id() const { return id_; }
  // -1 before its first batch.
  int16_t epoch() const { return epoch_; }
  // That of the last one who ended a transaction of it; -1 before the first.
  int32_t coordinator_epoch() const { return coordinator_epoch_; }
  Timestamp last_timestamp() const { return last_timestamp_; }
  // Where its open transaction begins.
  const std::optional<Offset>& transaction() const { return transaction_; }
  // The newest batch of its epoch.
  std::optional<KnownBatch> last_batch() const;

  // Nothing where `batch` is to be appended; the first append where it is a
  // retry. Reason::kInvalidProducerEpoch, kOutOfOrderSequence,
  // kInvalidTxnState. The message begins with the producer.
  absl::StatusOr<std::optional<KnownBatch>> Check(
      const ProducedBatch& batch) const;
  // Reason::kInvalidProducerEpoch, kCoordinatorFenced.
  absl::Status Check(const TransactionEnd& end) const;

  // What is in the log is taken as it is, also what Check would refuse.
  void Take(const ProducedBatch& batch);
  void Take(const EndMarker& marker);

  // As a snapshot has it: of its batches there is the last one at most.
  struct Saved {
    int16_t epoch = -1;
    int32_t coordinator_epoch = -1;
    Timestamp last_timestamp;
    std::optional<Offset> transaction;
    std::optional<KnownBatch> last_batch;
  };
  ProducerState(ProducerId id, const Saved& saved);

 private:
  absl::Status CheckEpoch(int16_t epoch) const;
  absl::Status CheckSequence(const ProducedBatch& batch) const;
  void EnterEpoch(int16_t epoch);
  void Know(const KnownBatch& batch);

  ProducerId id_;
  int16_t epoch_ = -1;
  uint8_t known_ = 0;
  int32_t coordinator_epoch_ = -1;
  Timestamp last_timestamp_;
  std::optional<Offset> transaction_;
  std::array<KnownBatch, kKnownBatchesMax> batches_;  // oldest first
};

}  // namespace cauce
