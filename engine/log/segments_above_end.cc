#include "engine/log/segments_above_end.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/log/other_format.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"

namespace cauce {
namespace {

// Whether a segment's file holds a batch, of this release or of another.
absl::StatusOr<bool> HoldsAny(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                         ScanEnd(place, place.base));
  if (scanned.next != place.base) return true;
  if (scanned.damage.ok()) return false;
  CAUCE_ASSIGN_OR_RETURN(
      const auto file,
      place.files->Open(place.PathOf(SegmentFileName(place.base, kLogSuffix)),
                        OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  return IsOfOtherFormat(*file, scanned.bytes, bytes, scanned.damage);
}

}  // namespace

absl::StatusOr<size_t> CountAboveEnd(const SegmentPlace& place,
                                     std::span<const Offset> bases,
                                     Offset end) {
  const auto above = std::ranges::upper_bound(bases, end);
  if (above == bases.begin() || above == bases.end()) return size_t{0};
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment last,
                         ScanEnd(place.At(*std::prev(above)), end));
  if (last.next != end) return size_t{0};
  for (auto base = above; base != bases.end(); ++base) {
    CAUCE_ASSIGN_OR_RETURN(const bool holds_any, HoldsAny(place.At(*base)));
    if (holds_any) return size_t{0};
  }
  return static_cast<size_t>(std::distance(above, bases.end()));
}

}  // namespace cauce
