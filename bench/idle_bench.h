// What an engine costs the process around it while nobody uses it, with a
// producer and a consumer: memory of its own, descriptors, threads, wake-ups.
//
// Its sides run in forked children: for a process without other threads.
#pragma once

#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

Contest IdleContest(const BenchOptions& options);

}  // namespace cauce::bench
