// What lies in a data directory, as far as PlanOpen may believe it.
//
// A name such as "backup-2024" could be a partition's and need not be: only a
// directory that holds a partition's files is taken in from elsewhere. Reads
// only; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/catalog/topic_catalog.h"

namespace cauce {

// Whether there is a segment's log among the entries of a directory.
bool HoldsSegments(std::span<const DirectoryEntry> entries);

// Whether a directory with these entries is a partition's: there is a
// `partition.metadata` or a segment's log in it.
bool HoldsPartition(std::span<const DirectoryEntry> entries);

// The entries of `directory`, by name, without those that are named like
// partitions which `catalog` does not know, and hold none. An empty one is a
// partition that was never opened where another of its topic holds one. Looks
// into only the ones that it does not know.
absl::StatusOr<std::vector<DirectoryEntry>> ListDataDirectory(
    FileSystem& files, std::string_view directory, const TopicCatalog& catalog);

}  // namespace cauce
