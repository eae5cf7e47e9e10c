// The seam between Cauce and files: everything the engine does to a disk goes
// through these interfaces, so that tests can cut the power, fill the disk and
// fail any call. The real one is `PosixFileSystem()`; `NewMemoryFileSystem()`
// holds everything in memory.
//
// Errors carry a Reason where it says more than the code: kDiskFull for ENOSPC
// and EDQUOT, and for a write past the limit of file sizes (EFBIG, ulimit -f);
// kDiskFailed for any other failure of a read, write or sync. NotFound is for a
// path that does not exist, AlreadyExists for one that must not. Without a
// reason ResourceExhausted is for want of a descriptor, of memory or of an
// inotify watch. FailedPrecondition is for a path that is something else (a
// directory, a link, not empty), InvalidArgument for a path or position that
// cannot be; besides PermissionDenied. Messages name the path, what was tried
// and the system's own words. EINTR and short transfers are retried inside.
//
// Paths are separated by '/'. A symbolic link at a path's last component is
// never followed: it is refused, but Rename and RemoveFile act on the link
// itself. Files are made with mode 0600, directories with 0700, whatever the
// process's umask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cauce {

class Clock;

// One open file. Thread-safe: calls at different positions may overlap.
// Destroying it closes it; what was not synced may still be lost. It stays
// usable after its name is removed, or given to another file by a rename.
// A negative position or size, or one past what a file can hold, is an
// InvalidArgument; a change to a file opened with kRead is Reason::kReadOnly.
class File {
 public:
  virtual ~File() = default;

  // Reads into the whole of `into` from `position` on; returns how many bytes
  // that were, fewer only when the file ends first.
  virtual absl::StatusOr<size_t> Read(int64_t position,
                                      std::span<char> into) const = 0;

  // Writes `parts` back to back from `position` on; the file grows as needed,
  // a gap reads as zeros. After an error any part of the range may have been
  // written.
  virtual absl::Status Write(int64_t position,
                             std::span<const std::string_view> parts) = 0;
  absl::Status Write(int64_t position, std::string_view bytes) {
    return Write(position, std::span<const std::string_view>(&bytes, 1));
  }

  // Makes everything written before the call began survive a power loss,
  // the file's size included (fdatasync). The name needs SyncDirectory.
  virtual absl::Status Sync() = 0;

  // Cuts or extends the file (with zeros) to `size` bytes.
  virtual absl::Status Truncate(int64_t size) = 0;

  virtual absl::StatusOr<int64_t> Size() const = 0;

  // From `position` on, where anything but zeros may stand first; INT64_MAX
  // where nothing does. A hint: who has no such call, or cannot tell, says
  // `position`.
  virtual int64_t NextData(int64_t position) const { return position; }

  // Gives the file this time of modification, until it is changed again. A
  // power loss may take that back, synced or not. Where a file system has no
  // such call this does nothing.
  virtual absl::Status SetModified(absl::Time /*modified*/) {
    return absl::OkStatus();
  }
};

enum class OpenMode {
  kRead,          // the file must exist
  kReadWrite,     // the file must exist
  kCreate,        // the file must not exist; open for reading and writing
  kOpenOrCreate,  // for reading and writing
};

struct FileInfo {
  int64_t bytes = 0;
  absl::Time modified;
  bool is_directory = false;
  // Tells it from what else has its name, or had it. No two that are there at
  // once have the same, but by an odd chance. Where the file system does not
  // note when files are made, the next may get that of one that is gone. 0
  // where nothing tells.
  uint64_t id = 0;
};

struct DirectoryEntry {
  std::string name;  // within its directory
  bool is_directory = false;
};

// Held while it lives; a process that dies lets go of it.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Makes all that was written on a file system durable with one call: where many
// of its files were, that costs less than a sync of each. Thread-safe.
class WholeSync {
 public:
  virtual ~WholeSync() = default;

  // From how many files on it is worth it.
  virtual size_t files_min() const = 0;

  // Whether `directory` is on that file system.
  virtual bool Covers(std::string_view directory) const = 0;

  // Makes everything written, cut, made, renamed and removed there before the
  // call began survive a power loss, whoever did it and whether or not its file
  // is still open. Fails where any of what was written since this was opened is
  // lost; from then on every call does.
  virtual absl::Status Sync() = 0;
};

