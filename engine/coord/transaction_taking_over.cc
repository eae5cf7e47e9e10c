// How a coordinator of transactions comes to the ids of a partition, and how it
// gives them up.
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/coord/drawn_producer_id.h"
#include "engine/coord/transaction_coordinator.h"
#include "engine/coord/transaction_replay.h"
#include "fmt/format.h"

namespace cauce {

absl::Status TransactionCoordinator::Load(PartitionId partition) {
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(closed_);
    if (loaded_.contains(partition)) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(unread_.CheckMayTry(partition, Now()));
    if (!loading_.insert(partition).second) {
      return MakeError(Reason::kCoordinatorLoading,
                       fmt::format("partition {} of the transactional ids: is "
                                   "being read; try again",
                                   partition.value));
    }
  }
  const absl::StatusOr<int32_t> epoch = around_.epoch_of(partition);
  const absl::Status loaded =
      epoch.ok() ? Load(partition, *epoch) : epoch.status();
  MutexLock lock(mutex_);
  loading_.erase(partition);
  if (!epoch.ok()) unread_.Failed(partition, loaded, Now());
  changed_.NotifyAll();
  return loaded;
}

void TransactionCoordinator::LoadAgain(PartitionId partition) {
  if (!around_.epoch_of) return;
  {
    MutexLock lock(mutex_);
    if (unread_.WhyUnread(partition).ok()) return;
  }
  Load(partition).IgnoreError();  // who asks is told
}

std::vector<absl::Status> TransactionCoordinator::LoadEach() {
  std::vector<absl::Status> unread;
  for (int32_t i = 0; i < partitions_; ++i) {
    absl::Status loaded = Load(PartitionId{i});
    if (!loaded.ok()) unread.push_back(std::move(loaded));
  }
  return unread;
}

absl::Status TransactionCoordinator::LoadAll() {
  const std::vector<absl::Status> unread = LoadEach();
  return unread.empty() ? absl::OkStatus() : unread.front();
}

absl::Status TransactionCoordinator::Load(PartitionId partition,
                                          int32_t epoch) {
  {
    MutexLock lock(mutex_);
    CAUCE_RETURN_IF_ERROR(closed_);
    // What is written behind the replay would be missed by it.
    if (appending_.contains(partition)) {
      return MakeError(
          Reason::kCoordinatorNotAvailable,
          fmt::format("partition {} of the transactional ids: appends are "
                      "still on their way there; try again",
                      partition.value));
    }
    if (loaded_.contains(partition)) return absl::OkStatus();
  }
  auto stored = ReplayTransactions(*around_.log, partition);
  MutexLock lock(mutex_);
  if (!stored.ok()) {
    unread_.Failed(partition, stored.status(), Now());
    return stored.status();
  }
  unread_.Succeeded(partition);
  CAUCE_RETURN_IF_ERROR(closed_);
  const auto [at, is_new] = loaded_.try_emplace(partition);
  if (!is_new) return absl::OkStatus();
  Loaded& loaded = at->second;
  loaded.epoch = epoch;
  loaded.incarnation = ++last_incarnation_;
  for (auto& [id, value] : *stored) {
    Transaction machine(id, epoch, options_.transactions);
    if (machine.NeedsProducerId())
      machine.OfferProducerId(DrawProducerId(*around_.random));
    Event event;
    event.id = id;
    event.partition = partition;
    event.incarnation = loaded.incarnation;
    // From now on it is known; what it says is carried out in its turn.
    event.give = [output = machine.Load(value, Now())](
                     Transaction&, Waiter, absl::Time) { return output; };
    loaded.ids.try_emplace(id,
                           Known{.machine = std::move(machine), .wake_at = {}});
    // In front of what is asked of the id meanwhile.
    queue_.push_front(std::move(event));
  }
  ids_ += stored->size();
  WorkOff();
  return absl::OkStatus();
}

void TransactionCoordinator::Unload(PartitionId partition,
                                    const absl::Status& why) {
  std::vector<Told> told;
  {
    MutexLock lock(mutex_);
    if (auto loaded = loaded_.extract(partition))
      EndAll(partition, loaded.mapped(), why, told);
  }
  for (Told& each : told) std::move(each.answer)(each.what);
}

void TransactionCoordinator::Close(const absl::Status& why) {
  std::vector<Told> told;
  {
    MutexLock lock(mutex_);
    closed_ = why;
    for (auto& [partition, loaded] : std::exchange(loaded_, {}))
      EndAll(partition, loaded, why, told);
    // Those whose requests are still in the queue.
    for (auto& [waiter, answer] : std::exchange(waiting_, {}))
      told.push_back({std::move(answer), why});
    queue_.clear();
    later_.clear();
    while (is_working_ || !loading_.empty()) changed_.Wait(mutex_);
  }
  for (Told& each : told) std::move(each.answer)(each.what);
}

void TransactionCoordinator::EndAll(PartitionId partition, Loaded& loaded,
                                    const absl::Status& why,
                                    std::vector<Told>& told) {
  for (auto at = loaded.ids.begin(); at != loaded.ids.end(); ++at) {
    WakeAt(partition, at, std::nullopt);
    for (TransactionReply& reply : at->second.machine.Close(why).reply)
      TellWaiter(reply.waiter, std::move(reply.status), told);
    for (Answer& each : std::exchange(at->second.when_free, {}))
      told.push_back({std::move(each), why});
  }
  ids_ -= loaded.ids.size();
}

}  // namespace cauce
