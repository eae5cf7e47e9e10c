#include "engine/log/cut_names.h"

#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {
namespace {

absl::Status TooMany(const std::string& place) {
  return absl::FailedPreconditionError(
      fmt::format("{}: {} files of what was cut off here are there, and no "
                  "more are made; look at them and move them away",
                  place, kCutFilesMax));
}

}  // namespace

absl::StatusOr<CutNames> CutNames::In(FileSystem& files,
                                      std::string_view directory) {
  CutNames names(files, directory);
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  for (const DirectoryEntry& entry : entries) names.taken_.insert(entry.name);
  return names;
}

absl::StatusOr<std::string> CutNames::PathFor(std::string_view name) {
  for (int n = 0; n < kCutFilesMax; ++n) {
    const std::string free = CutFileName(name, n);
    if (taken_.insert(free).second) return JoinPath(directory_, free);
  }
  return TooMany(JoinPath(directory_, name));
}

absl::StatusOr<std::string> CutNames::PathFor(std::string_view name,
                                              const FilePart& part) {
  for (int n = 0; n < kCutFilesMax; ++n) {
    const std::string free = CutFileName(name, n);
    const std::string path = JoinPath(directory_, free);
    if (taken_.insert(free).second) return path;
    CAUCE_ASSIGN_OR_RETURN(const bool holds, HoldsPart(*files_, path, part));
    if (holds) return path;
  }
  return TooMany(JoinPath(directory_, name));
}

}  // namespace cauce
