// Puts the end of a file onto the disk again.
//
// After a failed sync the system may call pages clean that never reached the
// disk: they are read as they were written, and no later sync writes them. Only
// what is written again is synced again. (Of names a file system keeps a
// journal, which either commits or takes no more changes: to sync the directory
// again is enough.) For the file's one writer.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "cauce/file_system.h"

namespace cauce {

// Writes the bytes [from, to) of `file`, as they are read, where they stand.
// Durable only after a Sync that succeeds. Holds a piece of a mebibyte at most.
// Stops early where the file ends.
absl::Status RewriteTail(File& file, int64_t from, int64_t to);

}  // namespace cauce
