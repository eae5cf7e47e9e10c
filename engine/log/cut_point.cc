#include "engine/log/cut_point.h"

#include <algorithm>

#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"

namespace cauce {

absl::StatusOr<CutPoint> FindCut(const SegmentSet& set, Offset offset,
                                 Offset log_start) {
  CutPoint cut;
  cut.last = set.Find(offset);
  BatchScanner scanner;
  CAUCE_ASSIGN_OR_RETURN(const auto batch, cut.last->Seek(scanner, offset));
  const int64_t bytes = batch ? scanner.batch_position() : cut.last->bytes();
  const Offset end = batch ? std::min(batch->base_offset(), offset) : offset;
  cut.end = std::max(end, log_start);
  CAUCE_ASSIGN_OR_RETURN(const auto file, cut.last->OpenFile());
  const ScanRange range{
      .base = cut.last->base(),
      .bytes = bytes,
      .index_interval_bytes = cut.last->place().index_interval_bytes,
      .up_to = cut.end};
  CAUCE_ASSIGN_OR_RETURN(cut.kept, ScanSegment(file, cut.last->path(), range));
  CAUCE_RETURN_IF_ERROR(cut.kept.damage);
  return cut;
}

}  // namespace cauce
