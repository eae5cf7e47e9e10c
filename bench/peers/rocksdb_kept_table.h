// RocksDB by itself, set up as it is beneath a state store: the same blocks,
// filters, cache, compression and size of what is in memory. In place of the
// store's changelog it has its own write-ahead log, or none. See kept_table.h.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bench/kept_table.h"

namespace cauce::bench {

enum class RocksDbLog {
  kNone,
  kWritten,  // every put survives a kill
  kSynced,   // and a power loss
};

// In a directory that may hold the table of a state store, and stays.
absl::StatusOr<std::unique_ptr<KeptTable>> OpenRocksDbTable(
    const std::string& directory, RocksDbLog log);

}  // namespace cauce::bench
