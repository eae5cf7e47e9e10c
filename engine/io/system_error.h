// A failed system call's errno as a Status, the way cauce/file_system.h says.
// The message is "path: operation: the system's words", with advice where
// there is one thing to do. Any thread may call.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace cauce {

// For operations on names: open, rename, list, lock and the like.
absl::Status NameError(std::string_view path, std::string_view operation,
                       int error);

// For reads, writes and syncs, which know a full disk and a failed one only.
absl::Status DataError(std::string_view path, std::string_view operation,
                       int error);

}  // namespace cauce
