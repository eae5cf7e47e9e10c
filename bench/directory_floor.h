// The bare loops over many directories: what opening and appending to each
// costs in system calls alone.
//
// Each returns the seconds that the loop took. Errors are errno as a Status.
// For one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cauce::bench {

// Reads the whole of one file, with its checksum.
absl::StatusOr<double> RunFloorReadWhole(const std::string& path);

// Lists every directory to its end.
absl::StatusOr<double> RunFloorList(std::span<const std::string> directories);

// Opens every file, writes `bytes` into it at `at`, and closes it.
absl::StatusOr<double> RunFloorWriteToEach(std::span<const std::string> paths,
                                           std::string_view bytes, int64_t at);

// Opens every file, has it synced, and closes it.
absl::StatusOr<double> RunFloorSyncEach(std::span<const std::string> paths);

// Has all of the file system synced that holds `path`.
absl::StatusOr<double> RunFloorSyncAll(const std::string& path);

}  // namespace cauce::bench
