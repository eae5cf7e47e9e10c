// The probes that tell whether the machine changed its speed during a round:
// one for its processor, one for its memory and kernel.
//
// They do the same work every time, short enough to be run around each round
// and long enough that one interrupt does not show. For one thread.
#pragma once

#include <string>
#include <vector>

#include "bench/harness.h"

namespace cauce::bench {

// "crc 1 MiB", again and again over the same bytes, and "pwrite 64 KiB", over a
// file in `directory` that is there already, so that it probes the copy and the
// system call and not whether the disk has room.
std::vector<Probe> NoiseProbes(const std::string& directory);

}  // namespace cauce::bench
