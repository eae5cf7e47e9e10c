// Small files that are read and replaced as a whole.
//
// Whoever opens the file sees its old text or its new one, after a power loss
// too, never a part of either. One writer per file; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"

namespace cauce {

// Returns what the file holds. absl::NotFoundError where it is not there;
// Reason::kCorruptFile, before anything is read, where it is larger than
// `bytes_max`, or no file but a directory or a pipe. A link is what Open says
// of it: what it leads to may be whole.
absl::StatusOr<std::string> ReadWholeFile(FileSystem& files,
                                          std::string_view path,
                                          int64_t bytes_max);

// OK where a file stands at `path`, or nothing; absl::FailedPreconditionError,
// saying what to do, where a link, a directory or a pipe is in its place; else
// why it cannot be seen what stands there.
absl::Status CheckNothingInPlaceOf(FileSystem& files, std::string_view path);

// Makes each of `wanted` be in `directory` and hold its bytes: writes all of
// them beside ("<name>.tmp"), syncs, renames, and syncs the directory once.
// After an error each of the files is as it was or new, and which of them is
// not known to last. A directory in the place of one stays, and is named.
struct WantedFile {
  std::string_view name;
  std::string_view bytes;
};
absl::Status ReplaceFiles(FileSystem& files, std::string_view directory,
                          std::span<const WantedFile> wanted);

absl::Status ReplaceFile(FileSystem& files, std::string_view directory,
                         std::string_view name, std::string_view bytes);

// The same of one file, but its name is left for another to sync. A file that
// holds these bytes already is written over with them and synced: what a sync
// that failed has left is read back and yet goes with the power. One that
// cannot be read stays: Reason::kDiskFailed, absl::PermissionDeniedError.
absl::Status ReplaceUnnamed(FileSystem& files, std::string_view directory,
                            std::string_view name, std::string_view bytes);

// Makes files that are not there yet, with one sync of `whole`, which covers
// them all; their names are left for others to sync. Who reads one meanwhile,
// or after a stop, sees all of it or none; after an error some may be there.
struct NewFile {
  std::string path;
  std::string_view bytes;
};
absl::Status MakeUnnamed(FileSystem& files, std::span<const NewFile> wanted,
                         WholeSync& whole);

// Makes the file hold `bytes`, and syncs it but not its name: for one that is
// new. Who reads meanwhile, or after a stop, may see a part.
absl::Status WriteAndSyncFile(FileSystem& files, std::string_view path,
                              std::string_view bytes);

// Removes the file; that there is none is no error.
absl::Status RemoveIfThere(FileSystem& files, std::string_view path);

// "directory/name".
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace cauce
