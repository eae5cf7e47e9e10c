// An executor that runs what it is given once its time has come, by a clock
// that the test moves. Keeps tasks until they have run; for one thread.
#pragma once

#include <map>
#include <utility>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce::test {

class OnTime final : public Executor {
 public:
  explicit OnTime(Clock& clock) : clock_(clock) {}
  void Schedule(Task task) override {
    ScheduleAfter(absl::ZeroDuration(), std::move(task));
  }
  void ScheduleAfter(absl::Duration delay, Task task) override {
    ++scheduled_;
    tasks_.emplace(clock_.Monotonic() + delay, std::move(task));
  }
  // How many it was ever given: each would have woken a thread.
  int scheduled() const { return scheduled_; }
  // Those whose time has come, and those they schedule for now.
  void RunDue() {
    while (!tasks_.empty() && tasks_.begin()->first <= clock_.Monotonic()) {
      Task task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      std::move(task)();
    }
  }
  void DropAll() { tasks_.clear(); }

 private:
  Clock& clock_;
  int scheduled_ = 0;
  std::multimap<absl::Duration, Task> tasks_;
};

}  // namespace cauce::test
