// A disk whose power can be cut before any change, and whose calls can be made
// to fail, or to take long.
//
// Files are in memory twice: as processes see them, and as the disk has them
// (UnsyncedBytes). Names that were made, renamed or removed since their
// directory was synced are as uncertain as bytes: any of these changes, a
// rename being one, may be on the disk without the others. Once the power is
// out every call fails, until Restart() decides what is left. Files, locks and
// watches from before a restart stay dead. Thread-safe but for Restart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"
#include "tests/testing/choices.h"
#include "tests/testing/unsynced_bytes.h"

namespace cauce::test {

enum class DiskCall {
  kCreate,  // a file's name; opening one that is there changes nothing
  kMakeDirectory,
  kWrite,
  kTruncate,
  kSync,
  kRename,
  kRemove,
  kSyncDirectory,
  kSyncWhole,  // of the whole disk
  // These change nothing and are not counted.
  kRead,  // of bytes, or of the names in a directory
  kLook,  // at what stands by a name
};

inline bool IsChange(DiskCall call) {
  return call != DiskCall::kRead && call != DiskCall::kLook;
}

class FaultyDisk final : public FileSystem {
 public:
  // `clock`, which is borrowed, gives the times of modification.
  explicit FaultyDisk(Clock& clock);
  ~FaultyDisk() override;

  // A disk like this one, whose power must be out: both may come back, to
  // different fates.
  std::unique_ptr<FaultyDisk> Copy() const;

  // How many calls have changed anything, or would have.
  int64_t changes() const;
  // The power goes out in front of the change of this number.
  void CutBefore(int64_t change);
  void CutNow() { CutBefore(0); }
  bool is_cut() const;

  // The power, which is out by now, comes back.
  Fates Restart(Choices& choices);
  // It was not the power, only the process died: all that it wrote is there.
  void RestartProcess();
  // What Restart would ask the choices about.
  int64_t unsynced() const;

  // Asked before every call, by the thread that makes it; an error is what the
  // call returns. A write that fails leaves half of its bytes behind, a sync
  // leaves what was unsynced to chance and to oblivion; other calls change
  // nothing. It may wait, or move the clock: the call takes that long, and
  // calls of other threads go on.
  using Plan = std::function<absl::Status(DiskCall call, std::string_view path,
                                          int64_t change)>;
  void set_plan(Plan plan);
  // Bytes that all files may have in all, counted in sectors. At the bound a
  // write leaves what fits, and no name is made.
  void set_capacity(int64_t bytes);
  int64_t used() const;

  // From now on who asks gets one that syncs all of it, worth it from so many
  // files on.
  void offer_whole_sync(size_t files_min);

  // One bit of a file, as it lies on the disk and in memory.
  void FlipBit(std::string_view path, int64_t bit);

  absl::StatusOr<int64_t> FreeBytes(std::string_view path) override;
  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override;
  absl::Status CreateDirectory(std::string_view path) override;
  absl::Status CreateDirectories(std::string_view path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override;
  absl::StatusOr<FileInfo> Info(std::string_view path) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status RemoveFile(std::string_view path) override;
  absl::Status RemoveDirectory(std::string_view path) override;
  absl::Status SyncDirectory(std::string_view directory) override;
  absl::StatusOr<std::unique_ptr<WholeSync>> OpenWholeSync(
      std::string_view file) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override;
  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override;

 private:
  class OpenFile;
  class Whole;
  struct State;

  explicit FaultyDisk(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;
};

}  // namespace cauce::test
