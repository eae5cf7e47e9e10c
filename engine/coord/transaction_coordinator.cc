#include "engine/coord/transaction_coordinator.h"

#include <algorithm>
#include <climits>
#include <type_traits>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/coord/drawn_producer_id.h"
#include "engine/coord/state_partition.h"
#include "engine/coord/waiter_errors.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// So many events one call works off, where the executor may go on with the
// rest: else a request would last as long as others ask. Without one, those who
// ask meanwhile wait for their answers before they ask again, so that there is
// an end once they pause.
constexpr int kEventsMax = 256;

// How many may wait for one id to be free.
constexpr size_t kWhenFreeMax = 1000;

// How many requests may wait for their answers, of all ids, as while a disk
// stands still. What the coordinator asks of itself comes on top: some events
// for each id at most.
constexpr size_t kWaitingMax = 10'000;

absl::Status IsUnknown(std::string_view id) {
  return MakeError(Reason::kInvalidProducerIdMapping,
                   fmt::format("transactional id {}: nobody has it, or it was "
                               "idle for so long that it is forgotten; "
                               "initialize its producer first",
                               id));
}

}  // namespace

TransactionCoordinator::TransactionCoordinator(
    const TransactionCoordinatorOptions& options, const Surroundings& around)
    : options_(options),
      around_(around),
      partitions_(around.log->partitions()),
      began_(around.clock->Now()),
      began_monotonic_(around.clock->Monotonic()) {}

absl::Time TransactionCoordinator::Now() const {
  return began_ + (around_.clock->Monotonic() - began_monotonic_);
}

PartitionId TransactionCoordinator::PartitionOf(std::string_view id) const {
  return StatePartitionOf(id, partitions_);
}

void TransactionCoordinator::InitProducer(std::string id,
                                          InitProducerRequest request,
                                          Answer answer) {
  AskMachine(std::move(id), std::move(request), &Transaction::InitProducer,
             std::move(answer));
}

void TransactionCoordinator::AddPartitions(std::string id,
                                           AddPartitionsRequest request,
                                           Answer answer) {
  AskMachine(std::move(id), std::move(request), &Transaction::AddPartitions,
             std::move(answer));
}

void TransactionCoordinator::EndTransaction(std::string id,
                                            EndTransactionRequest request,
                                            Answer answer) {
  AskMachine(std::move(id), request, &Transaction::EndTransaction,
             std::move(answer));
}

template <typename Request>
void TransactionCoordinator::AskMachine(
    std::string id, Request request,
    TransactionOutput (Transaction::*ask)(const Request&, absl::Time),
    Answer answer) {
  Event event;
  event.id = std::move(id);
  event.may_begin = std::is_same_v<Request, InitProducerRequest>;
  event.give = [request = std::move(request), ask](
                   Transaction& machine, Waiter waiter,
                   absl::Time now) mutable {
    request.waiter = waiter;
    return (machine.*ask)(request, now);
  };
  Ask(std::move(event), std::move(answer));
}

absl::Status TransactionCoordinator::CheckProduce(
    std::string_view id, const ProducerInstance& producer,
    const TopicPartition& partition) const {
  MutexLock lock(mutex_);
  CAUCE_ASSIGN_OR_RETURN(const Loaded* const loaded, FindLoaded(id));
  const auto found = loaded->ids.find(id);
  if (found == loaded->ids.end()) return IsUnknown(id);
  return found->second.machine.CheckProduce(producer, partition);
}

std::vector<TransactionDescription> TransactionCoordinator::List() const {
  std::vector<TransactionDescription> ids;
  MutexLock lock(mutex_);
  for (const auto& [partition, loaded] : loaded_) {
    for (const auto& [id, known] : loaded.ids)
      ids.push_back(known.machine.Describe());
  }
  return ids;
}

absl::StatusOr<std::optional<TransactionDescription>>
TransactionCoordinator::Describe(std::string_view id) const {
  MutexLock lock(mutex_);
  CAUCE_ASSIGN_OR_RETURN(const Loaded* const loaded, FindLoaded(id));
  const auto found = loaded->ids.find(id);
  if (found == loaded->ids.end()) return std::nullopt;
  return found->second.machine.Describe();
}

