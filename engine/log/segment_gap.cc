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

std::string DescribeLess(int64_t bytes_gone) {
  if (bytes_gone == 0) {
    return "holds less than it did, and nobody cut it, or part of it cannot be "
           "read";
  }
  if (bytes_gone < 0) {
    return fmt::format(
        "is {} bytes longer than when it was closed, and nobody has written it "
        "since: it is an older copy, or another log's",
        -bytes_gone);
  }
  return fmt::format(
      "holds less than it did, and nobody cut it: it is {} bytes shorter",
      bytes_gone);
}

std::string InFrontOfZeros(int64_t bytes) {
  if (bytes <= 0) return "";
  return fmt::format(" in front of {} bytes of zeros", bytes);
}

absl::Status LessThanItHad(std::string_view path, const OffsetRange& range) {
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{} {}: which of the records of offsets {} to {} are missing "
                  "is not known",
                  path, DescribeLess(0), range.base.value,
                  range.next.value - 1));
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
