// What ends the waiting of a consumer: one of its partitions has moved, or
// somebody wakes it up.
//
// Invariant: whoever clears it, then looks at what may have moved, and then
// waits, misses nothing that moved after the clearing. Costs who moves a
// partition a look at two words as long as nobody waits; with a descriptor
// each clearing is a call of the system. Thread-safe; one
// thread waits at a time.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/read.h"
#include "engine/base/event_descriptor.h"
#include "engine/base/mutex.h"
#include "engine/base/spin_first.h"

namespace cauce {

class WakeSignal {
 public:
  // `event` is raised as well, where there is one.
  explicit WakeSignal(std::unique_ptr<EventDescriptor> event)
      : event_(std::move(event)) {}

  void Raise();
  void Clear();
  // Returns once it is raised, or after `timeout`.
  void Wait(Clock& clock, absl::Duration timeout);

  // -1 where there is none.
  int descriptor() const { return event_ ? event_->descriptor() : -1; }

 private:
  const std::unique_ptr<EventDescriptor> event_;
  std::atomic<bool> raised_ = false;
  std::atomic<bool> waiting_ = false;
  SpinFirst spin_first_;
  Mutex mutex_;
  CondVar changed_;
};

// Notes that a partition has moved, and raises a signal.
class MoveNote final : public PartitionWatcher {
 public:
  explicit MoveNote(std::shared_ptr<WakeSignal> signal)
      : signal_(std::move(signal)) {}

  void Moved() override {
    has_moved_.store(true);
    signal_->Raise();
  }
  // Whether it has moved since the last call.
  bool Take() {
    return has_moved_.load(std::memory_order_relaxed) &&
           has_moved_.exchange(false);
  }

 private:
  const std::shared_ptr<WakeSignal> signal_;
  std::atomic<bool> has_moved_ = true;  // nobody has looked yet
};

}  // namespace cauce
