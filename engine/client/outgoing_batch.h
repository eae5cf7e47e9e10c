// Records of one partition on their way to it: one batch, and who waits for
// what becomes of it.
//
// It is open until it is sealed, then built, with the sequence number it gets,
// and written, perhaps several times: built once, its bytes stay the same, so
// that the log knows a batch that comes again. A plain value; its owner locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cauce/producer.h"
#include "cauce/record.h"
#include "cauce/record_batch.h"
#include "cauce/types.h"

namespace cauce {

// Who waits for a record.
struct AwaitedRecord {
  int32_t delta = 0;  // its place in the batch
  Timestamp timestamp;
  DeliveryCallback done;
  // It may be called under the producer's lock: it is the library's own.
  bool is_ours = false;
};

// The sequence number behind `records` records that begin at `sequence`: behind
// the largest one comes 0.
inline int32_t SequenceBehind(int32_t sequence, int32_t records) {
  return static_cast<int32_t>((int64_t{sequence} + records) &
                              int64_t{INT32_MAX});
}

// Which producer's batches they are in one partition, and where they go on.
struct Identity {
  ProducerId id;  // none without idempotence
  int16_t epoch = -1;
  int32_t next_sequence = -1;
};

class OutgoingBatch {
 public:
  OutgoingBatch(const BatchFields& fields, size_t batch_bytes_max,
                int64_t number, absl::Duration now)
      : fields_(fields),
        bytes_max_(batch_bytes_max),
        builder_(fields, batch_bytes_max),
        number_(number),
        begun_(now) {}

  // Returns false, having taken nothing, where it is sealed or has no room.
  // `waits` is null where nobody does.
  bool Add(const Record& record, AwaitedRecord* waits) {
    if (sealed_ || !builder_.Add(record)) return false;
    if (waits != nullptr) {
      waits->delta = records_;
      waits->timestamp = record.timestamp;
      awaited.push_back(std::move(*waits));
    }
    ++records_;
    return true;
  }
  // Writes nothing where it is sealed: somebody may be building it.
  void Seal() {
    if (!sealed_) sealed_ = true;
  }
  bool is_sealed() const { return sealed_; }

  // The batch as it is to be appended: built at the first call, as the next of
  // `identity`, and anew where that is another producer by now. Where it
  // fails, it will always.
  absl::StatusOr<RecordBatch> Build(const Identity& identity);

  bool is_built() const { return built_.has_value(); }

  // Whether it was stored is in doubt: from now on it is built as it was, which
  // the log knows again.
  void KeepIdentity() { keeps_identity_ = is_built(); }
  void GiveUpIdentity() { keeps_identity_ = false; }
  std::optional<Identity> kept_identity() const {
    return keeps_identity_ ? std::optional(built_as_) : std::nullopt;
  }

  // Of a batch that is over, the memory it was built in, for another one of
  // the same producer; nothing where it is not as large as any other's.
  std::optional<BatchBuilder> TakeMemory();
  // Before anything is added.
  void UseMemory(BatchBuilder memory) { builder_ = std::move(memory); }

  // Takes the second half of its records into a batch of their own, for a
  // topic that takes less at once. It must be built, of several records.
  absl::StatusOr<OutgoingBatch> SplitOff();

  // Of an open one, before compression.
  size_t bytes() const { return builder_.bytes(); }
  int32_t records() const { return records_; }
  // Counts up in the order in which a producer began its batches.
  int64_t number() const { return number_; }
  absl::Duration begun() const { return begun_; }

  std::vector<AwaitedRecord> awaited;
  // What it counts for in the producer's memory.
  int64_t bytes_counted = 0;
  // How often it was written in vain, and when to try again.
  int tries = 0;
  absl::Duration try_at = absl::ZeroDuration();

 private:
  // Encodes the records of places [from, to) of what was built once more.
  absl::StatusOr<BatchBuilder> Encode(int32_t from, int32_t to) const;

  BatchFields fields_;
  size_t bytes_max_;
  BatchBuilder builder_;
  std::optional<RecordBatch> built_;
  Identity built_as_;
  bool keeps_identity_ = false;
  absl::Status cannot_be_built_;
  size_t built_bytes_ = 0;  // before compression
  int32_t records_ = 0;
  int64_t number_;
  absl::Duration begun_;
  bool sealed_ = false;
  bool is_rebuilt_ = false;  // the builder has not the batch's own bound
};

}  // namespace cauce
