// Drives those who wait for what they write: many threads that block, or one
// that keeps much in flight; with the time that each had to wait.
//
// The same driver for every side, so that what a thread, a clock or a lock
// costs is charged to all alike.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

// Runs `one`, which is told its thread's number and returns when its piece of
// work is durable, `times` times in all, from `threads` threads that begin
// together. Returns the whole time and the pieces' p99; the first error ends
// all.
absl::StatusOr<Sample> RunWriters(int threads, int64_t times,
                                  const std::function<absl::Status(int)>& one);

// What one writer has begun and not seen the end of. Thread-safe.
class InFlight {
 public:
  explicit InFlight(int64_t most) : most_(most) {}

  // Another one begins: waits until fewer than `most` are under way.
  void Begin();
  // The oldest `count` are durable, or the work has failed.
  void Done(int64_t count, const absl::Status& outcome);
  // Waits for those under way. Returns their p99 in seconds, or the first
  // error.
  absl::StatusOr<double> Finish();

 private:
  const int64_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<double> begun_;
  std::vector<double> waits_;
  absl::Status failure_;
};

}  // namespace cauce::bench
