#include "tools/cli/opening_threads.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace cauce::cli {
namespace {

// An engine recovers no more partitions at a time (OpenLogs::kRecoveriesMax, as
// a test compares): further threads would find nothing to do.
constexpr unsigned kThreadsMax = 8;

}  // namespace

int OpeningThreads::CountFor(unsigned cores) {
  return static_cast<int>(std::clamp(cores, 2u, kThreadsMax));
}

OpeningThreads::OpeningThreads()
    : one_(NewThreadPool(1)),
      crew_(NewThreadPool(CountFor(std::thread::hardware_concurrency()) - 1)) {}

Executor* OpeningThreads::executor() {
  return one_ == nullptr ? nullptr : this;
}

void OpeningThreads::Schedule(Task task) {
  const bool has_crew = !opened_ && crew_ != nullptr;
  (has_crew ? *crew_ : *one_).Schedule(std::move(task));
}

void OpeningThreads::ScheduleAfter(absl::Duration delay, Task task) {
  one_->ScheduleAfter(delay, std::move(task));
}

void OpeningThreads::Opened() {
  opened_ = true;
  crew_.reset();
}

}  // namespace cauce::cli
