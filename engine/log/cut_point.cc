#include "engine/log/cut_point.h"

#include <utility>

#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"

namespace cauce {

absl::StatusOr<std::optional<CutPoint>> FindCut(const SegmentSet& set,
                                                Offset offset) {
  CutPoint cut;
  cut.last = set.Find(offset);
  BatchScanner scanner;
  CAUCE_ASSIGN_OR_RETURN(auto batch, cut.last->Seek(scanner, offset));
  while (!batch) {
    // The offset lies in a gap behind this segment's last batch.
    std::shared_ptr<Segment> after = set.After(cut.last->base());
    if (after == nullptr) return std::nullopt;
    cut.last = std::move(after);
    CAUCE_ASSIGN_OR_RETURN(batch, cut.last->Seek(scanner, offset));
  }
  cut.end = batch->base_offset();
  CAUCE_ASSIGN_OR_RETURN(const auto file, cut.last->OpenFile());
  CAUCE_ASSIGN_OR_RETURN(cut.kept,
                         ScanSegment(file, cut.last->path(), cut.last->base(),
                                     scanner.batch_position(),
                                     cut.last->place().index_interval_bytes));
  CAUCE_RETURN_IF_ERROR(cut.kept.damage);
  return cut;
}

}  // namespace cauce
