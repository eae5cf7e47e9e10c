#include "engine/facade/clock_jump.h"

namespace cauce {

ClockReading ReadClock(Clock& clock) {
  return {clock.Now(), clock.Monotonic()};
}

std::optional<absl::Duration> FindClockJump(const ClockReading& then,
                                            const ClockReading& now) {
  const absl::Duration by =
      (now.wall - then.wall) - (now.monotonic - then.monotonic);
  if (absl::AbsDuration(by) <= kClockJumpMin) return std::nullopt;
  return by;
}

absl::Time WithoutClockJump(const ClockReading& then, const ClockReading& now) {
  if (!FindClockJump(then, now)) return absl::InfiniteFuture();
  return then.wall + (now.monotonic - then.monotonic);
}

}  // namespace cauce
