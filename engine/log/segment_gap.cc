#include "engine/log/segment_gap.h"

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

absl::Status CheckNoGap(const SegmentEnd& end, Offset next) {
  if (end.offset >= next) return absl::OkStatus();
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{} at position {}: the file ends at offset {}, and the next "
                  "segment begins at offset {}: the records in between are "
                  "missing",
                  end.path, end.position, end.offset.value, next.value));
}

absl::Status LessThanItHad(std::string_view path, const OffsetRange& range) {
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{} is shorter than it was, and nobody cut it: records of it "
                  "are missing, and which of offsets {} to {} is not known",
                  path, range.base.value, range.next.value - 1));
}

std::string DescribeGapWithin(Offset expected, Offset found) {
  return fmt::format(
      "a batch at offset {} stands where offset {} is expected: the records in "
      "between are missing",
      found.value, expected.value);
}

absl::Status GapWithin(const SegmentEnd& end, Offset found) {
  return MakeError(Reason::kCorruptBatch,
                   fmt::format("{} at position {}: {}", end.path, end.position,
                               DescribeGapWithin(end.offset, found)));
}

}  // namespace cauce
