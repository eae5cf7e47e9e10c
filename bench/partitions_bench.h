// The contests of many partitions; see partitions_bench.cc for the questions
// they answer. For one thread of a process that runs no other.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

// How many the published comparison has, of kSegmentsOfEach segments each.
inline constexpr int32_t kManyPartitions = 10'000;

// What they work on is made when the first of them runs, and goes with the
// last.
std::vector<Contest> PartitionsContests(const BenchOptions& options,
                                        int32_t partitions = kManyPartitions);

}  // namespace cauce::bench
