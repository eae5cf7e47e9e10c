#include "engine/log/producer_state.h"

#include <algorithm>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Sequences count modulo 2^31.
constexpr int64_t kSequenceMask = INT32_MAX;

}  // namespace

int32_t SequenceAfter(int32_t sequence, int32_t more) {
  return static_cast<int32_t>((int64_t{sequence} + more) & kSequenceMask);
}

int32_t KnownBatch::base_sequence() const {
  if (last_sequence < 0) return last_sequence;
  return static_cast<int32_t>((int64_t{last_sequence} - last_offset_delta) &
                              kSequenceMask);
}

ProducedBatch ProducedBatch::Of(const RecordBatch& batch) {
  return {.producer_id = batch.producer_id(),
          .epoch = batch.producer_epoch(),
          .base_sequence = batch.base_sequence(),
          .last_offset_delta = batch.last_offset_delta(),
          .base = batch.base_offset(),
          .max_timestamp = batch.max_timestamp(),
          .is_transactional = batch.is_transactional()};
}

ProducerState::ProducerState(ProducerId id, const Saved& saved)
    : id_(id),
      epoch_(saved.epoch),
      coordinator_epoch_(saved.coordinator_epoch),
      last_timestamp_(saved.last_timestamp),
      transaction_(saved.transaction) {
  if (saved.last_batch) Know(*saved.last_batch);
}

std::optional<KnownBatch> ProducerState::last_batch() const {
  if (known_ == 0) return std::nullopt;
  return batches_[known_ - 1];
}

absl::StatusOr<std::optional<KnownBatch>> ProducerState::Check(
    const ProducedBatch& batch) const {
  const int32_t last_sequence =
      SequenceAfter(batch.base_sequence, batch.last_offset_delta);
  // What a coordinator appends in its name is neither counted nor sent again.
  const bool has_sequence = batch.base_sequence >= 0;
  if (has_sequence && batch.epoch == epoch_) {
    const auto* const end = batches_.data() + known_;
    const auto* const found =
        std::find_if(batches_.data(), end, [&](const KnownBatch& known) {
          return known.base_sequence() == batch.base_sequence &&
                 known.last_sequence == last_sequence;
        });
    if (found != end) return *found;
  }
  CAUCE_RETURN_IF_ERROR(CheckEpoch(batch.epoch));
  if (has_sequence) CAUCE_RETURN_IF_ERROR(CheckSequence(batch));
  if (transaction_ && !batch.is_transactional) {
    return MakeError(
        Reason::kInvalidTxnState,
        fmt::format("producer {}: the batch belongs to no transaction, and the "
                    "one that began at offset {} has not ended; end it first",
                    id_.value, transaction_->value));
  }
  return std::nullopt;
}

absl::Status ProducerState::Check(const TransactionEnd& end) const {
  CAUCE_RETURN_IF_ERROR(CheckEpoch(end.producer_epoch));
  if (transaction_ && end.transaction_version >= kEpochPerTransaction &&
      end.producer_epoch <= epoch_) {
    return MakeError(
        Reason::kInvalidProducerEpoch,
        fmt::format("producer {}: a marker of epoch {} comes while a "
                    "transaction of epoch {} is open since offset {}, which "
                    "one of a higher epoch ends; what this one was to end has "
                    "ended",
                    id_.value, end.producer_epoch, epoch_,
                    transaction_->value));
  }
  if (end.coordinator_epoch >= coordinator_epoch_) return absl::OkStatus();
  return MakeError(
      Reason::kCoordinatorFenced,
      fmt::format("producer {}: the end of its transaction comes from "
                  "coordinator epoch {}, and epoch {} has written; another "
                  "coordinator is in charge of it by now",
                  id_.value, end.coordinator_epoch, coordinator_epoch_));
}

absl::Status ProducerState::CheckEpoch(int16_t epoch) const {
  if (epoch >= epoch_) return absl::OkStatus();
  return MakeError(
      Reason::kInvalidProducerEpoch,
      fmt::format("producer {}: comes with epoch {}, and epoch {} has written; "
                  "a newer instance of it is at work",
                  id_.value, epoch, epoch_));
}

absl::Status ProducerState::CheckSequence(const ProducedBatch& batch) const {
  // Of one that is not known, or not any more, any sequence may come first.
  if (epoch_ < 0) return absl::OkStatus();
  const bool is_new_epoch = batch.epoch != epoch_;
  const int32_t last =
      is_new_epoch || known_ == 0 ? -1 : batches_[known_ - 1].last_sequence;
  const int32_t expected = last < 0 ? 0 : SequenceAfter(last, 1);
  if (batch.base_sequence == expected) return absl::OkStatus();
  return MakeError(
      Reason::kOutOfOrderSequence,
      fmt::format("producer {}: the batch begins at sequence {}, and the next "
                  "one of epoch {} is {}; what lies in between was lost on "
                  "its way, send it first",
                  id_.value, batch.base_sequence, batch.epoch, expected));
}

void ProducerState::Take(const ProducedBatch& batch) {
  EnterEpoch(batch.epoch);
  const bool has_sequence = batch.base_sequence >= 0;
  Know({.last_sequence = has_sequence ? SequenceAfter(batch.base_sequence,
                                                      batch.last_offset_delta)
                                      : -1,
        .last_offset_delta = batch.last_offset_delta,
        .last = batch.last(),
        .timestamp = batch.max_timestamp});
  last_timestamp_ = batch.max_timestamp;
  if (batch.is_transactional && !transaction_) transaction_ = batch.base;
}

void ProducerState::Take(const EndMarker& marker) {
  EnterEpoch(marker.end.producer_epoch);
  coordinator_epoch_ = marker.end.coordinator_epoch;
  last_timestamp_ = marker.timestamp;
  transaction_ = std::nullopt;
}

void ProducerState::EnterEpoch(int16_t epoch) {
  if (epoch != epoch_) known_ = 0;
  epoch_ = epoch;
}

void ProducerState::Know(const KnownBatch& batch) {
  if (known_ == kKnownBatchesMax) {
    std::move(batches_.begin() + 1, batches_.end(), batches_.begin());
    --known_;
  }
  batches_[known_++] = batch;
}

}  // namespace cauce
