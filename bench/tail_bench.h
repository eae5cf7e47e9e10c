// The contests of a reader that waits for what is just being written; see
// tail_bench.cc for the questions they answer. For one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

std::vector<Contest> TailContests(const BenchOptions& options);
// With the reader in another process, which is forked: for a process without
// other threads.
std::vector<Contest> TailAcrossContests(const BenchOptions& options);

}  // namespace cauce::bench
