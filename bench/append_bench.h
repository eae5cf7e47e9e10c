// The contests of appending; see append_bench.cc for the question they answer.
// For one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"
#include "bench/payload.h"

namespace cauce::bench {

// A contest of so many batches of `payload` by each side; sides, goals and
// notes are still to be added.
Contest BatchesContest(std::string name, const Payload& payload,
                       int64_t batches);

// Batches, and records one by one.
std::vector<Contest> AppendContests(const BenchOptions& options);

}  // namespace cauce::bench
