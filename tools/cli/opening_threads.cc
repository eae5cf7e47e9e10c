#include "tools/cli/opening_threads.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace cauce::cli {

int OpeningThreads::Count() {
  // Nobody may know how many cores there are.
  return std::max(static_cast<int>(std::thread::hardware_concurrency()), 2);
}

OpeningThreads::OpeningThreads()
    : crew_(NewThreadPool(Count() - 1)), one_(NewThreadPool(1)) {}

void OpeningThreads::Schedule(Task task) {
  (opened_ ? *one_ : *crew_).Schedule(std::move(task));
}

void OpeningThreads::ScheduleAfter(absl::Duration delay, Task task) {
  one_->ScheduleAfter(delay, std::move(task));
}

void OpeningThreads::Opened() {
  opened_ = true;
  crew_.reset();
}

}  // namespace cauce::cli
