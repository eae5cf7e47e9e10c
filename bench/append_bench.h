// The contests of appending; see append_bench.cc for the question they answer.
// For one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/harness.h"

namespace cauce::bench {

struct BenchOptions {
  std::string directory;             // to work in, on the disk that is measured
  int64_t bytes = int64_t{2} << 30;  // that each run handles
  uint32_t seed = 1;                 // draws the payload
};

std::vector<Contest> AppendContests(const BenchOptions& options);

}  // namespace cauce::bench
