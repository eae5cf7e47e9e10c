// Which compacted logs go on to take the place of segments behind a stop: what
// all who look at a partition then have to agree on. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cauce/file_system.h"
#include "cauce/types.h"

namespace cauce {

// The bases of those that were complete, by the names in their directory,
// sorted. Where a `.cleaned` file is there, those from its base on were not: a
// cleaner that makes several of one segment renames the last of them first.
// Source: Apache Kafka, LogLoader.
std::vector<Offset> CompleteSwaps(std::span<const DirectoryEntry> entries);

// One of them, as it was found.
struct FoundSwap {
  Offset base;
  Offset next;
  bool is_whole = false;
};

// Why it cannot be what it says, beside segments that begin at `logs`, for
// people; empty where it takes their place.
std::string WhyNoSwap(const FoundSwap& swap, std::span<const Offset> logs);

}  // namespace cauce
