// What was measured, as a table for people and as JSON for programs.
//
// Pure functions but for Machine::Here, which asks the system: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/harness.h"

namespace cauce::bench {

// Where and of what a figure was taken: without it, it says nothing.
struct Machine {
  std::string processor;
  int processors = 0;
  int64_t memory_bytes = 0;
  std::string kernel;
  std::string file_system;  // of the directory that was measured
  std::string crc;          // which variant of CRC-32C runs here

  static Machine Here(const std::string& directory);
};

struct Provenance {
  std::string commit;
  Machine machine;
  uint32_t seed = 0;
  int rounds = 0;
};

struct ContestReport {
  std::string name;
  std::string notes;
  int64_t bytes = 0;
  int64_t items = 0;
  int rounds_dropped = 0;
  bool noisy = false;
  std::vector<Result> results;
};

// In Markdown, so that it can be kept in a README as it is.
std::string TableOf(const Provenance& from,
                    const std::vector<ContestReport>& reports);

std::string JsonOf(const Provenance& from,
                   const std::vector<ContestReport>& reports);

}  // namespace cauce::bench
