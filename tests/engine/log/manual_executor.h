// An executor that runs what it is given when a test says so, in the order in
// which it was given, and what waits for a time apart. For one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce::test {

class ManualExecutor final : public Executor {
 public:
  void Schedule(Task task) override { tasks_.push_back(std::move(task)); }
  void ScheduleAfter(absl::Duration, Task task) override {
    later_.push_back(std::move(task));
  }

  size_t waiting() const { return tasks_.size(); }
  size_t waiting_later() const { return later_.size(); }
  void Run() {
    for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()();
  }
  void RunLater() {
    for (; !later_.empty(); later_.pop_front()) later_.front()();
  }

 private:
  std::deque<Task> tasks_, later_;
};

}  // namespace cauce::test
