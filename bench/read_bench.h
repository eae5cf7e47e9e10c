// The contests of reading; see read_bench.cc for the question they answer.
// For one thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

struct ReadWork {
  size_t record_bytes = 100;
  // The topic's cauce.flush while it was written: zeros written ahead leave
  // larger pieces in the page cache than batches do one by one.
  std::string flush = "group";
};

std::vector<ReadWork> ReadWorks();

std::string ReadContestName(const ReadWork& work);

// A contest over a topic that was written for it and lives as long as it does.
absl::StatusOr<Contest> ReadContest(const BenchOptions& options,
                                    const ReadWork& work);

}  // namespace cauce::bench
