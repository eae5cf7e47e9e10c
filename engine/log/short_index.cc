#include "engine/log/short_index.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "engine/log/sparse_index.h"

namespace cauce {
namespace {

std::string PathOf(const Segment& segment, std::string_view suffix) {
  return segment.place().PathOf(SegmentFileName(segment.base(), suffix));
}

absl::StatusOr<FileInfo> InfoOf(const Segment& segment,
                                std::string_view suffix) {
  return segment.place().files->Info(PathOf(segment, suffix));
}

// Whether a close behind the batch that `entry` names made it.
absl::StatusOr<bool> IsOfAClose(Segment& segment, const TimeEntry& entry) {
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<File> file, segment.OpenFile());
  SegmentIndex made(segment.base(), segment.place().index_interval_bytes);
  BatchScanner scanner;
  scanner.Start(std::move(file), segment.path(), 0, segment.bytes());
  for (;;) {
    CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner.Next());
    if (!batch || batch->last_offset() > entry.offset) return false;
    made.Add(BatchFacts::Of(*batch, scanner.batch_position()));
    if (batch->last_offset() < entry.offset) continue;
    return made.largest_offset() == entry.offset &&
           made.largest_timestamp() == entry.timestamp;
  }
}

}  // namespace

absl::StatusOr<bool> ShortIndexHolds(Segment& segment,
                                     const SegmentIndex& index) {
  if (index.bytes() > 0) return false;
  const auto offsets = InfoOf(segment, kOffsetIndexSuffix);
  const auto times = InfoOf(segment, kTimeIndexSuffix);
  const bool are_absent = absl::IsNotFound(offsets.status()) &&
                          absl::IsNotFound(times.status());
  if (are_absent) return true;
  // What cannot be read is made anew.
  if (!offsets.ok() || !times.ok() || offsets->bytes > 0) return false;
  if (times->bytes == 0) return true;
  if (times->bytes != static_cast<int64_t>(TimeEntry::kBytes)) return false;
  const auto found = LoadIndexFiles(
      *segment.place().files, PathOf(segment, kOffsetIndexSuffix),
      PathOf(segment, kTimeIndexSuffix), segment.base(),
      segment.place().index_interval_bytes);
  const auto entry = found.ok() ? (*found)->times().last() : std::nullopt;
  return entry ? IsOfAClose(segment, *entry) : false;
}

}  // namespace cauce
