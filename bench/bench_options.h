// What every contest of a run is told: where, how much, and with whom.
// A plain value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/peers/java_peers.h"

namespace cauce::bench {

struct BenchOptions {
  std::string directory;             // to work in, on the disk that is measured
  int64_t bytes = int64_t{2} << 30;  // that each run handles
  uint32_t seed = 1;                 // draws the payload
  // Null leaves them out.
  std::shared_ptr<const JavaPeers> java = nullptr;
};

}  // namespace cauce::bench
