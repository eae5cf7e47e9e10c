#include "engine/log/batch_judge.h"

#include <algorithm>

#include "engine/log/end_marker.h"

namespace cauce {

BatchVerdict BatchJudge::Judge(const RecordBatch& batch, bool is_last) {
  BatchVerdict verdict{.stays_empty = is_last || IsLastOfProducer(batch),
                       .gets_horizon = MayBegin(batch)};
  if (batch.base_offset() >= pass_.filter_end) {
    verdict.stays_empty = verdict.stays_whole = true;
    return verdict;
  }
  if (batch.is_control()) {
    verdict.is_idle_marker =
        ParseEndMarker(batch) && sweep_.IsIdleMarker(batch);
    // One that tells a producer's epoch tells it by its record alone.
    verdict.discards_records = verdict.is_idle_marker && IsExpired(batch) &&
                               !IsLastOfProducer(batch);
    return verdict;
  }
  verdict.discards_records = sweep_.IsAborted(batch);
  const KeyMap& map = *pass_.map;
  const bool is_mapped =
      batch.base_offset() >= map.base() && batch.next_offset() <= MappedEnd();
  verdict.stays_whole =
      is_mapped && !batch.has_delete_horizon() &&
      !map.AnyMarked(batch.base_offset(), batch.next_offset());
  return verdict;
}

void BatchJudge::JudgeRecords(const RecordBatch& batch,
                              std::span<StoredRecord> records) {
  const KeyMap& map = *pass_.map;
  const bool expired = IsExpired(batch);
  // Those in front of the map are looked up, all at once.
  size_t unmapped = 0;
  hashes_.clear();
  for (; unmapped < records.size() && records[unmapped].offset < map.base();
       ++unmapped) {
    hashes_.push_back((*pass_.hasher)(records[unmapped].key));
    map.Prefetch(hashes_.back());
  }
  for (size_t i = 0; i < records.size(); ++i) {
    StoredRecord& record = records[i];
    if (i < unmapped) {
      record.stays = record.has_key && !map.Find(hashes_[i]);
    } else if (record.offset < MappedEnd()) {
      record.stays = !map.IsDead(record.offset);
    }
    if (record.has_value || record.offset >= pass_.filter_end) continue;
    if (expired) record.stays = false;
    // A pass that had been here would have met it.
    was_never_clean_ |= record.stays && !batch.has_delete_horizon() &&
                        !keeps_expired_ && IsClean(batch);
  }
}

void BatchJudge::Keep(const RecordBatch& batch) {
  if (!batch.is_control()) sweep_.Keep(batch);
}

bool BatchJudge::IsLastOfProducer(const RecordBatch& batch) const {
  if (batch.producer_id().value < 0) return false;
  const auto& active = pass_.producers->active;
  const auto found = active.find(batch.producer_id().value);
  if (found == active.end()) return false;
  const ProducerEnd& end = found->second;
  return end.last_data
             ? *end.last_data == batch.last_offset()
             : batch.is_control() && end.epoch == batch.producer_epoch();
}

bool BatchJudge::IsExpired(const RecordBatch& batch) const {
  return !keeps_expired_ && batch.has_delete_horizon() &&
         batch.base_timestamp() <= Timestamp::From(pass_.now);
}

bool BatchJudge::IsClean(const RecordBatch& batch) const {
  return batch.last_offset() < pass_.first_dirty;
}

bool BatchJudge::MayBegin(const RecordBatch& batch) const {
  // What a tombstone deletes goes in the pass that has it in its map. Of a
  // batch with more keys than a map takes that may have been the one before.
  const bool is_mapped =
      !IsClean(batch) && batch.next_offset() <= pass_.filter_end;
  return !keeps_expired_ && (batch.is_control() || is_mapped);
}

Offset BatchJudge::MappedEnd() const {
  return std::min(pass_.filter_end, pass_.map->limit());
}

}  // namespace cauce
