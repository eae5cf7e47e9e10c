#include "engine/catalog/lost_catalog.h"

#include "absl/status/status.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/topic_catalog.h"
#include "engine/catalog/whole_file.h"
#include "fmt/format.h"

namespace cauce {

std::optional<Finding> FindLostCatalog(FileSystem& files,
                                       std::string_view directory) {
  const auto is_gone = [&](std::string_view name) {
    return absl::IsNotFound(files.Info(JoinPath(directory, name)).status());
  };
  // A repair that has moved both away has told of it.
  const bool was_told =
      !is_gone(fmt::format("{}.cut", kCatalogFile)) ||
      !is_gone(fmt::format("{}.cut", kCatalogCopyFile));
  const bool is_lost = is_gone(kCatalogFile) && is_gone(kCatalogCopyFile) &&
                       !is_gone(kManifestFile) && !was_told;
  if (!is_lost) return std::nullopt;
  return Finding{
      .gravity = Gravity::kNote,
      .file = JoinPath(directory, kCatalogFile),
      .what = fmt::format("is gone, and so is {}: topics keep their records "
                          "and lose their configs",
                          kCatalogCopyFile),
      .advice = "restore one of them from a copy before anything opens the "
                "directory for writing; else give the topics their configs "
                "again: until then nothing of them is deleted or compacted"};
}

}  // namespace cauce
