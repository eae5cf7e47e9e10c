// The contest of state stores that are made from their changelog; see
// restore_bench.cc for the question it answers. For one thread.
#pragma once

#include "absl/status/statusor.h"
#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

inline constexpr char kRestore[] = "BM_StoreRestore/value_bytes:192";

// Over a changelog that was written for it and lives as long as it does.
absl::StatusOr<Contest> RestoreContest(const BenchOptions& options);

}  // namespace cauce::bench
