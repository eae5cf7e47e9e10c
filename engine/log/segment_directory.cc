#include "engine/log/segment_directory.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/segment_name.h"

namespace cauce {

absl::StatusOr<std::vector<Offset>> ListSegmentBases(
    const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  std::vector<Offset> bases;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!entry.is_directory && file && file->suffix == kLogSuffix) {
      bases.push_back(file->base);
    }
  }
  std::sort(bases.begin(), bases.end());
  return bases;
}

absl::StatusOr<int64_t> SealedBytes(const SegmentPlace& place) {
  const auto info =
      place.files->Info(place.PathOf(SegmentFileName(place.base, kLogSuffix)));
  // As a pipe or a directory it is one that cannot be opened.
  if (absl::IsFailedPrecondition(info.status())) return 0;
  CAUCE_RETURN_IF_ERROR(info.status());
  return info->bytes;
}

absl::StatusOr<ScannedSegment> ScanEnd(const SegmentPlace& place,
                                       Offset durable) {
  const std::string path =
      place.PathOf(SegmentFileName(place.base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                         place.files->Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  const ScanRange range{.base = place.base,
                        .bytes = size,
                        .index_interval_bytes = place.index_interval_bytes,
                        .boundary = durable};
  auto index = LoadIndexFiles(
      *place.files,
      place.PathOf(SegmentFileName(place.base, kOffsetIndexSuffix)),
      place.PathOf(SegmentFileName(place.base, kTimeIndexSuffix)), place.base,
      place.index_interval_bytes);
  if (!index.ok()) return ScanSegment(file, path, range);
  return ScanSegmentTail(file, path, range, *std::move(index));
}

}  // namespace cauce
