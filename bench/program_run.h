// Runs a program in a process of its own, waits for its end, and returns what
// it said. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace cauce::bench {

// `words` are the program, found by PATH, and its arguments. Returns what it
// wrote to standard output; its standard error is ours. Unavailable where it
// cannot be started, or ends with anything but 0 without having said a word:
// what it says may be why.
absl::StatusOr<std::string> RunProgram(const std::vector<std::string>& words);

}  // namespace cauce::bench
