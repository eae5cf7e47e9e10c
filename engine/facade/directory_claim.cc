#include "engine/facade/directory_claim.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/cut_files.h"
#include "engine/log/directory_signs.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<std::unique_ptr<FileLock>> LockDirectory(
    FileSystem& files, std::string_view directory) {
  auto lock = files.Lock(JoinPath(directory, kLockFile),
                         fmt::format("pid {}", getpid()));
  if (absl::IsFailedPrecondition(lock.status())) {
    CAUCE_RETURN_IF_ERROR(CheckLockFile(files, directory));
  }
  return lock;
}

absl::Status CheckLockFile(FileSystem& files, std::string_view directory) {
  return CheckNothingInPlaceOf(files, JoinPath(directory, kLockFile));
}

absl::Status CheckIsDirectory(FileSystem& files, const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info, files.Info(directory));
  if (info.is_directory) return absl::OkStatus();
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("{}: is a file, a data directory is needed", directory));
}

DirectoryClaim::DirectoryClaim(FileSystem& files, std::string directory)
    : files_(&files), directory_(std::move(directory)) {}

absl::StatusOr<DirectoryClaim> DirectoryClaim::Take(
    FileSystem& files, const std::string& directory, IfMissing if_missing,
    Random& random) {
  const absl::Status found = CheckIsDirectory(files, directory);
  if (absl::IsNotFound(found) && if_missing == IfMissing::kCreate) {
    CAUCE_RETURN_IF_ERROR(files.CreateDirectories(directory));
  } else {
    CAUCE_RETURN_IF_ERROR(found);
    if (if_missing == IfMissing::kFail) {
      CAUCE_RETURN_IF_ERROR(CheckIsDataDirectory(files, directory));
    }
  }
  DirectoryClaim claim(files, directory);
  CAUCE_ASSIGN_OR_RETURN(claim.lock_, LockDirectory(files, directory));
  CAUCE_RETURN_IF_ERROR(EnsureMetaProperties(files, directory, random));
  CAUCE_ASSIGN_OR_RETURN(claim.clean_stop_, HasCleanShutdown(files, directory));
  return claim;
}

absl::Status DirectoryClaim::Begin() {
  return RemoveCleanShutdown(*files_, directory_);
}

absl::StatusOr<Manifest> DirectoryClaim::ReadManifest() const {
  return clean_stop_ ? ReadNamedManifest(*files_, directory_)
                     : ReadLeftManifest(*files_, directory_);
}

absl::StatusOr<std::string> DirectoryClaim::ClearUnnamedManifest() {
  std::string kept;
  if (!clean_stop_) return kept;
  CAUCE_ASSIGN_OR_RETURN(const UnnamedManifest unnamed,
                         FindUnnamedManifest(*files_, directory_));
  if (unnamed == UnnamedManifest::kNone) return kept;
  if (unnamed == UnnamedManifest::kDoubtful) return SetManifestAside();
  CAUCE_RETURN_IF_ERROR(
      files_->RemoveFile(JoinPath(directory_, kManifestFile)));
  CAUCE_RETURN_IF_ERROR(files_->SyncDirectory(directory_));
  return kept;
}

absl::StatusOr<std::string> DirectoryClaim::SetManifestAside() {
  const std::string path = JoinPath(directory_, kManifestFile);
  CAUCE_ASSIGN_OR_RETURN(std::string kept,
                         CutFiles(*files_, directory_).SetAside(path));
  absl::Status synced = files_->SyncDirectory(directory_);
  if (synced.ok()) return kept;
  // The next opening would miss it, and tell nobody.
  synced.Update(files_->Rename(kept, path));
  return synced;
}

absl::Status DirectoryClaim::End(std::string_view manifest) {
  const absl::Status marked =
      WriteCleanShutdown(*files_, directory_, manifest);
  // It only helps to open partitions sooner: where there is no room for it, or
  // something else in its place, it is done without.
  const bool is_hindered = ReasonOf(marked) == Reason::kDiskFull ||
                           absl::IsFailedPrecondition(marked);
  if (manifest.empty() || !is_hindered) return marked;
  return WriteCleanShutdown(*files_, directory_);
}

}  // namespace cauce
