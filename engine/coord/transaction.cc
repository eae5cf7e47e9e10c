#include "engine/coord/transaction.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/coord/state_record.h"
#include "engine/coord/transaction_errors.h"
#include "engine/coord/waiter_errors.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A duration that a record holds may be anything.
absl::Time After(Timestamp since, absl::Duration time) {
  return since.has_value() ? since.ToTime() + time : absl::InfinitePast();
}

}  // namespace

absl::Status CheckTransactionalId(std::string_view id) {
  if (!id.empty() && id.size() <= kTransactionalIdBytesMax)
    return absl::OkStatus();
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("a transactional id has {} bytes, and may have 1 to {}",
                  id.size(), kTransactionalIdBytesMax));
}

Transaction::Transaction(std::string id, int32_t coordinator_epoch,
                         TransactionOptions options)
    : id_(std::move(id)),
      coordinator_epoch_(coordinator_epoch),
      options_(options),
      retry_pause_(options.retry_backoff) {}

TransactionOutput Transaction::Load(const TransactionLogValue& stored,
                                    absl::Time now) {
  CAUCE_CHECK(!known_.producer.is_known());
  known_ = TransactionMetadata::From(stored);
  // Kafka has the state, but writes it nowhere: the abort that it stands for
  // is still to be decided, and is due at once.
  if (known_.status == TransactionStatus::kPrepareEpochFence) {
    known_.status = TransactionStatus::kOngoing;
    known_.start = kNoTimestamp;
  }
  // The clock was set back meanwhile: it is to end within its time-out all the
  // same.
  if (known_.start.has_value() && known_.start > Timestamp::From(now))
    known_.start = Timestamp::From(now);
  if (known_.is_ending()) StartEnding();
  return Finish(now);
}

TransactionOutput Transaction::Tick(absl::Time now) { return Finish(now); }

TransactionOutput Transaction::Appended(absl::Time now) {
  CAUCE_CHECK(storing_.has_value());
  const Storing stored = *std::exchange(storing_, std::nullopt);
  known_ = stored.next;
  retry_at_ = absl::InfinitePast();
  retry_pause_ = options_.retry_backoff;
  if (known_.is_ending()) StartEnding();
  if (stored.waiter.has_value())
    Answer(*stored.waiter, stored.status, known_.successor());
  return Finish(now);
}

TransactionOutput Transaction::AppendFailed(const absl::Status& error,
                                            absl::Time now) {
  CAUCE_CHECK(storing_.has_value());
  const Storing failed = *std::exchange(storing_, std::nullopt);
  retry_at_ = now + retry_pause_;
  GrowPause();
  if (failed.waiter.has_value()) {
    const std::string what = fmt::format("transactional id {}", id_);
    Answer(*failed.waiter, ErrorOfAppend(what, error), {});
  }
  return Finish(now);
}

TransactionOutput Transaction::Close(const absl::Status& why) {
  if (storing_.has_value() && storing_->waiter.has_value())
    Answer(*storing_->waiter, why, {});
  storing_.reset();
  owed_.clear();
  unsent_.clear();
  known_.status = TransactionStatus::kDead;
  return Finish(absl::InfinitePast());
}

absl::Status Transaction::CheckProduce(const ProducerInstance& producer,
                                       const TopicPartition& partition) const {
  const absl::Status is_current = CheckCurrent(id_, known_, producer);
  if (ReasonOf(is_current) == Reason::kProducerFenced) {
    return MakeError(Reason::kInvalidProducerEpoch,
                     std::string(MessageOf(is_current)));
  }
  if (!is_current.ok()) return is_current;
  const bool is_ending = storing_.has_value() && storing_->next.is_ending();
  if (is_ending) return IsBusy(id_, "its transaction ends");
  if (known_.status == TransactionStatus::kOngoing &&
      known_.partitions.contains(partition)) {
    return absl::OkStatus();
  }
  return MakeError(
      Reason::kTransactionAbortable,
      fmt::format("transactional id {}: is {}, and {} is not in its "
                  "transaction; add it first, or abort",
                  id_, TransactionStatusName(known_.status),
                  partition.ToString()));
}

TransactionDescription Transaction::Describe() const {
  TransactionDescription description = {.id = id_,
                                        .status = known_.status,
                                        .producer = known_.producer,
                                        .timeout = known_.timeout,
                                        .start = {},
                                        .partitions = {}};
  if (known_.start.has_value()) description.start = known_.start.ToTime();
  for (const TopicPartition& each : known_.partitions) {
    if (!known_.is_ending() || owed_.contains(each))
      description.partitions.push_back(each);
  }
  return description;
}

void Transaction::Store(TransactionMetadata next) {
  CAUCE_CHECK(!storing_.has_value());
  StateRecord& record = out_.append.emplace();
  record.key = EncodeTransactionLogKey({.transactional_id = id_});
  if (next.status != TransactionStatus::kDead)
    record.value = EncodeTransactionLogValue(next.ToValue());
  storing_ = Storing{.next = std::move(next), .waiter = {}, .status = {}};
}

void Transaction::StoreFor(Waiter waiter, absl::Status status,
                           TransactionMetadata next) {
  Store(std::move(next));
  storing_->waiter = waiter;
  storing_->status = std::move(status);
}

void Transaction::Answer(Waiter waiter, absl::Status status,
                         const ProducerInstance& producer) {
  status = WhyItStillEnds(std::move(status));
  TransactionReply& reply = out_.reply.emplace_back();
  reply.waiter = waiter;
  if (status.ok()) reply.producer = producer;
  reply.status = std::move(status);
}

void Transaction::RunDue(absl::Time now) {
  if (storing_.has_value() || now < NextDue()) return;
  if (known_.status == TransactionStatus::kOngoing) {
    Store(Fenced(known_, TakeFreshId(), now));
  } else if (known_.is_ending() && owed_.empty()) {
    Store(Ended(known_, now));
  } else if (known_.is_ending()) {
    GrowPause();
    SendMarkers(std::exchange(unsent_, {}));
  } else {
    TransactionMetadata gone = known_;
    gone.status = TransactionStatus::kDead;
    Store(std::move(gone));
  }
}

void Transaction::GrowPause() {
  retry_pause_ = std::min(retry_pause_ * 2, options_.retry_backoff_max);
}

absl::Time Transaction::Deadline() const {
  if (known_.status == TransactionStatus::kOngoing)
    return After(known_.start, known_.timeout);
  if (known_.is_idle() && known_.producer.is_known() &&
      options_.id_expiration != absl::InfiniteDuration())
    return After(known_.last_update, options_.id_expiration);
  // All markers are written, or some are to be sent again.
  if (known_.is_ending() && (owed_.empty() || !unsent_.empty()))
    return absl::InfinitePast();
  return absl::InfiniteFuture();
}

absl::Time Transaction::NextDue() const {
  return std::max(Deadline(), retry_at_);
}

TransactionOutput Transaction::Finish(absl::Time now) {
  RunDue(now);
  if (!storing_.has_value() && NextDue() != absl::InfiniteFuture())
    out_.wake_at = NextDue();
  return std::exchange(out_, {});
}

}  // namespace cauce
