// The coordinator of transactions of an engine: when it comes to be, with what,
// and when it ends.
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/coord/unread_partitions.h"
#include "engine/facade/engine_core.h"
#include "engine/facade/partition_markers.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<std::shared_ptr<TransactionCoordinator>>
EngineCore::Transactions() {
  MutexLock making(coordinators_mutex_);
  if (transactions_ != nullptr) return transactions_;
  if (coordinators_closed_)
    return MakeError(Reason::kClosed, "the engine was closed");
  TransactionCoordinatorOptions options;
  options.transactions.timeout_max = options_.transaction_timeout_max;
  options.transactions.id_expiration = options_.transactional_id_expiration;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    if (IsImported(kTransactionStateTopic))
      options.transactions.id_expiration = absl::InfiniteDuration();
  }
  CAUCE_ASSIGN_OR_RETURN(
      const auto log, OpenStateLog(kTransactionStateTopic, IfMissing::kMake));
  PartitionMarkers::Source markers;
  markers.executor = options_.executor;
  markers.events = options_.events;
  markers.open = [weak = weak_from_this()](const TopicPartition& partition)
      -> absl::StatusOr<std::shared_ptr<PartitionLog>> {
    const auto core = weak.lock();
    if (core == nullptr)
      return MakeError(Reason::kClosed, "the engine was closed");
    CAUCE_RETURN_IF_ERROR(core->CheckProcess());
    CAUCE_ASSIGN_OR_RETURN(
        auto opened, core->OpenPartition(partition.topic, partition.partition));
    CAUCE_RETURN_IF_ERROR(core->Awake(*opened).status());
    return opened;
  };
  markers.end_offsets = [weak = weak_from_this()](
                            PartitionId partition, const TransactionEnd& end,
                            std::function<void(absl::Status)> done) {
    const auto core = weak.lock();
    if (core == nullptr)
      return done(MakeError(Reason::kClosed, "the engine was closed"));
    core->Groups()->EndTransaction(partition, end, std::move(done));
  };
  markers_ = std::make_unique<PartitionMarkers>(std::move(markers));
  auto made = std::make_shared<TransactionCoordinator>(
      options, TransactionCoordinator::Surroundings{
                   .log = log.get(),
                   .markers = markers_.get(),
                   .clock = environment_->clock,
                   .random = environment_->random,
                   .executor = options_.executor,
                   .epoch_of = [weak = weak_from_this()](PartitionId partition)
                       -> absl::StatusOr<int32_t> {
                     const auto core = weak.lock();
                     if (core == nullptr) {
                       return MakeError(Reason::kClosed,
                                        "the engine was closed");
                     }
                     return core->TransactionEpoch(partition);
                   }});
  LoadTransactions(*made, log->partitions());
  transactions_ = std::move(made);
  return transactions_;
}

void EngineCore::LoadTransactions(TransactionCoordinator& made,
                                  int32_t partitions) {
  for (int32_t i = 0; i < partitions; ++i) {
    const absl::Status loaded = made.Load(PartitionId{i});
    if (loaded.ok()) continue;
    Report(Severity::kError,
           fmt::format("transactional ids cannot be read, and their "
                       "transactions do not go on until they can be: {}",
                       MessageOf(loaded)));
  }
}

absl::StatusOr<int32_t> EngineCore::TransactionEpoch(PartitionId partition) {
  CAUCE_RETURN_IF_ERROR(CheckProcess());
  CAUCE_ASSIGN_OR_RETURN(const auto log,
                         OpenPartition(kTransactionStateTopic, partition));
  CAUCE_ASSIGN_OR_RETURN(Log* const awake, Awake(*log));
  // That of a broker, where one had the directory: partitions know it.
  return std::max(awake->leader_epoch().value, 0);
}

absl::StatusOr<bool> EngineCore::GoOnWithTransactions() {
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    const bool may_write = CheckWritable().ok();
    if (!may_write || catalog_.Find(kTransactionStateTopic) == nullptr)
      return true;
  }
  CAUCE_ASSIGN_OR_RETURN(const auto transactions, Transactions());
  const bool has_all = transactions->LoadAll().ok();
  transactions->RunDue();
  return has_all;
}

std::shared_ptr<TransactionCoordinator> EngineCore::TransactionsIfAny() {
  if (!CheckProcess().ok()) return nullptr;
  MutexLock making(coordinators_mutex_);
  return transactions_;
}

absl::Duration EngineCore::RunDueTransactions() {
  const auto transactions = TransactionsIfAny();
  if (transactions == nullptr) return absl::InfiniteDuration();
  transactions->RunDue();
  return transactions->UntilDue();
}

