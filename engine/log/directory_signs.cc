#include "engine/log/directory_signs.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/log_start_copy.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/meta_properties.h"
#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::array kSmallFiles = {
    kMetaPropertiesFile, kCatalogFile,       kCatalogCopyFile,
    kRecoveryPointFile,  kLogStartFile,      kHighWatermarkFile,
    kFirstDirtyFile,     kCleanShutdownFile, kLogStartCopyFile,
    kManifestFile,
};

bool IsOfAPartition(const DirectoryEntry& entry) {
  return !entry.is_directory && (entry.name == kPartitionMetadataFile ||
                                 ParseSegmentFileName(entry.name));
}

// A name such as "backup-2024" could be a partition's and need not be, though
// the directory be empty. Why it cannot be looked into goes to `unseen`.
bool IsPartition(FileSystem& files, const std::string& directory,
                 const DirectoryEntry& entry, absl::Status& unseen) {
  if (!entry.is_directory || !ParseTopicPartition(entry.name)) return false;
  const auto inside = files.List(JoinPath(directory, entry.name));
  // A writer may be deleting it.
  if (!absl::IsNotFound(inside.status())) unseen.Update(inside.status());
  return inside.ok() && std::ranges::any_of(*inside, IsOfAPartition);
}

}  // namespace

bool IsSmallFile(std::string_view name) {
  return std::ranges::find(kSmallFiles, name) != kSmallFiles.end();
}

absl::Status CheckIsDataDirectory(FileSystem& files,
                                  const std::string& directory) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  absl::Status unseen;
  const bool has_sign =
      std::ranges::any_of(entries, [&](const DirectoryEntry& entry) {
        return (!entry.is_directory && IsSmallFile(entry.name)) ||
               IsPartition(files, directory, entry, unseen);
      });
  if (has_sign) return absl::OkStatus();
  if (std::ranges::any_of(entries, IsOfAPartition)) {
    return MakeError(
        Reason::kInvalidOption,
        fmt::format("{}: holds the files of one partition; name the directory "
                    "that this one lies in",
                    directory));
  }
  CAUCE_RETURN_IF_ERROR(unseen);
  return MakeError(
      Reason::kInvalidOption,
      fmt::format("{}: is no data directory: there is no partition in it, and "
                  "none of the files that an engine or a broker keeps beside "
                  "them, as {}",
                  directory, kMetaPropertiesFile));
}

bool HoldsLogs(FileSystem& files, const std::string& directory) {
  if (CheckIsDataDirectory(files, directory).ok()) return true;
  const auto entries = files.List(directory);
  return entries.ok() && std::ranges::any_of(*entries, IsOfAPartition);
}

}  // namespace cauce
