// The bare loop of compaction: reads all, finds out by a table of hashes which
// records are written again, and writes the others to a file.
//
// Checking, decoding, hashing and the table's memory are the engine's own, so
// that a floor is not lower for want of instructions or pages; there are no
// indexes, no producers, no transactions, no tombstones, and nothing takes the
// place of anything. For one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/harness.h"

namespace cauce::bench {

struct FloorCompaction {
  std::vector<std::string> logs;  // oldest first
  int64_t records = 0;            // in them, at offsets from 0 on
  int64_t keys = 0;               // at most
  std::string output;             // is removed
};

// Until what is left is durable. Checks that it is `keys` records.
absl::StatusOr<double> RunFloorCompaction(const FloorCompaction& work);

}  // namespace cauce::bench
