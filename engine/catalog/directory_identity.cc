#include "engine/catalog/directory_identity.h"

#include <utility>

#include "engine/base/status_macros.h"
#include "engine/catalog/partition_metadata.h"

namespace cauce {

DirectoryIdentity::DirectoryIdentity(FileSystem& files, std::string path)
    : files_(&files), path_(std::move(path)) {}

absl::StatusOr<DirectoryIdentity> DirectoryIdentity::Of(FileSystem& files,
                                                        std::string path,
                                                        absl::Time now) {
  DirectoryIdentity identity(files, std::move(path));
  CAUCE_ASSIGN_OR_RETURN(identity.seen_, identity.Look(now));
  return identity;
}

absl::StatusOr<bool> DirectoryIdentity::IsStillThere(absl::Time now) {
  CAUCE_ASSIGN_OR_RETURN(Seen look, Look(now));
  const bool both_tell = !look.topic.is_zero() && !seen_.topic.is_zero();
  const bool is_the_same =
      both_tell ? look.topic == seen_.topic : look.directory == seen_.directory;
  if (!is_the_same) return false;
  // One whose file is lost is still who it was.
  if (look.topic.is_zero()) look.topic = seen_.topic;
  seen_ = std::move(look);
  return true;
}

absl::StatusOr<DirectoryIdentity::Seen> DirectoryIdentity::Look(
    absl::Time now) const {
  Seen look;
  look.metadata = LookAtStamps(*files_, path_, {kPartitionMetadataFile}, now);
  const bool is_absent = look.metadata && look.metadata->front().bytes < 0;
  if (look.metadata && look.metadata == seen_.metadata && !is_absent) {
    look.topic = seen_.topic;
  } else if (const auto id = ReadPartitionMetadata(*files_, path_); id.ok()) {
    look.topic = *id;
  }
  // Last: the id of a new directory is never taken for that of an old one.
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info, files_->Info(path_));
  look.directory = info.id;
  return look;
}

}  // namespace cauce