void TransactionCoordinator::RunDue() {
  std::vector<std::function<void()>> due;
  {
    MutexLock lock(mutex_);
    const absl::Time now = Now();
    if (closed_.ok()) PostDue(now);
    const auto end = later_.upper_bound(now);
    for (auto at = later_.begin(); at != end; ++at)
      due.push_back(std::move(at->second));
    later_.erase(later_.begin(), end);
    WorkOff();
  }
  for (const auto& later : due) later();
}

absl::Duration TransactionCoordinator::UntilDue() const {
  MutexLock lock(mutex_);
  if (!closed_.ok()) return absl::InfiniteDuration();
  absl::Time next = absl::InfiniteFuture();
  if (!agenda_.empty()) next = agenda_.begin()->first;
  if (!later_.empty()) next = std::min(next, later_.begin()->first);
  return std::max(next - Now(), absl::ZeroDuration());
}

void TransactionCoordinator::CallAfter(absl::Duration delay,
                                       std::function<void()> later) {
  if (around_.executor != nullptr)
    return around_.executor->ScheduleAfter(delay, std::move(later));
  MutexLock lock(mutex_);
  if (!closed_.ok() || later_.size() >= kWaitingMax) return;
  later_.emplace(Now() + delay, std::move(later));
}

void TransactionCoordinator::WhenFree(std::string_view id,
                                      std::function<void()> is_free) {
  Answer oldest;
  {
    MutexLock lock(mutex_);
    const auto loaded = loaded_.find(PartitionOf(id));
    if (loaded != loaded_.end()) {
      const auto found = loaded->second.ids.find(id);
      const bool is_busy = found != loaded->second.ids.end() &&
                           found->second.machine.is_busy();
      if (is_busy) {
        auto& waiting = found->second.when_free;
        waiting.emplace_back(
            [is_free = std::move(is_free)](const auto&) { is_free(); });
        if (waiting.size() <= kWhenFreeMax) return;
        oldest = std::move(waiting.front());
        waiting.erase(waiting.begin());
      }
    }
  }
  if (oldest) return std::move(oldest)(ProducerInstance());
  is_free();
}

void TransactionCoordinator::Ask(Event event, Answer answer) {
  LoadAgain(PartitionOf(event.id));
  absl::Status may;
  {
    MutexLock lock(mutex_);
    may = closed_;
    if (may.ok() && waiting_.size() >= kWaitingMax) {
      may = TooManyWait(fmt::format("transactional id {}", event.id),
                        "all ids", waiting_.size(), kWaitingMax);
    }
    if (may.ok()) {
      event.partition = PartitionOf(event.id);
      event.waiter = ++last_waiter_;
      waiting_.emplace(event.waiter, std::move(answer));
      queue_.push_back(std::move(event));
      if (around_.executor == nullptr) PostDue(Now());
      WorkOff();
    }
  }
  if (!may.ok()) std::move(answer)(may);
}

void TransactionCoordinator::Post(Event event) {
  MutexLock lock(mutex_);
  if (!closed_.ok()) return;
  queue_.push_back(std::move(event));
  WorkSoon();
}

void TransactionCoordinator::PostDue(absl::Time now) {
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    const auto [partition, id] = agenda_.begin()->second;
    Loaded& loaded = loaded_.at(partition);
    WakeAt(partition, loaded.ids.find(id), std::nullopt);
    Event event;
    event.id = id;
    event.partition = partition;
    event.incarnation = loaded.incarnation;
    event.give = [](Transaction& machine, Waiter, absl::Time at) {
      return machine.Tick(at);
    };
    queue_.push_back(std::move(event));
  }
}

void TransactionCoordinator::WorkOff() {
  if (is_working_) return;
  is_working_ = true;
  int left = around_.executor == nullptr ? INT_MAX : kEventsMax;
  while (!queue_.empty() && left-- > 0) {
    Event event = std::move(queue_.front());
    queue_.pop_front();
    Effects effects = Apply(event);
    mutex_.Unlock();
    CarryOut(effects);
    mutex_.Lock();
  }
  is_working_ = false;
  SetTimer();
  if (!queue_.empty()) WorkSoon();
  changed_.NotifyAll();
}