absl::Duration EngineCore::UntilTransactionsAreDue() {
  const auto transactions = TransactionsIfAny();
  return transactions ? transactions->UntilDue() : absl::InfiniteDuration();
}

void EngineCore::KeepTransactionsGoing(absl::Duration delay) {
  options_.executor->ScheduleAfter(delay, [weak = weak_from_this(), delay] {
    const auto core = weak.lock();
    if (core == nullptr) return;
    const auto gone_on = core->GoOnWithTransactions();
    const bool is_closed = ReasonOf(gone_on.status()) == Reason::kClosed;
    if (is_closed || (gone_on.ok() && *gone_on)) return;
    const bool is_first = delay == absl::ZeroDuration();
    if (!gone_on.ok() && is_first)
      core->Report(Severity::kError, MessageOf(gone_on.status()));
    core->KeepTransactionsGoing(UnreadPartitions::kLongest);
  });
}

absl::StatusOr<std::vector<HeldBack>> EngineCore::FindHangingTransactions() {
  std::vector<TopicPartition> all;
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    all = AllPartitions();
  }
  std::vector<HeldBack> held;
  for (const TopicPartition& each : all) {
    const auto looked = LookAtStableEnd(each);
    if (looked.ok()) {
      if (*looked) held.push_back(**looked);
      continue;
    }
    CAUCE_RETURN_IF_ERROR(CheckNotClosed());
    if (ReasonOf(looked.status()) == Reason::kUnknownTopic) continue;
    Report(Severity::kError,
           fmt::format("whether a transaction hangs there is not known, it is "
                       "left out: {}",
                       MessageOf(looked.status())));
  }
  CAUCE_ASSIGN_OR_RETURN(const auto hanging, HangingAmong(held));
  for (const HeldBack& each : hanging) {
    Report(Severity::kWarning,
           fmt::format("{}: readers of what is committed end at offset {} of "
                       "{}, at a transaction of producer {}, epoch {}, that no "
                       "transactional id has, so that nothing will end it: "
                       "abort it by Admin::AbortTransaction",
                       each.partition.ToString(), each.stable.value,
                       each.end.value, each.producer_id.value,
                       each.producer_epoch));
  }
  return hanging;
}

absl::StatusOr<std::optional<HeldBack>> EngineCore::FindHangingTransaction(
    const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(const auto held, LookAtStableEnd(partition));
  if (!held) return std::nullopt;
  CAUCE_ASSIGN_OR_RETURN(const auto hanging, HangingAmong({*held}));
  if (hanging.empty()) return std::nullopt;
  return hanging.front();
}

absl::StatusOr<std::vector<HeldBack>> EngineCore::HangingAmong(
    const std::vector<HeldBack>& held) {
  std::vector<HeldBack> hanging;
  if (held.empty()) return hanging;
  CAUCE_ASSIGN_OR_RETURN(const auto transactions, Transactions());
  // What is held back may be of an id that cannot be read.
  CAUCE_RETURN_IF_ERROR(
      Annotate(transactions->LoadAll(),
               "which transactions hang is known once all transactional ids "
               "can be read"));
  for (const HeldBack& each : FindHanging(held, transactions->List())) {
    // What has ended meanwhile holds nothing back; another one begins behind.
    // What cannot be looked at any more was deleted, or is told of next time.
    const auto again = LookAtStableEnd(each.partition);
    if (again.ok() && *again && (*again)->stable == each.stable)
      hanging.push_back(**again);
  }
  return hanging;
}

absl::StatusOr<std::optional<HeldBack>> EngineCore::LookAtStableEnd(
    const TopicPartition& partition) {
  CAUCE_ASSIGN_OR_RETURN(const auto log,
                         OpenPartition(partition.topic, partition.partition));
  CAUCE_ASSIGN_OR_RETURN(Log* const awake, Awake(*log));
  CAUCE_ASSIGN_OR_RETURN(const Offset stable, awake->LastStableOffset());
  const Offset end = awake->high_watermark();
  if (stable >= end) return std::nullopt;
  // Whose it is does not stand there where its first records were deleted.
  CAUCE_ASSIGN_OR_RETURN(const auto open, awake->OldestOpenTransaction());
  // It has ended since.
  if (!open || open->first > stable) return std::nullopt;
  return HeldBack{.partition = partition,
                  .stable = stable,
                  .end = end,
                  .producer_id = open->producer_id,
                  .producer_epoch = open->producer_epoch};
}

void EngineCore::CloseCoordinators() {
  MutexLock making(coordinators_mutex_);
  coordinators_closed_ = true;
  if (transactions_ == nullptr) return;
  transactions_->Close(MakeError(Reason::kClosed, "the engine was closed"));
}

}  // namespace cauce
