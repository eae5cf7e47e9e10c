// A clock that stands still until a test moves it, so that no test depends on
// how fast a machine is. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce::test {

class SimClock final : public Clock {
 public:
  static constexpr absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

  absl::Time Now() override {
    return kStart + passed() + absl::Nanoseconds(set_by_.load());
  }
  absl::Duration Monotonic() override { return passed(); }

  void Advance(absl::Duration by) { passed_ += absl::ToInt64Nanoseconds(by); }
  // The time of day is set forth or back, as by hand; no time passes.
  void Set(absl::Duration by) { set_by_ += absl::ToInt64Nanoseconds(by); }

 private:
  absl::Duration passed() const { return absl::Nanoseconds(passed_.load()); }

  std::atomic<int64_t> passed_ = 0;
  std::atomic<int64_t> set_by_ = 0;
};

}  // namespace cauce::test
