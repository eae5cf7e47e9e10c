// Whether a sync of a whole file system tells of what did not reach it.
//
// Pure: what the system says of itself comes in.
#pragma once

#include <cstdint>
#include <string_view>

namespace cauce {

// Of Linux as `release` (uname -r) and a file system of `type` (statfs). Since
// 5.8 syncfs() tells of data that were lost, also of files that are closed by
// then, and since 5.17 of what became of the journal. On ext4, XFS and Btrfs it
// leaves nothing behind that their own fsync would write; of others that is not
// known, and some, as FUSE, do not hear of it at all.
bool TellsOfLostWrites(std::string_view release, int64_t type);

}  // namespace cauce
