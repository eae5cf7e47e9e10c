#include "engine/log/segment_reads.h"

namespace cauce {

absl::StatusOr<size_t> SegmentReads::Read(int64_t position,
                                          std::span<char> into) const {
  if (tail_.Read(position, into)) return into.size();
  return file_.Read(position, into);
}

absl::Status SegmentReads::Write(int64_t position,
                                 std::span<const std::string_view> parts) {
  return file_.Write(position, parts);
}

}  // namespace cauce