TransactionCoordinator::Effects TransactionCoordinator::Apply(Event& event) {
  const auto loaded = loaded_.find(event.partition);
  const bool is_there =
      loaded != loaded_.end() &&
      (event.incarnation == 0 ||
       event.incarnation == loaded->second.incarnation);
  Effects none;
  if (!is_there && event.waiter != 0) {
    TellWaiter(event.waiter, FindLoaded(event.id).status(), none.told);
  }
  if (!is_there) return none;

  const auto found = Find(loaded->second, event);
  if (!found.ok()) {
    if (event.waiter != 0)
      TellWaiter(event.waiter, found.status(), none.told);
    return none;
  }
  Transaction& machine = (*found)->second.machine;
  if (event.is_stored) (*found)->second.is_storing = false;
  if (machine.NeedsProducerId())
    machine.OfferProducerId(DrawProducerId(*around_.random));
  return Take(event.partition, loaded->second, *found,
              event.give(machine, event.waiter, Now()));
}

absl::StatusOr<TransactionCoordinator::Ids::iterator>
TransactionCoordinator::Find(Loaded& loaded, const Event& event) {
  const auto found = loaded.ids.find(event.id);
  if (found != loaded.ids.end()) return found;
  if (!event.may_begin) return IsUnknown(event.id);
  CAUCE_RETURN_IF_ERROR(CheckTransactionalId(event.id));
  if (ids_ >= options_.ids_max) {
    return MakeError(Reason::kTooManyProducers,
                     fmt::format("transactional id {}: there are {} others, "
                                 "the limit; try again once some are forgotten "
                                 "(transactional.id.expiration.ms)",
                                 event.id, ids_));
  }
  ++ids_;
  return loaded.ids
      .try_emplace(event.id, Known{.machine = Transaction(
                                       event.id, loaded.epoch,
                                       options_.transactions),
                                   .wake_at = {}})
      .first;
}

TransactionCoordinator::Effects TransactionCoordinator::Take(
    PartitionId partition, Loaded& loaded, Ids::iterator at,
    TransactionOutput output) {
  Effects effects;
  effects.partition = partition;
  effects.incarnation = loaded.incarnation;
  effects.id = at->first;
  effects.append = std::move(output.append);
  effects.markers = std::move(output.markers);
  for (TransactionReply& reply : output.reply) {
    absl::StatusOr<ProducerInstance> what = reply.producer;
    if (!reply.status.ok()) what = std::move(reply.status);
    TellWaiter(reply.waiter, std::move(what), effects.told);
  }
  Known& known = at->second;
  if (effects.append.has_value()) {
    known.is_storing = true;
    ++appending_[partition];
  }
  WakeAt(partition, at, output.wake_at);
  const Transaction& machine = known.machine;
  if (!machine.is_busy()) {
    for (Answer& each : std::exchange(known.when_free, {}))
      effects.told.push_back({std::move(each), machine.metadata().producer});
  }
  const bool is_nothing = !known.is_storing &&
                          (machine.status() == TransactionStatus::kDead ||
                           !machine.metadata().producer.is_known());
  if (is_nothing) {
    for (Answer& each : known.when_free)
      effects.told.push_back({std::move(each), machine.metadata().producer});
    WakeAt(partition, at, std::nullopt);
    loaded.ids.erase(at);
    --ids_;
  }
  return effects;
}

