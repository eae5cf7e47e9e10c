// Whether wall time may be believed for what cannot be taken back: deleting
// what is too old.
//
// Wall time can be set and monotonic time cannot, so within one run the two go
// on together. Where wall time has run away from it by more than a day, forth
// or back, it was set wrong or was wrong before; which of them nobody can tell
// here. What is too old by both is too old whichever was right. Pure: both
// times are arguments. Any thread.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "cauce/env.h"

namespace cauce {

// Both clocks at one moment.
struct ClockReading {
  absl::Time wall;
  absl::Duration monotonic;
};

ClockReading ReadClock(Clock& clock);

// More than slow corrections, leap seconds and a wrong time zone.
inline constexpr absl::Duration kClockJumpMin = absl::Hours(24);

// By how much wall time has run ahead of monotonic time since `then`, or behind
// it, where that is more than kClockJumpMin.
std::optional<absl::Duration> FindClockJump(const ClockReading& then,
                                            const ClockReading& now);

// What wall time would be without its jump; the infinite future where it has
// made none.
absl::Time WithoutClockJump(const ClockReading& then, const ClockReading& now);

}  // namespace cauce
