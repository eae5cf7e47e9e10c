// What can be read of a segment's log by whoever looks at every byte, and what
// cannot: what repair stands on.
//
// Goes by the log alone, and so finds whole batches that no index leads to.
// Memory is bounded by the largest batch and by kPlacesMax. Pure but for
// reading the file; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/segment_scan.h"

namespace cauce {

// Bytes of a log that are no whole batch, or one that cannot stand there. None
// where nothing is wrong but that offsets are missing in front of a batch.
struct UnreadableBytes {
  int64_t position = 0;
  int64_t end = 0;
  // From here on there are only zeros: `position` where there is nothing else.
  int64_t zeros_from = 0;
  Offset expected;               // of the batch that should begin there
  std::optional<Offset> behind;  // of the next whole one; none at the end
  std::string why;

  bool is_zeros() const { return zeros_from == position; }
  bool is_gap() const { return position == end; }
};

struct SegmentSurvey {
  // More of them are no log any more.
  static constexpr size_t kPlacesMax = 100'000;

  int64_t file_bytes = 0;
  int64_t whole_bytes = 0;      // of whole batches
  int64_t batches = 0;          // so many
  std::optional<Offset> first;  // where the first of them begins
  Offset next;                  // behind the last of them; the base without one
  std::vector<UnreadableBytes> unreadable;  // as they lie in the file
  // Why it is not to be touched: it holds batches of another format.
  std::string other_format;
};

// `range` as SegmentCheck has it. Fails only where the file cannot be read, and
// with FailedPrecondition past kPlacesMax.
absl::StatusOr<SegmentSurvey> SurveySegment(
    const std::shared_ptr<const File>& file, const std::string& name,
    const ScanRange& range);

}  // namespace cauce
