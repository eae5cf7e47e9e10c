#include "engine/backup/stored_backup.h"

#include <string_view>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/directory_signs.h"
#include "engine/log/segment_name.h"
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

// What a name becomes while its file is written.
std::string_view WithoutTemporary(std::string_view name) {
  constexpr std::string_view kTemporary = ".tmp";
  if (name.ends_with(kTemporary)) name.remove_suffix(kTemporary.size());
  return name;
}

// Of a file beside the partitions: whether a backup may have made it.
bool IsBeside(std::string_view name) {
  if (name == kUnfinishedBackupFile || IsLock(name)) return true;
  name = WithoutTemporary(name);
  return name == kBackupFile || IsSmallFile(name);
}

// Of a file of a partition: its copy and its opening, which may cut off an end,
// make nothing else.
bool IsOfAPartition(const DirectoryEntry& entry) {
  if (entry.is_directory) return false;
  const std::string_view name = WithoutTemporary(entry.name);
  return ParseSegmentFileName(name) || name == kEpochFile ||
         name == kPartitionMetadataFile;
}

absl::Status NotOfABackupError(const std::string& path) {
  return absl::AlreadyExistsError(
      fmt::format("{}: lies where a backup did not end, and no backup makes "
                  "that: nothing is removed; take it away, or back up to "
                  "another directory",
                  path));
}

// What a backup that did not end has left is removed by the next one, and
// whoever looks for room may put something of his own beside it.
absl::Status CheckIsAllOfABackup(FileSystem& files, const std::string& target) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(target));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(target, entry.name);
    if (!entry.is_directory && IsBeside(entry.name)) continue;
    if (!entry.is_directory || !ParseTopicPartition(entry.name)) {
      return NotOfABackupError(path);
    }
    CAUCE_ASSIGN_OR_RETURN(const auto inside, files.List(path));
    for (const DirectoryEntry& each : inside) {
      if (!IsOfAPartition(each))
        return NotOfABackupError(JoinPath(path, each.name));
    }
  }
  return absl::OkStatus();
}

absl::Status RemovePartition(FileSystem& files, const std::string& path) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(path));
  for (const DirectoryEntry& entry : entries)
    CAUCE_RETURN_IF_ERROR(files.RemoveFile(JoinPath(path, entry.name)));
  return files.RemoveDirectory(path);
}

absl::Status RemoveAllButMark(FileSystem& files, const std::string& target) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(target));
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == kUnfinishedBackupFile || IsLock(entry.name)) continue;
    const std::string path = JoinPath(target, entry.name);
    CAUCE_RETURN_IF_ERROR(entry.is_directory ? RemovePartition(files, path)
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
// none, or is whole, or has something else in it.
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
  if (unfinished) {
    CAUCE_RETURN_IF_ERROR(CheckIsAllOfABackup(files, target));
    return true;
  }
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
