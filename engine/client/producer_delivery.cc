// What becomes of batches that were written: who is told of it, when, and what
// is done when time has passed.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "cauce/errors.h"
#include "engine/client/producer_core.h"
#include "engine/coord/drawn_producer_id.h"

namespace cauce {
namespace {

absl::StatusOr<Delivery> DeliveryOf(
    PartitionId partition, const AwaitedRecord& record,
    const absl::StatusOr<AppendResult>& batch) {
  if (!batch.ok()) return batch.status();
  return Delivery{partition, batch->base + record.delta,
                  batch->append_time.value_or(record.timestamp)};
}

}  // namespace

void ProducerCore::DropFront(Queue& queue) {
  OutgoingBatch& front = queue.batches.front();
  // It counts until it is told of, by its last in flight.
  queue.in_flight.back()->bytes_counted = front.bytes_counted;
  if (spares_.size() < spares_max_) {
    if (auto spare = front.TakeMemory()) spares_.push_back(*std::move(spare));
  }
  queue.batches.pop_front();
}

void ProducerCore::SyncQueue(Queue& queue) {
  if (queue.busy || !queue.partition) return;
  queue.busy = true;
  queue.is_unsynced = false;
  mutex_.Unlock();
  // What fails is told to the callbacks, each of which is called by then.
  queue.partition->Flush().IgnoreError();
  mutex_.Lock();
  queue.busy = false;
  // Who came meanwhile has left it to us.
  if (around_.executor == nullptr) return Drive(queue);
  SetTimer(DueAt(queue));
  changed_.NotifyAll();
}

bool ProducerCore::SyncOldest() {
  Queue* oldest = nullptr;
  for (Queue* const queue : active_) {
    if (queue->in_flight.empty() || queue->busy) continue;
    const bool is_older = oldest == nullptr ||
                          queue->in_flight.front()->number <
                              oldest->in_flight.front()->number;
    if (is_older) oldest = queue;
  }
  if (oldest == nullptr) return false;
  const auto front = oldest->in_flight.front();
  SyncQueue(*oldest);
  return oldest->in_flight.empty() || oldest->in_flight.front() != front;
}

void ProducerCore::Acknowledge(InFlight& in_flight,
                               absl::StatusOr<AppendResult> result) {
  MutexLock lock(mutex_);
  in_flight.result = std::move(result);
  if (in_flight.is_being_written) return;
  Queue& queue = *in_flight.queue;
  // It may be stored, or what is behind it may not: none of that is sent again
  // under the numbers that the log has seen.
  if (!in_flight.result->ok())
    FailIdentity(queue, in_flight.result->status());
  Settle(queue);
  if (!told_.empty()) CallBackSoon();
}

void ProducerCore::Settle(Queue& queue) {
  while (!queue.in_flight.empty() && queue.in_flight.front()->result &&
         !queue.in_flight.front()->is_being_written) {
    Tell(*queue.in_flight.front());
    queue.in_flight.pop_front();
  }
  const bool is_over = queue.in_flight.empty() && queue.batches.empty();
  if (is_over && std::exchange(queue.is_active, false)) {
    std::erase(active_, &queue);
  }
  changed_.NotifyAll();
}

void ProducerCore::Tell(InFlight& in_flight) {
  const absl::StatusOr<AppendResult>& result = *in_flight.result;
  const PartitionId partition = in_flight.queue->name.partition;
  bool is_for_programs = false;
  for (AwaitedRecord& each : in_flight.awaited) {
    if (each.is_ours) {
      std::exchange(each.done, nullptr)(DeliveryOf(partition, each, result));
    } else {
      is_for_programs = true;
    }
  }
  if (is_for_programs) {
    told_.push_back({partition, std::move(in_flight.awaited), result});
  }
  in_flight.awaited.clear();
  if (told_.empty()) {
    buffered_bytes_ -= in_flight.bytes_counted;
  } else {
    told_bytes_ += in_flight.bytes_counted;
  }
}

void ProducerCore::CallBack() {
  if (caller_) return;  // that one calls these as well
  caller_ = std::this_thread::get_id();
  while (!told_.empty()) {
    std::vector<Told> now = std::exchange(told_, {});
    const int64_t bytes = std::exchange(told_bytes_, 0);
    // For who calls they are over: a callback may send as much again.
    buffered_bytes_ -= bytes;
    calling_bytes_ += bytes;
    mutex_.Unlock();
    for (Told& told : now) {
      for (AwaitedRecord& each : told.awaited) {
        if (!each.done) continue;  // it was ours
        each.done(DeliveryOf(told.partition, each, told.batch));
      }
    }
    now.clear();
    mutex_.Lock();
    calling_bytes_ -= bytes;
    changed_.NotifyAll();
  }
  caller_.reset();
  changed_.NotifyAll();
}

bool ProducerCore::HasCalledBack() const {
  if (caller_ == std::this_thread::get_id()) return true;
  return !caller_ && told_.empty();
}

void ProducerCore::CallBackSoon() {
  // Without an executor a producer that is gone has left nothing in flight.
  if (around_.executor == nullptr || caller_) return;
  // Also where the task is dropped: nobody calls a producer that is gone.
  std::shared_ptr<void> at_last(
      nullptr, [core = shared_from_this()](std::nullptr_t) {
        MutexLock lock(core->mutex_);
        core->CallBack();
      });
  around_.executor->Schedule(
      [at_last = std::move(at_last)]() mutable { at_last.reset(); });
}

Identity ProducerCore::NewIdentity() const {
  if (!is_idempotent_) return {};
  return {.id = DrawProducerId(*around_.random),
          .epoch = 0,
          .next_sequence = 0};
}

void ProducerCore::FailIdentity(Queue& queue, const absl::Status& failure) {
  if (transaction_) {
    transaction_->FailBatch(failure);
  } else {
    queue.identity = NewIdentity();
  }
}

void ProducerCore::Activate(Queue& queue) {
  if (!std::exchange(queue.is_active, true)) active_.push_back(&queue);
}

int64_t ProducerCore::OldestNumber() const {
  int64_t oldest = next_number_;
  for (const Queue* const queue : active_) {
    if (!queue->in_flight.empty()) {
      oldest = std::min(oldest, queue->in_flight.front()->number);
    }
    if (!queue->batches.empty()) {
      oldest = std::min(oldest, queue->batches.front().number());
    }
  }
  return oldest;
}

absl::Duration ProducerCore::NextDue() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const Queue* const queue : active_) {
    if (MustSync(*queue)) return around_.clock->Monotonic();
    // Whoever writes there goes on with what is due.
    if (!queue->busy) next = std::min(next, DueAt(*queue));
  }
  return next;
}

