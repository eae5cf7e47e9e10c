// Whether a data directory has lost its list of topics, both copies: its topics
// then keep their records, and nobody knows their configs any more.
//
// A directory that others made has none either; in one of ours a close has left
// what its topics held. Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "cauce/file_system.h"
#include "cauce/inspect.h"

namespace cauce {

// The note to tell; nothing where the list is there, or was never ours, or that
// cannot be seen.
std::optional<Finding> FindLostCatalog(FileSystem& files,
                                       std::string_view directory);

}  // namespace cauce
