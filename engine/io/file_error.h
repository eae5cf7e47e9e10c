// What the file systems say when something fails, so that the one on disk and
// the one in memory fail with the same codes, reasons and words; see
// cauce/file_system.h for what they mean. An errno's message is
// "path: operation: the system's words", with advice where there is one thing
// to do. Any thread may call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace cauce {

// What a lock's holder says of itself is cut here when it is read.
inline constexpr size_t kOwnerBytesMax = 256;

// For operations on names: open, rename, list, lock and the like.
absl::Status NameError(std::string_view path, std::string_view operation,
                       int error);

// For reads, writes and syncs, which know a full disk and a failed one only.
absl::Status DataError(std::string_view path, std::string_view operation,
                       int error);

// For a lock that another has, who is known by `owner`: bytes that anybody may
// have written, or nothing.
absl::Status LockedError(std::string_view path, std::string_view owner);

// For a change through a file that was opened for reading.
absl::Status ReadOnlyError(std::string_view path);

// Refuses [position, position + bytes) where no file can have such a range.
absl::Status CheckRange(std::string_view path, int64_t position, size_t bytes);

}  // namespace cauce
