#include "engine/log/segment_front.h"

namespace cauce {

void SegmentFront::Pass(const RecordBatch& batch, int64_t end) {
  Reach(batch.base_offset());
  if (batch.record_count() > 0) {
    has_record = true;
    damage = absl::OkStatus();
    gap = {};
  }
  position = end;
  next = batch.next_offset();
}

void SegmentFront::PassDamage(const absl::Status& why, Timestamp largest) {
  if (hidden_by.ok() || largest > hidden_time) {
    hidden_time = largest;
    hidden_by = why;
  }
  has_record = false;
  met_damage = true;
  damage = why;
  gap = {};
  next = std::nullopt;
}

void SegmentFront::Reach(Offset base) {
  if (next && base > *next && gap.count() == 0) gap = {*next, base};
}

}  // namespace cauce
