#include "engine/log/key_collector.h"

#include "engine/base/status_macros.h"

namespace cauce {

absl::StatusOr<bool> KeyCollector::Take(const RecordBatch& batch) {
  CAUCE_RETURN_IF_ERROR(reader_.Open(batch));
  RecordView record;
  while (reader_.Next(&record)) {
    if (record.offset < map_.base()) continue;
    ++records_;
    if (record.offset >= map_.limit()) {
      if (PutPending(0)) NoteFull(record.offset, batch.base_offset());
      return false;
    }
    if (!record.key) {
      map_.MarkDead(record.offset);
      continue;
    }
    if (!record.value) map_.MarkTombstone(record.offset);
    if (pending_count_ == kAhead && !PutPending(kAhead - 1)) return false;
    const KeyHash key = hasher_(*record.key);
    map_.Prefetch(key);
    pending_[(pending_first_ + pending_count_++) % kAhead] = {
        key, record.offset, batch.base_offset()};
  }
  CAUCE_RETURN_IF_ERROR(reader_.status());
  return true;
}

bool KeyCollector::PutPending(size_t keep) {
  while (pending_count_ > keep) {
    const Pending& next = pending_[pending_first_];
    if (!map_.Put(next.key, next.offset)) {
      NoteFull(next.offset, next.batch);
      return false;
    }
    pending_first_ = (pending_first_ + 1) % kAhead;
    --pending_count_;
  }
  return true;
}

void KeyCollector::NoteFull(Offset offset, Offset batch) {
  full_at_ = batch > map_.base() ? batch : offset;
}

}  // namespace cauce
