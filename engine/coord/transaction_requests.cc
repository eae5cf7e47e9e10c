#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/coord/transaction.h"
#include "engine/coord/transaction_errors.h"
#include "fmt/format.h"

namespace cauce {

bool Transaction::NeedsProducerId() const {
  return fresh_id_ < ProducerId{0} && IsUsedUp();
}

// A fencing takes two epochs of version 2.
bool Transaction::IsUsedUp() const {
  if (!known_.producer.is_known()) return true;
  const bool takes_two = known_.status == TransactionStatus::kOngoing &&
                         known_.version >= kEpochPerTransaction;
  const int epoch = known_.producer.epoch + (takes_two ? 1 : 0);
  return epoch > kProducerEpochMax ||
         IsLastEpoch(static_cast<int16_t>(epoch));
}

TransactionOutput Transaction::InitProducer(const InitProducerRequest& request,
                                            absl::Time now) {
  absl::Status status = CheckInit(request);
  const auto instance = JudgeInit(id_, known_, request);
  if (status.ok()) status = instance.status();
  if (!status.ok()) {
    Answer(request.waiter, std::move(status), {});
  } else if (known_.status == TransactionStatus::kOngoing) {
    // The epoch that this takes is told to nobody: the one who asks comes
    // again, and gets the next.
    StoreFor(request.waiter,
             IsBusy(id_, "the transaction of an older instance is aborted"),
             Fenced(known_, TakeFreshId(), now));
  } else {
    GiveInstance(request, *instance, now);
  }
  return Finish(now);
}

absl::Status Transaction::CheckInit(const InitProducerRequest& request) const {
  if (request.timeout <= absl::ZeroDuration() ||
      request.timeout > options_.timeout_max) {
    return MakeError(
        Reason::kInvalidTransactionTimeout,
        fmt::format("transactional id {}: a transaction's time-out is {} ms, "
                    "and may be 1 to {} ms; see transaction.max.timeout.ms",
                    id_, absl::ToInt64Milliseconds(request.timeout),
                    absl::ToInt64Milliseconds(options_.timeout_max)));
  }
  CAUCE_RETURN_IF_ERROR(CheckNotStoring());
  CAUCE_RETURN_IF_ERROR(CheckOwner(id_, known_, request));
  if (known_.is_ending()) return IsBusy(id_, "its last transaction still ends");
  return absl::OkStatus();
}

void Transaction::GiveInstance(const InitProducerRequest& request,
                               NewInstance instance, absl::Time now) {
  if (instance == NewInstance::kNewId && fresh_id_ < ProducerId{0})
    return Answer(request.waiter, LacksProducerId(id_), {});
  ProducerInstance given = known_.producer;
  if (instance == NewInstance::kNewId) {
    given = {.id = TakeFreshId(), .epoch = 0};
  } else if (instance == NewInstance::kNextEpoch) {
    ++given.epoch;
  }
  TransactionMetadata next = Initialized(known_, given, request.timeout, now);
  if (instance != NewInstance::kSameAgain) {
    // Who says what it has may ask again with that. Who does not is a newer
    // instance, after which nobody may.
    next.last_epoch =
        request.current.has_value() ? known_.producer.epoch : int16_t{-1};
  }
  StoreFor(request.waiter, absl::OkStatus(), std::move(next));
}

TransactionOutput Transaction::AddPartitions(
    const AddPartitionsRequest& request, absl::Time now) {
  const bool has_all =
      known_.status == TransactionStatus::kOngoing &&
      std::ranges::includes(known_.partitions, request.partitions);
  if (absl::Status status = CheckAdd(request); !status.ok()) {
    Answer(request.waiter, std::move(status), {});
  } else if (has_all) {
    Answer(request.waiter, absl::OkStatus(), known_.producer);
  } else {
    StoreFor(request.waiter, absl::OkStatus(),
             WithPartitions(known_, request.partitions, request.version, now));
  }
  return Finish(now);
}

absl::Status Transaction::CheckAdd(const AddPartitionsRequest& request) const {
  CAUCE_RETURN_IF_ERROR(CheckCurrent(id_, known_, request.producer));
  CAUCE_RETURN_IF_ERROR(CheckNotStoring());
  for (const TopicPartition& each : request.partitions)
    CAUCE_RETURN_IF_ERROR(ValidateTopicName(each.topic));
  std::set<TopicPartition> all = known_.partitions;
  all.insert(request.partitions.begin(), request.partitions.end());
  if (all.size() <= options_.partitions_max) return absl::OkStatus();
  return MakeError(
      Reason::kTransactionAbortable,
      fmt::format("transactional id {}: its transaction would have {} "
                  "partitions, and may have {}; abort it and use smaller ones",
                  id_, all.size(), options_.partitions_max));
}

TransactionOutput Transaction::EndTransaction(
    const EndTransactionRequest& request, absl::Time now) {
  End(request, now);
  return Finish(now);
}

void Transaction::End(const EndTransactionRequest& request, absl::Time now) {
  absl::Status status = CheckEnder(id_, known_, request);
  if (status.ok()) status = CheckNotStoring();
  if (!status.ok()) return Answer(request.waiter, std::move(status), {});
  const auto step = JudgeEnd(id_, known_, request);
  if (!step.ok()) return Answer(request.waiter, step.status(), {});
  if (*step == EndStep::kEndedBefore)
    return Answer(request.waiter, absl::OkStatus(), known_.successor());

  const bool needs_id = request.version >= kEpochPerTransaction &&
                        IsLastEpoch(known_.producer.epoch);
  if (needs_id && fresh_id_ < ProducerId{0})
    return Answer(request.waiter, LacksProducerId(id_), {});
  StoreFor(request.waiter, absl::OkStatus(),
           Ending(known_,
                  {.outcome = request.outcome,
                   .version = request.version,
                   .next = needs_id ? TakeFreshId() : ProducerId{}},
                  now));
}

absl::Status Transaction::CheckNotStoring() const {
  if (storing_.has_value()) return IsBusy(id_, "its state is being stored");
  if (known_.status == TransactionStatus::kDead)
    return IsBusy(id_, "it is forgotten, and begins anew");
  return absl::OkStatus();
}

// For an id whose epochs are used up; none for any other.
ProducerId Transaction::TakeFreshId() {
  if (!IsUsedUp()) return {};
  return std::exchange(fresh_id_, {});
}

}  // namespace cauce
