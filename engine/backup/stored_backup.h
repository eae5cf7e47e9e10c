// The directory of a backup: whether it is whole, from before its first file is
// written until it is read back. Functions without state: any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/backup/backup_manifest.h"

namespace cauce {

// Makes `target` and keeps every other backup out of it while what is returned
// lives: two at once would remove each other's files. Reason::kLocked while
// another is at work there; AlreadyExists as below, before anything is made.
absl::StatusOr<std::unique_ptr<FileLock>> LockTarget(FileSystem& files,
                                                     const std::string& target);

// Makes `target`, which is locked, empty but for the mark that it is not whole,
// durably. What a backup that did not end has left there goes. AlreadyExists
// for a whole one, and for anything that no backup makes: nothing is removed.
absl::Status ClearTarget(FileSystem& files, const std::string& target);

// Makes it whole, by one act, durably: all else that it holds is durable.
absl::Status FinishTarget(FileSystem& files, const std::string& target,
                          std::string_view manifest);

// NotFound where there is none, saying so of one that did not end;
// Reason::kCorruptFile, kUnsupportedFormat.
absl::StatusOr<BackupManifest> ReadBackupManifest(FileSystem& files,
                                                  const std::string& backup);

// The path of a file of partition `id` of the backup.
std::string PathInBackup(const std::string& backup,
                         const BackupManifest& manifest, PartitionId id,
                         std::string_view name);

}  // namespace cauce
