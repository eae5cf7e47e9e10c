// What a data directory is told by: an engine's or a broker's small files, or
// the directory of a partition with a partition's files in it.
//
// So that who names another directory by mistake is told, rather than that it
// is whole, or has files made in it. Reads only; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/file_system.h"

namespace cauce {

// What writers lock, Kafka's brokers among them.
inline constexpr std::string_view kLockFile = ".lock";

// Whether an engine or a broker keeps a file of that name beside its
// partitions. Pure.
bool IsSmallFile(std::string_view name);

// Reason::kInvalidOption for a directory that shows none of these signs;
// NotFound where there is none; where it shows none and what may be a partition
// cannot be looked into, the error of that.
absl::Status CheckIsDataDirectory(FileSystem& files,
                                  const std::string& directory);

// Whether there are logs in it: it is a data directory, or a partition's. What
// cannot be looked into shows none.
bool HoldsLogs(FileSystem& files, const std::string& directory);

}  // namespace cauce
