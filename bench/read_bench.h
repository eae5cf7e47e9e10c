// The contests of reading; see read_bench.cc for the question they answer.
// For one thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "bench/append_bench.h"
#include "bench/harness.h"

namespace cauce::bench {

std::string ReadContestName(size_t record_bytes);

// A contest over a topic that was written for it and lives as long as it does.
absl::StatusOr<Contest> ReadContest(const BenchOptions& options,
                                    size_t record_bytes);

}  // namespace cauce::bench
