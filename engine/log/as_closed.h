// Whether a partition is as the close that knew it has left it, however the
// last stop was: then it needs no recovery, and what is missing of it is.
//
// Goes by names, sizes and times, and by the recovery point: whoever cuts a log
// takes that back first, and durably. Reads only; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/catalog/known_log.h"
#include "engine/log/log_environment.h"

namespace cauce {

// `bounds` are as they are saved by now. An error where it cannot be told.
absl::StatusOr<bool> IsAsClosed(FileSystem& files, const std::string& directory,
                                const KnownLog& known, const LogBounds& bounds);

// Whether that is the directory of which `known` tells, whatever was done in it
// since: not where another one was put in its place, or where that was not
// noted.
absl::StatusOr<bool> IsSameDirectory(FileSystem& files,
                                     const std::string& directory,
                                     const KnownLog& known);

}  // namespace cauce
