// What `bench` tells of a run: how much in what time, the latencies, what it
// was run with and which build that was. Pure but for printing: any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "tools/cli/format.h"
#include "tools/cli/percentiles.h"

namespace cauce::cli {

// What was measured.
struct Figures {
  std::string_view what;  // one sample of the latencies is one of these
  int64_t records = 0;
  int64_t bytes = 0;
  absl::Duration elapsed;
};

// Prints them with `settings`, an object of what the run was given.
void PrintReport(Format format, const Figures& figures,
                 const Percentiles& latency, Json settings);

}  // namespace cauce::cli
