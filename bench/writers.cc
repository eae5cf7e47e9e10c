#include "bench/writers.h"

#include <atomic>
#include <barrier>
#include <thread>
#include <utility>

#include "bench/floor.h"
#include "bench/statistics.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"

namespace cauce::bench {
namespace {

struct Thread {
  std::vector<double> waits;
  absl::Status status;
};

}  // namespace

absl::StatusOr<Sample> RunWriters(int threads, int64_t times,
                                  const std::function<absl::Status(int)>& one) {
  CAUCE_CHECK(threads > 0 && times >= threads);
  std::vector<Thread> results(static_cast<size_t>(threads));
  std::atomic<bool> failed = false;
  // Read before anybody is let go: a thread may be done before this one runs.
  double from = 0;
  std::barrier begin(threads + 1,
                     [&from]() noexcept { from = MonotonicSeconds(); });
  std::vector<std::jthread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      Thread& mine = results[static_cast<size_t>(t)];
      const int64_t count = times / threads + (t < times % threads ? 1 : 0);
      mine.waits.reserve(static_cast<size_t>(count));
      begin.arrive_and_wait();
      for (int64_t i = 0; i < count && !failed; ++i) {
        const double asked = MonotonicSeconds();
        mine.status = one(t);
        mine.waits.push_back(MonotonicSeconds() - asked);
        if (!mine.status.ok()) failed = true;
      }
    });
  }
  begin.arrive_and_wait();
  running.clear();
  const double seconds = MonotonicSeconds() - from;

  std::vector<double> waits;
  for (const Thread& each : results) {
    CAUCE_RETURN_IF_ERROR(each.status);
    waits.insert(waits.end(), each.waits.begin(), each.waits.end());
  }
  return Sample(seconds, Quantile(waits, 0.99));
}

void InFlight::Begin() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return static_cast<int64_t>(begun_.size()) < most_ || !failure_.ok();
  });
  begun_.push_back(MonotonicSeconds());
}

void InFlight::Done(int64_t count, const absl::Status& outcome) {
  const double now = MonotonicSeconds();
  const std::lock_guard lock(mutex_);
  failure_.Update(outcome);
  for (; count > 0; --count) {
    waits_.push_back(now - begun_.front());
    begun_.pop_front();
  }
  changed_.notify_all();
}

absl::StatusOr<double> InFlight::Finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return begun_.empty(); });
  CAUCE_RETURN_IF_ERROR(failure_);
  return Quantile(waits_, 0.99);
}

}  // namespace cauce::bench
