// A sample as lines of text: what a process that was started to be measured
// says of its run, whatever language it is written in.
//
//   seconds 0.125
//   p99_seconds 0.0002
//   figure 812 private bytes a partition
//
// or, of a run that failed, `error` and what happened. Other lines are refused,
// so that nothing that went wrong is taken for a measurement. Pure functions:
// any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

std::string TextOf(const absl::StatusOr<Sample>& sample);

// Unavailable with what an `error` line says; InvalidArgument, with the line,
// for anything but the lines above, and where the seconds are missing.
absl::StatusOr<Sample> SampleFromText(std::string_view text);

}  // namespace cauce::bench
