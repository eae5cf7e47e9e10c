#include "engine/catalog/file_stamp.h"

#include "engine/catalog/whole_file.h"

namespace cauce {
namespace {

// No file system that is in use tells times apart less finely.
constexpr absl::Duration kCoarsestTick = absl::Seconds(2);

}  // namespace

FileStamps LookAtStamps(FileSystem& files, std::string_view directory,
                        std::initializer_list<std::string_view> names,
                        absl::Time now) {
  std::vector<FileStamp> stamps;
  for (const std::string_view name : names) {
    const auto info = files.Info(JoinPath(directory, name));
    FileStamp& stamp = stamps.emplace_back();
    if (absl::IsNotFound(info.status())) continue;
    // Who reads it is told what is wrong.
    if (!info.ok() || now - info->modified < kCoarsestTick) return std::nullopt;
    stamp = {info->modified, info->bytes, info->id};
  }
  return stamps;
}

}  // namespace cauce
