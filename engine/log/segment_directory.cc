#include "engine/log/segment_directory.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_index.h"
#include "engine/log/segment_name.h"

namespace cauce {
namespace {

// Whether `found`, of a closed segment, is what its log `made`: a close adds a
// last time entry.
bool Confirms(const SegmentIndex& made, const SegmentIndex& found) {
  const std::string times = found.EncodeTimes();
  const auto last = found.times().last();
  const bool is_closed = found.times().size() == made.times().size() + 1 &&
                         last->timestamp == made.largest_timestamp() &&
                         times.starts_with(made.EncodeTimes());
  return found.EncodeOffsets() == made.EncodeOffsets() &&
         (is_closed || times == made.EncodeTimes());
}

// What a walk over the last segment, which has `bytes`, expects.
ScanRange RangeOf(const SegmentPlace& place, Offset durable, int64_t bytes) {
  ScanRange range{.base = place.base,
                  .bytes = bytes,
                  .index_interval_bytes = place.index_interval_bytes,
                  .boundary = durable};
  if (!place.may_have_gaps) range.no_gap_from = durable;
  return range;
}

}  // namespace

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
  const ScanRange range = RangeOf(place, durable, size);
  auto index = LoadIndexFiles(
      *place.files,
      place.PathOf(SegmentFileName(place.base, kOffsetIndexSuffix)),
      place.PathOf(SegmentFileName(place.base, kTimeIndexSuffix)), place.base,
      place.index_interval_bytes);
  ScannedSegment scanned;
  if (index.ok()) {
    CAUCE_ASSIGN_OR_RETURN(
        scanned, ScanSegmentTail(file, path, range, *std::move(index)));
    scanned.files_are_spoiled = scanned.disbelieved != nullptr &&
                                !Confirms(*scanned.index, *scanned.disbelieved);
  } else {
    CAUCE_ASSIGN_OR_RETURN(scanned, ScanSegment(file, path, range));
    scanned.unusable = index.status();
    scanned.files_are_spoiled =
        ReasonOf(index.status()) == Reason::kCorruptFile;
  }
  return scanned;
}

absl::StatusOr<std::optional<ScannedSegment>> ScanKnownEnd(Segment& segment,
                                                           Offset durable) {
  const auto opened = segment.OpenFile();
  const bool is_none = absl::IsNotFound(opened.status()) ||
                       absl::IsFailedPrecondition(opened.status());
  if (is_none) return std::nullopt;
  CAUCE_RETURN_IF_ERROR(opened.status());
  CAUCE_ASSIGN_OR_RETURN(const int64_t size, (*opened)->Size());
  if (size != segment.bytes()) return std::nullopt;
  // Where no more than one entry can be, the indexes say nothing that a walk
  // does not say as soon.
  const SegmentPlace& place = segment.place();
  if (size > place.index_interval_bytes) return ScanEnd(place, durable);
  return ScanSegment(*opened, segment.path(), RangeOf(place, durable, size));
}

absl::StatusOr<std::optional<Offset>> FirstBatchOffset(
    const SegmentPlace& place) {
  const std::string path =
      place.PathOf(SegmentFileName(place.base, kLogSuffix));
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file,
                         place.files->Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  BatchScanner scanner;
  scanner.Start(std::move(file), path, 0, bytes);
  const auto first = scanner.Next();
  if (!first.ok() && !IsDamage(first.status())) return first.status();
  if (!first.ok() || !*first) return std::nullopt;
  return (*first)->base_offset();
}

}  // namespace cauce
