// The contests of looking up single records; see look_up_bench.cc for the
// questions they answer. For one thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_options.h"
#include "bench/harness.h"
#include "bench/timed_records.h"

namespace cauce::bench {

enum class LookUpBy { kOffset, kTime };

struct LookUpWork {
  LookUpBy by = LookUpBy::kOffset;
  size_t batch_bytes = 16 << 10;
  TimeOrder order = TimeOrder::kRising;
};

std::vector<LookUpWork> LookUpWorks();

std::string LookUpContestName(const LookUpWork& work);

// A contest over a topic that was written for it and lives as long as it does.
absl::StatusOr<Contest> LookUpContest(const BenchOptions& options,
                                      const LookUpWork& work);

}  // namespace cauce::bench
