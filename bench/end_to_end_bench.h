// What producer and consumer cost beside the log beneath them: batches of 64
// KiB of records of 100 B, sent, polled, and both at once from two threads; in
// memory, and on a disk at level os.
#pragma once

#include <vector>

#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

std::vector<Contest> EndToEndContests(const BenchOptions& options);

}  // namespace cauce::bench
