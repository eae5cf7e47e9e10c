// Times look-ups one by one: the same loop for every side.
//
// One clock reading a look-up, some 25 ns, is charged to all alike. For one
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

// What to look for, and what is to be found.
struct LookUp {
  int64_t wanted = 0;  // an offset, or a time in milliseconds
  int64_t found = 0;   // an offset
};

inline constexpr char kP50[] = "p50, us";

// Calls `one` for each; the first error ends all. Returns the whole time, the
// p99 and, as a figure, the p50. At least one.
absl::StatusOr<Sample> RunLookUps(
    std::span<const LookUp> look_ups,
    absl::FunctionRef<absl::Status(const LookUp&)> one);

// The look-ups as a file for programs in other languages: pairs of big-endian
// 64-bit numbers.
absl::Status WriteLookUps(const std::string& path,
                          std::span<const LookUp> look_ups);

}  // namespace cauce::bench
