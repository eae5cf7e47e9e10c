// Runs a piece of work in a child process that is killed behind it: whatever it
// opened is never closed, and its memory was its own.
//
// For one thread of a process that runs no other, since the child is forked.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

// Returns what `work` returned in the child, which has died by SIGKILL since:
// what `work` made with `new` and left was never destroyed. Internal where it
// ended by itself before.
absl::StatusOr<Sample> RunInDoomedChild(
    const std::function<absl::StatusOr<Sample>()>& work);

}  // namespace cauce::bench
