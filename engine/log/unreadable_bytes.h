// Bytes of a segment's log that are no whole batch, or none that may stand
// there, once it is judged what stays of it; and where offsets are missing.
//
// Only reads the file, for the zeros at the ends of such bytes. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/log/segment_survey.h"

namespace cauce {

// There are none of them where nothing is wrong but that offsets are missing in
// front of a batch.
struct UnreadableBytes {
  int64_t position = 0;
  int64_t end = 0;
  // From here on there are only zeros, which are no part of a whole batch:
  // `position` where there is nothing else.
  int64_t zeros_from = 0;
  Offset expected;               // of the batch that should begin there
  std::optional<Offset> behind;  // of the next one that stays; none at the end
  std::string why;

  bool is_zeros() const { return zeros_from == position; }
  bool is_gap() const { return position == end; }
};

// What stays of a file, and is expected of it.
struct Staying {
  Offset base;
  std::span<const size_t> runs;  // of the survey's, as they lie
  Offset log_start{0};           // what lies below was deleted
  bool may_have_gaps = true;     // else missing offsets are told
};

// All that does not stay, as it lies in the file.
absl::StatusOr<std::vector<UnreadableBytes>> FindUnreadable(
    const File& file, const SegmentSurvey& survey, const Staying& staying);

}  // namespace cauce
