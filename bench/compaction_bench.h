// The contests of compaction; see compaction_bench.cc for the questions they
// answer. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

struct CompactionWork {
  size_t value_bytes_min = 0;
  size_t value_bytes_max = 0;
  // For 4 GB; fewer bytes have fewer, so that as many records are dead.
  int64_t keys_of_4_gb = 0;
  int64_t memory_bytes = 0;  // for keys, on every side
  double bytes_per_cpu_second_min = 0;
};

std::vector<CompactionWork> CompactionWorks();

std::string CompactionContestName(const CompactionWork& work);

// A contest over a topic that was written for it and lives as long as it does.
absl::StatusOr<Contest> CompactionContest(const BenchOptions& options,
                                          const CompactionWork& work);

inline constexpr char kAppendWhileCompacting[] =
    "BM_PartitionAppendWhileCompacting";
absl::StatusOr<Contest> AppendWhileCompactingContest(
    const BenchOptions& options);

}  // namespace cauce::bench
