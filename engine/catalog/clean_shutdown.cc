#include "engine/catalog/clean_shutdown.h"

#include <string>

#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"

namespace cauce {
namespace {

// As a broker writes it that has no epoch.
constexpr std::string_view kMark = R"({"version":0,"brokerEpoch":-1})";

}  // namespace

absl::StatusOr<bool> HasCleanShutdown(FileSystem& files,
                                      std::string_view directory) {
  const std::string path = JoinPath(directory, kCleanShutdownFile);
  const absl::StatusOr<FileInfo> info = files.Info(path);
  if (absl::IsNotFound(info.status())) return false;
  CAUCE_RETURN_IF_ERROR(info.status());
  if (info->is_directory) {
    CAUCE_RETURN_IF_ERROR(CheckNothingInPlaceOf(files, path));
  }
  return true;
}

absl::Status WriteCleanShutdown(FileSystem& files, std::string_view directory) {
  return ReplaceFile(files, directory, kCleanShutdownFile, kMark);
}

absl::Status RemoveCleanShutdown(FileSystem& files,
                                 std::string_view directory) {
  const absl::Status removed =
      files.RemoveFile(JoinPath(directory, kCleanShutdownFile));
  if (!absl::IsNotFound(removed)) CAUCE_RETURN_IF_ERROR(removed);
  return files.SyncDirectory(directory);
}

}  // namespace cauce
