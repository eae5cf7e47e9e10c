// The contests of state stores that are written, asked and walked over; see
// store_bench.cc for the questions they answer. For one thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_options.h"
#include "bench/harness.h"

namespace cauce::bench {

enum class StoreVerb { kPut, kGet, kScan };

// Where the keys are that are asked for.
enum class StoreKeys {
  kTables,  // in files
  kBuffer,  // written, and in no file yet
  kNone,    // nowhere: those in files are others
};

struct StoreWork {
  StoreVerb verb = StoreVerb::kPut;
  bool in_memory = false;  // the store and its changelog; one thread
  int writers = 1;         // of kPut
  bool synced = false;     // likewise
  StoreKeys keys = StoreKeys::kTables;  // of kGet
};

std::vector<StoreWork> StoreWorks();
std::string StoreContestName(const StoreWork& work);

// What is asked and walked over is written first, and lives as long as it does.
absl::StatusOr<Contest> StoreContest(const BenchOptions& options,
                                     const StoreWork& work);

}  // namespace cauce::bench
