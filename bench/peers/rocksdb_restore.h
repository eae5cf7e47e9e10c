// RocksDB as a program fills it that replays a changelog by hand: a WriteBatch
// for every thousand records, without a log of its own.
//
// For one thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cauce/cursor.h"

namespace cauce::bench {

// Writes what `changelog` has to hand out into a new table in `directory`; all
// is durable on return.
absl::Status RestoreByWriteBatches(Cursor& changelog,
                                   const std::string& directory);

}  // namespace cauce::bench
