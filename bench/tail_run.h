// Times messages on their way from a writer to a reader that waits for them in
// another thread: the same loop for every side.
//
// A message carries the moment at which its writing began. The writer keeps to
// a rate; where it falls behind, it writes at once, and the run takes longer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

struct TailWork {
  int64_t messages = 1;
  int64_t per_second = 1;
  size_t message_bytes = 100;  // at least kTailMessageBytesMin
};

inline constexpr size_t kTailMessageBytesMin = 16;

using WriteMessage = absl::FunctionRef<absl::Status(std::string_view message)>;
// Passes what is there since the last call to `visit`, oldest first. May return
// without any; waits kTailWaitSeconds for some at most.
using VisitMessage = absl::FunctionRef<void(std::string_view message)>;
using ReadMessages = absl::FunctionRef<absl::Status(VisitMessage visit)>;

inline constexpr double kTailWaitSeconds = 0.05;

// `write` is called by this thread, `read` by another. Returns the seconds
// until the last message was read, the p99 and, as a figure, the p50 of what a
// message took. DataLoss where one is missing, or comes twice or out of turn;
// otherwise the first error of either.
absl::StatusOr<Sample> RunTail(const TailWork& work, WriteMessage write,
                               ReadMessages read);

// Its halves, for who runs them apart. This one writes until `is_over`, and
// returns when it began.
absl::StatusOr<double> WriteTail(const TailWork& work, WriteMessage write,
                                 const std::atomic<bool>& is_over);
// This one reads until then or until all were read. The seconds are the moment
// of that.
absl::StatusOr<Sample> ReadTail(const TailWork& work, ReadMessages read,
                                const std::atomic<bool>& is_over);

}  // namespace cauce::bench
