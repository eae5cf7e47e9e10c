// The contests of durable appending; see durable_bench.cc for the questions
// they answer. For one thread.
#pragma once

#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

std::vector<Contest> DurableContests(const BenchOptions& options);

}  // namespace cauce::bench
