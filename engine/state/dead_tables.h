// Tables whose changelogs were deleted: nobody opens them again, and so nobody
// else would remove them.
//
// They are known by their directories' names, and removed only where all that
// lies there is a table's. A changelog that was made anew has its old table
// until its store is opened, which sees by the mark whose it is. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/engine.h"
#include "cauce/file_system.h"

namespace cauce {

// The names among `entries` that are of partitions which no topic has. Pure.
std::vector<std::string> FindDeadTables(
    const std::vector<DirectoryEntry>& entries,
    const std::vector<TopicDescription>& topics);

// Removes the table in that directory; false where what lies there is not a
// table alone.
absl::StatusOr<bool> RemoveDeadTable(FileSystem& files,
                                     std::string_view directory);

}  // namespace cauce