void ProducerCore::SetTimer(absl::Duration due) {
  if (around_.executor == nullptr || detached_) return;
  if (due == absl::InfiniteDuration()) return;
  if (timer_at_ && *timer_at_ <= due) return;
  timer_at_ = due;
  const absl::Duration delay = due - around_.clock->Monotonic();
  around_.executor->ScheduleAfter(std::max(delay, absl::ZeroDuration()),
                                  [self = weak_from_this()] {
                                    if (const auto core = self.lock()) {
                                      core->OnTimer();
                                    }
                                  });
}

void ProducerCore::OnTimer() {
  MutexLock lock(mutex_);
  if (detached_) return;
  ++tasks_;
  timer_at_.reset();
  DriveAll();
  SetTimer(NextDue());
  CallBack();
  --tasks_;
  changed_.NotifyAll();
}

void ProducerCore::FailFront(Queue& queue, const absl::Status& why) {
  const auto failed = std::make_shared<InFlight>();
  failed->queue = &queue;
  failed->number = queue.batches.front().number();
  failed->awaited = std::move(queue.batches.front().awaited);
  failed->is_being_written = false;
  failed->result = why;
  queue.in_flight.push_back(failed);
  if (transaction_) transaction_->FailBatch(why);
  DropFront(queue);
  Settle(queue);
}

void ProducerCore::FailUnwritten(const absl::Status& why,
                                 absl::Duration until) {
  for (Queue* const queue : std::vector<Queue*>(active_)) {
    // Somebody writes there: its front is not ours.
    while (queue->busy) {
      const absl::Duration left = until - around_.clock->Monotonic();
      if (left <= absl::ZeroDuration()) break;
      changed_.WaitFor(mutex_, left);
    }
    if (queue->busy) continue;
    while (!queue->batches.empty()) FailFront(*queue, why);
    Settle(*queue);
  }
}

}  // namespace cauce
