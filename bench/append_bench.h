// The contests of appending; see append_bench.cc for the question they answer.
// For one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/harness.h"
#include "bench/payload.h"

namespace cauce::bench {

struct BenchOptions {
  std::string directory;             // to work in, on the disk that is measured
  int64_t bytes = int64_t{2} << 30;  // that each run handles
  uint32_t seed = 1;                 // draws the payload
};

// A contest of so many batches of `payload` by each side; sides, goals and
// notes are still to be added.
Contest BatchesContest(std::string name, const Payload& payload,
                       int64_t batches);

std::vector<Contest> AppendContests(const BenchOptions& options);

}  // namespace cauce::bench
