#include "engine/backup/stored_backup.h"

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/directory_signs.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kMark =
    "A backup begins or began here and has not ended: nothing restores it, and "
    "the next one to this directory replaces all that is in it.\n";

// What stays where a backup is begun anew: who holds a lock holds the file, and
// not whatever has its name next.
bool IsLock(std::string_view name) {
  return name == kBackupLockFile || name == kLockFile;
}

absl::Status RemoveTree(FileSystem& files, const std::string& path) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(path));
  // A backup makes no directory within a partition's: that is somebody else's,
  // and is refused by RemoveFile.
  for (const DirectoryEntry& entry : entries)
    CAUCE_RETURN_IF_ERROR(files.RemoveFile(JoinPath(path, entry.name)));
  return files.RemoveDirectory(path);
}

absl::Status RemoveAllButMark(FileSystem& files, const std::string& target) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(target));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == kUnfinishedBackupFile || IsLock(entry.name)) continue;
    const std::string path = JoinPath(target, entry.name);
    CAUCE_RETURN_IF_ERROR(entry.is_directory ? RemoveTree(files, path)
                                             : files.RemoveFile(path));
  }
  return files.SyncDirectory(target);
}

absl::StatusOr<bool> IsThere(FileSystem& files, const std::string& path) {
  const auto info = files.Info(path);
  if (absl::IsNotFound(info.status())) return false;
  CAUCE_RETURN_IF_ERROR(info.status());
  return true;
}

// Whether a backup began there that did not end. AlreadyExists for what is
// none, or is whole.
absl::StatusOr<bool> IsUnfinished(FileSystem& files,
                                  const std::string& target) {
  CAUCE_ASSIGN_OR_RETURN(const bool whole,
                         IsThere(files, JoinPath(target, kBackupFile)));
  if (whole) {
    return absl::AlreadyExistsError(
        fmt::format("{}: holds a whole backup; back up to another directory, "
                    "or remove it first",
                    target));
  }
  CAUCE_ASSIGN_OR_RETURN(
      const bool unfinished,
      IsThere(files, JoinPath(target, kUnfinishedBackupFile)));
  if (unfinished) return true;
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(target));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == kBackupLockFile) continue;
    return absl::AlreadyExistsError(
        fmt::format("{}: is not empty, {} is in it, and no backup that did "
                    "not end; back up to another directory",
                    target, entry.name));
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> LockTarget(
    FileSystem& files, const std::string& target) {
  CAUCE_RETURN_IF_ERROR(files.CreateDirectories(target));
  // Nothing is put into a directory that is somebody else's.
  CAUCE_RETURN_IF_ERROR(IsUnfinished(files, target).status());
  return files.Lock(JoinPath(target, kBackupLockFile), "another backup");
}

absl::Status ClearTarget(FileSystem& files, const std::string& target) {
  CAUCE_ASSIGN_OR_RETURN(const bool unfinished, IsUnfinished(files, target));
  if (!unfinished) {
    CAUCE_RETURN_IF_ERROR(WriteAndSyncFile(
        files, JoinPath(target, kUnfinishedBackupFile), kMark));
    // Before anything else has a name there.
    return files.SyncDirectory(target);
  }
  return RemoveAllButMark(files, target);
}

absl::Status FinishTarget(FileSystem& files, const std::string& target,
                          std::string_view manifest) {
  if (static_cast<int64_t>(manifest.size()) > kBackupManifestBytesMax) {
    return absl::ResourceExhaustedError(
        fmt::format("{}: the list of what the backup holds takes {} bytes, "
                    "limit is {}; back up without group offsets",
                    target, manifest.size(), kBackupManifestBytesMax));
  }
  CAUCE_RETURN_IF_ERROR(ReplaceFile(files, target, kBackupFile, manifest));
  CAUCE_RETURN_IF_ERROR(
      RemoveIfThere(files, JoinPath(target, kUnfinishedBackupFile)));
  return files.SyncDirectory(target);
}

absl::StatusOr<BackupManifest> ReadBackupManifest(FileSystem& files,
                                                  const std::string& backup) {
  const std::string path = JoinPath(backup, kBackupFile);
  const auto bytes = ReadWholeFile(files, path, kBackupManifestBytesMax);
  if (absl::IsNotFound(bytes.status())) {
    CAUCE_ASSIGN_OR_RETURN(
        const bool unfinished,
        IsThere(files, JoinPath(backup, kUnfinishedBackupFile)));
    return absl::NotFoundError(
        unfinished ? fmt::format("{}: this backup did not end: run it again, "
                                 "which begins it anew",
                                 backup)
                   : fmt::format("{}: is no backup: there is no {} in it",
                                 backup, kBackupFile));
  }
  CAUCE_RETURN_IF_ERROR(bytes.status());
  return BackupManifest::Parse(path, *bytes);
}

std::string PathInBackup(const std::string& backup,
                         const BackupManifest& manifest, PartitionId id,
                         std::string_view name) {
  return JoinPath(
      JoinPath(backup, TopicPartition{manifest.topic.name, id}.ToString()),
      name);
}

}  // namespace cauce
