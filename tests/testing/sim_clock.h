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

  absl::Time Now() override { return kStart + passed(); }
  absl::Duration Monotonic() override { return passed(); }

  void Advance(absl::Duration by) { passed_ += absl::ToInt64Nanoseconds(by); }

 private:
  absl::Duration passed() const { return absl::Nanoseconds(passed_.load()); }

  std::atomic<int64_t> passed_ = 0;
};

}  // namespace cauce::test
