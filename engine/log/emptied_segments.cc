#include "engine/log/emptied_segments.h"

#include <string_view>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/log/index_walk.h"
#include "engine/log/segment_name.h"
#include "engine/log/sparse_index.h"

namespace cauce {
namespace {

// What is no file is told by who reads there.
bool IsEmptyFile(const SegmentPlace& place) {
  const auto info =
      place.files->Info(place.PathOf(SegmentFileName(place.base, kLogSuffix)));
  return info.ok() && !info->is_directory && info->bytes == 0;
}

template <class Entry>
absl::StatusOr<bool> HasEntry(const SegmentPlace& place,
                              std::string_view suffix) {
  auto walk = IndexWalk<Entry>::Open(
      *place.files, place.PathOf(SegmentFileName(place.base, suffix)),
      place.base);
  if (absl::IsResourceExhausted(walk.status())) return walk.status();
  if (!walk.ok()) return false;
  const auto entry = walk->Peek();
  return entry.ok() && entry->has_value();
}

}  // namespace

absl::StatusOr<std::vector<Offset>> FindEmptied(
    const SegmentPlace& place, std::span<const KnownSegment> there) {
  std::vector<Offset> emptied;
  for (size_t i = 0; i + 1 < there.size(); ++i) {
    if (there[i].bytes != 0) continue;
    const SegmentPlace at = place.At(there[i].base);
    if (!IsEmptyFile(at)) continue;
    CAUCE_ASSIGN_OR_RETURN(bool is_led_to,
                           HasEntry<OffsetEntry>(at, kOffsetIndexSuffix));
    if (!is_led_to) {
      CAUCE_ASSIGN_OR_RETURN(is_led_to,
                             HasEntry<TimeEntry>(at, kTimeIndexSuffix));
    }
    if (is_led_to) emptied.push_back(at.base);
  }
  return emptied;
}

}  // namespace cauce
