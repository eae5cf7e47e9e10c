// The contests of recovery; see recovery_bench.cc for the question they answer.
// For one thread of a process that runs no other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

// What was there when the writer was killed.
struct RecoveryWork {
  int32_t partitions = 1;
  int64_t times_bytes = 1;  // as many times the options' bytes
  // Whether the recovery points are lost too, so that all has to be scanned.
  bool full_scan = false;
};

// Those that are published, and their names.
std::vector<RecoveryWork> RecoveryWorks();
std::string RecoveryContestName(const RecoveryWork& work);

// Writes what the contest recovers, which stays as long as the contest.
absl::StatusOr<Contest> RecoveryContest(const BenchOptions& options,
                                        const RecoveryWork& work);

}  // namespace cauce::bench
