// A bug to plant, as its file tells it: a patch behind some lines of words.
//
//   Plants: acknowledges a durable append before the sync
//   Target: //tests/crash:power_loss_test
//   Test: PowerLoss.EveryStepHoldsWhatItPromised
//   --- a/engine/log/log.cc
//   +++ b/engine/log/log.cc
//   @@ ...
//
// Pure: any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cauce::planted {

// Lines that follow each other in a file, as the patch finds them.
struct Hunk {
  std::string path;  // "engine/log/log.cc"
  std::string before;
  std::string after;
};

struct PlantedBug {
  std::string plants;  // what goes wrong
  std::string target;  // "//tests/crash:power_loss_test", the test target
  std::string test;    // "Suite.Name", which turns red
  std::vector<Hunk> hunks;
};

// Returns what is missing or cannot be read as an error.
absl::StatusOr<PlantedBug> ParsePlantedBug(std::string_view text);

}  // namespace cauce::planted