void TransactionCoordinator::CarryOut(Effects& effects) {
  Event heard;
  heard.id = effects.id;
  heard.partition = effects.partition;
  heard.incarnation = effects.incarnation;
  if (effects.append.has_value()) {
    around_.log->Append(
        effects.partition,
        {.records = {*std::move(effects.append)}, .transaction = {}},
        [self = weak_from_this(),
         heard](const absl::StatusOr<Offset>& base) mutable {
          const auto coordinator = self.lock();
          if (coordinator == nullptr) return;
          coordinator->Stored(std::move(heard), base.status());
        });
  }
  if (effects.markers.has_value()) {
    const ProducerInstance producer = {effects.markers->end.producer_id,
                                       effects.markers->end.producer_epoch};
    around_.markers->Write(
        *effects.markers,
        [self = weak_from_this(), heard,
         producer](std::vector<MarkersWrittenEvent::Result> results) {
          const auto coordinator = self.lock();
          if (coordinator == nullptr) return;
          Event event = heard;
          event.give = [written = MarkersWrittenEvent{producer,
                                                      std::move(results)}](
                           Transaction& machine, Waiter, absl::Time now) {
            return machine.MarkersWritten(written, now);
          };
          coordinator->Post(std::move(event));
        });
  }
  for (Told& each : effects.told) std::move(each.answer)(each.what);
}

void TransactionCoordinator::Stored(Event event, const absl::Status& status) {
  event.is_stored = true;
  event.give = [status](Transaction& machine, Waiter, absl::Time now) {
    return status.ok() ? machine.Appended(now)
                       : machine.AppendFailed(status, now);
  };
  MutexLock lock(mutex_);
  if (!closed_.ok()) return;
  if (--appending_[event.partition] == 0) appending_.erase(event.partition);
  queue_.push_back(std::move(event));
  WorkSoon();
}

absl::StatusOr<const TransactionCoordinator::Loaded*>
TransactionCoordinator::FindLoaded(std::string_view id) const {
  CAUCE_RETURN_IF_ERROR(closed_);
  const PartitionId partition = PartitionOf(id);
  const auto found = loaded_.find(partition);
  if (found != loaded_.end()) return &found->second;
  if (loading_.contains(partition)) {
    return MakeError(Reason::kCoordinatorLoading,
                     fmt::format("transactional id {}: partition {}, which it "
                                 "is in, is being read; try again",
                                 id, partition.value));
  }
  const absl::Status unread = unread_.WhyUnread(partition);
  if (!unread.ok())
    return Annotate(unread, fmt::format("transactional id {}", id));
  return MakeError(
      Reason::kNotCoordinator,
      fmt::format("transactional id {}: is in partition {}, which this "
                  "coordinator has not; look for the one that has",
                  id, partition.value));
}

void TransactionCoordinator::WakeAt(PartitionId partition, Ids::iterator at,
                                    std::optional<absl::Time> time) {
  auto& [id, known] = *at;
  if (known.wake_at == time) return;
  if (known.wake_at.has_value())
    agenda_.erase({*known.wake_at, {partition, id}});
  known.wake_at = time;
  if (time.has_value()) agenda_.insert({*time, {partition, id}});
}

void TransactionCoordinator::TellWaiter(Waiter waiter,
                                        absl::StatusOr<ProducerInstance> what,
                                        std::vector<Told>& told) {
  auto waiting = waiting_.extract(waiter);
  if (!waiting) return;
  told.push_back({std::move(waiting.mapped()), std::move(what)});
}

void TransactionCoordinator::WorkSoon() {
  if (around_.executor == nullptr || is_working_ || works_soon_) return;
  works_soon_ = true;
  around_.executor->Schedule([self = weak_from_this()] {
    if (const auto coordinator = self.lock()) coordinator->Work();
  });
}

void TransactionCoordinator::Work() {
  MutexLock lock(mutex_);
  works_soon_ = false;
  WorkOff();
}

void TransactionCoordinator::SetTimer() {
  if (around_.executor == nullptr || agenda_.empty()) return;
  const absl::Time due = agenda_.begin()->first;
  if (timer_at_.has_value() && *timer_at_ <= due) return;
  timer_at_ = due;
  around_.executor->ScheduleAfter(
      std::max(due - Now(), absl::ZeroDuration()),
      [self = weak_from_this(), due] {
        if (const auto coordinator = self.lock()) coordinator->OnTimer(due);
      });
}

void TransactionCoordinator::OnTimer(absl::Time set_to) {
  MutexLock lock(mutex_);
  if (timer_at_ == set_to) timer_at_.reset();
  if (closed_.ok()) PostDue(Now());
  WorkOff();
}

}  // namespace cauce