// Wakes up when something changed in the directories it watches.
class FileWatch {
 public:
  virtual ~FileWatch() = default;

  // Waits until a file in a watched directory was made, written, renamed or
  // removed since the last return, a signal arrived, or `timeout` passed.
  // Returns true for a change. Spurious wake-ups may happen. For one thread at
  // a time. In memory no signal ends the wait.
  virtual absl::StatusOr<bool> Wait(absl::Duration timeout) = 0;

  // A descriptor that poll finds readable while Wait would not wait, for those
  // who wait for other things as well; -1 where there is none, as in memory.
  // Lives as long as the watch, which alone reads from it.
  virtual int descriptor() const { return -1; }
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // How many files the process may have open at once, whoever opens them: the
  // limit as it is now. Without one, the largest int.
  virtual int OpenFilesMax() const { return std::numeric_limits<int>::max(); }

  // How many bytes a process without privileges may still have written on the
  // file system that holds `path`, which must exist. Without a bound, the
  // largest int64. A quota may leave less.
  virtual absl::StatusOr<int64_t> FreeBytes(std::string_view path) {
    const absl::StatusOr<FileInfo> info = Info(path);
    if (!info.ok()) return info.status();
    return std::numeric_limits<int64_t>::max();
  }

  // How many forks lie between this process and the one in which the file
  // system was first used. Where the number is not what it was, this is a
  // child, and whatever was opened before belongs to its parent.
  virtual int forks() const { return 0; }

  // Where `path` leads: with a symbolic link at its end followed, to the end;
  // as it is where there is none, or nothing. For the name that a user gave.
  virtual absl::StatusOr<std::string> Resolve(std::string_view path) {
    return std::string(path);
  }

  // Only of regular files: a directory is refused in every mode.
  virtual absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                                     OpenMode mode) = 0;

  // Makes the directory and every missing one above it, and syncs the
  // directories that hold the new names. One that exists is no error; a file
  // in its place is AlreadyExists.
  virtual absl::Status CreateDirectories(std::string_view path) = 0;

  // Makes the last directory of `path`; the one above it must exist. One that
  // is there is no error, a file in its place is AlreadyExists. The name is
  // durable only after SyncDirectory, so that one sync serves for many.
  virtual absl::Status CreateDirectory(std::string_view path) = 0;

  // Names of files and directories, sorted by name, without "." and "..".
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) = 0;

  virtual absl::StatusOr<FileInfo> Info(std::string_view path) = 0;

  // Renames a file, which takes the place of a file that is already called
  // `to`, or a directory, which takes the place of an empty one only. Durable
  // only after SyncDirectory.
  virtual absl::Status Rename(std::string_view from, std::string_view to) = 0;

  virtual absl::Status RemoveFile(std::string_view path) = 0;
  // The directory must be empty.
  virtual absl::Status RemoveDirectory(std::string_view path) = 0;

  // Makes the names made, renamed and removed in `directory` survive a power
  // loss.
  virtual absl::Status SyncDirectory(std::string_view directory) = 0;

  // Of the file system that holds `file`, which must exist. Null where it has
  // no such call, or none that tells of what was lost.
  virtual absl::StatusOr<std::unique_ptr<WholeSync>> OpenWholeSync(
      std::string_view file) {
    const absl::StatusOr<FileInfo> info = Info(file);
    if (!info.ok()) return info.status();
    return nullptr;
  }

  // Creates the file where absent and locks it against every other holder, in
  // this process too; then writes `owner` into it, unless the disk is full.
  // Letting go empties the file and leaves it there. Reason::kLocked, naming
  // what the holder wrote, when somebody has it. A child that was forked while
  // the lock was held and lives on without exec keeps it when its parent dies.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) = 0;

  // Watches the directories themselves, not those below them.
  virtual absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) = 0;
};

// The operating system's files. Lives for ever; never null.
FileSystem* PosixFileSystem();

// An empty file system in memory, with the root directory "/", from which
// relative paths begin as well. What it holds goes with it; files, locks and
// watches that are still open keep what they need. Times of modification come
// from `clock`, which is borrowed; null means the system's.
std::unique_ptr<FileSystem> NewMemoryFileSystem(Clock* clock = nullptr);

}  // namespace cauce
