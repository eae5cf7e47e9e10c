// What stands in the place of a segment's log and is no file, or may not be
// read. (Of the small files it is whole_file.h that tells.)
//
// Nothing of it is followed, read or moved here. Any thread.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce {

// Whether what is there cannot be opened as a file: a pipe, say, or a
// directory. False of nothing, of a link, which is told with what to do about
// it, and of what may not be read. Else why it cannot be seen.
absl::StatusOr<bool> IsNoFile(FileSystem& files, std::string_view path);

// Whether `opened`, of a segment's log, says one of these.
bool IsStandIn(const absl::Status& opened);

// Why no file can be opened there: something else is in its place, as a link, a
// pipe or a directory, or it may not be read. OK where one can, and where that
// fails for another reason.
absl::Status WhatIsInTheWay(FileSystem& files, std::string_view path);

// Whether that is so of `path`, a name in `directory`, itself. Where a mount
// takes no writes, or the directory is not to be looked into, it is not: what
// stands there is whole, and can be read once that is mended.
bool IsItselfInTheWay(FileSystem& files, std::string_view directory,
                      std::string_view path);

// What to do about it, which a repair does not undo.
std::string_view AdviceOnStandIn(FileSystem& files, std::string_view path,
                                 const absl::Status& why);

// `failed`, of who wanted the file `path` in `directory`, with what to do where
// something that is no file stands there itself; else as it is.
absl::Status AdviseOnStandIn(FileSystem& files, std::string_view directory,
                             std::string_view path, const absl::Status& failed);

inline constexpr std::string_view kNoFileThere =
    "a pipe, or what else is no file, stands where the log of a segment should";
inline constexpr std::string_view kDirectoryThere =
    "a directory stands where the log of a segment should";

}  // namespace cauce
