#include <time.h>

#include "cauce/env.h"
#include "engine/base/check.h"

namespace cauce {
namespace {

timespec Read(clockid_t which) {
  timespec reading;
  CAUCE_CHECK(clock_gettime(which, &reading) == 0);
  return reading;
}

class RealClock final : public Clock {
 public:
  absl::Time Now() override {
    return absl::TimeFromTimespec(Read(CLOCK_REALTIME));
  }

  absl::Duration Monotonic() override {
    // It goes on while the machine sleeps, as the time of day does.
    return absl::DurationFromTimespec(Read(CLOCK_BOOTTIME));
  }
};

}  // namespace

Clock* SystemClock() {
  // Never destroyed: threads may still ask while the process ends.
  static Clock* const clock = new RealClock;
  return clock;
}

}  // namespace cauce
