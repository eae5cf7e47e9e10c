// What lies on a disk once a directory was recovered, beyond what an engine
// says of it: whether two recoveries leave the same, and whether each index is
// the one that its log makes.
//
// Only looks. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce::test {

// The bytes of every file below a directory, by path, but for those that are
// derived from others or on their way out, and those of a partition without
// records, which a clean stop need not have made durable.
using FileBytes = std::map<std::string, std::string>;
absl::StatusOr<FileBytes> FilesThatMatter(FileSystem& files,
                                          std::string_view directory);

// The paths that are not in both, or whose bytes differ, with the sizes; empty
// where there are none.
std::string DifferenceOf(const FileBytes& before, const FileBytes& after);

struct IndexCheck {
  int64_t interval_bytes = 0;  // between entries, in every partition
  // By the partition's name: below a log's start nobody looks for anything, and
  // an index that a loss spoiled stays so.
  std::map<std::string, int64_t> log_starts;
};

// OK when the index files of these partitions of the data directory hold what
// a walk over their segments makes of them. The time index may hold besides
// what sealing the segment at any of its batches would have added; a file may
// end early, since who looks walks on from its last entry, but it has one.
absl::Status CheckIndexFiles(FileSystem& files, std::string_view directory,
                             const IndexCheck& check);

}  // namespace cauce::test
