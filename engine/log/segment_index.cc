#include "engine/log/segment_index.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"

namespace cauce {
namespace {

constexpr size_t kBits = 64;  // of a word of them

}  // namespace

BatchFacts BatchFacts::Of(const RecordBatch& batch, int64_t position) {
  // Kafka holds an entry to the times of records. (A batch whose records were
  // all compacted away keeps the largest in its header.)
  const Timestamp largest =
      batch.record_count() > 0 ? batch.max_timestamp() : kNoTimestamp;
  return {batch.last_offset(), largest,
          static_cast<int64_t>(batch.bytes().size()), position};
}

absl::StatusOr<std::unique_ptr<SegmentIndex>> SegmentIndex::Decode(
    Offset base, int64_t interval_bytes, std::string_view offsets,
    std::string_view times) {
  auto index = std::make_unique<SegmentIndex>(base, interval_bytes);
  if (absl::Status read = index->offsets_.DecodeFrom(base, offsets);
      !read.ok()) {
    return Annotate(read, "offset index");
  }
  if (absl::Status read = index->times_.DecodeFrom(base, times); !read.ok()) {
    return Annotate(read, "time index");
  }
  index->ResumeTimes();
  return index;
}

void SegmentIndex::KeepUpTo(Offset next) {
  while (offsets_.last() && offsets_.last()->offset >= next) {
    offsets_.RemoveLast();
  }
  // A time entry stands beside an offset entry, and was written before it.
  const auto entry = offsets_.last();
  while (times_.last() && (!entry || times_.last()->offset > entry->offset)) {
    times_.RemoveLast();
  }
  ResumeTimes();
}

void SegmentIndex::ResumeTimes() {
  const auto last = times_.last();
  largest_.store(last ? last->timestamp.ms : kNoTimestamp.ms,
                 std::memory_order_release);
  largest_offset_ = last ? last->offset : Offset{};
  claimed_times_ = times_.size();
  claimed_largest_ = added_largest();
  sure_ = std::make_unique<std::atomic<uint64_t>[]>(claimed_times_ / kBits + 1);
  const auto entry = offsets_.last();
  claimed_behind_times_ = {last ? last->offset + 1 : base_,
                           entry ? entry->offset + 1 : base_};
}

void SegmentIndex::NoteBehindTimes(Timestamp largest, bool is_whole) const {
  if (largest > claimed_largest_) {
    missed_.store(largest.ms, std::memory_order_release);
  } else if (is_whole) {
    NoteNumber(claimed_times_);
  }
}

void SegmentIndex::ResumeWithoutEntries(Timestamp largest, Offset largest_at,
                                        int64_t bytes) {
  CAUCE_CHECK(bytes <= interval_bytes_);
  largest_.store(largest.ms, std::memory_order_release);
  largest_offset_ = largest_at;
  bytes_since_entry_ = bytes;
}

void SegmentIndex::Add(const BatchFacts& batch) {
  if (batch.max_timestamp > added_largest()) {
    largest_.store(batch.max_timestamp.ms, std::memory_order_release);
    largest_offset_ = batch.last;
  }
  // Where an entry cannot lead, the walk from the last one does.
  const bool in_reach = batch.position <= INT32_MAX;
  if (bytes_since_entry_ > interval_bytes_ && in_reach) {
    // In this order: who sees the entry by offset sees the one by time.
    AddTimeEntry();
    offsets_.Append({batch.last, batch.position});
    bytes_since_entry_ = 0;
  }
  bytes_since_entry_ += batch.bytes;
}

TimeStretch SegmentIndex::StretchOf(Timestamp time) const {
  const size_t offsets = offsets_.size();  // before those of times: see Add
  TimeStretch stretch;
  stretch.number = times_.CountAtOrBelow(time.ms);
  // What was added behind a claim is worth no more than that.
  if (!HoldsBehindTimes()) {
    stretch.number = std::min(stretch.number, claimed_times_);
  }
  if (stretch.number > 0) stretch.entry = times_[stretch.number - 1];
  // The next entry was made with one by offset, of its own batch or a later
  // one; at the entries by offset in front of it nothing was larger than here.
  const int64_t below = stretch.number < times_.size()
                            ? times_[stretch.number].offset.value - 1
                            : INT64_MAX;
  const size_t passed = std::min(offsets_.CountAtOrBelow(below), offsets);
  if (passed > 0) stretch.passed = offsets_[passed - 1].offset;
  stretch.is_sure = IsSure(stretch.number);
  return stretch;
}

bool SegmentIndex::IsSure(size_t number) const {
  if (is_unsure_.load(std::memory_order_relaxed)) return false;
  // Both entries, and all by offset in between, were made from batches.
  return sure_ == nullptr || number > claimed_times_ || IsNoted(number);
}

bool SegmentIndex::IsNoted(size_t number) const {
  return (sure_[number / kBits].load(std::memory_order_relaxed) >>
          (number % kBits) & 1) != 0;
}

void SegmentIndex::NoteSure(const TimeStretch& stretch) const {
  if (stretch.number > claimed_times_ || sure_ == nullptr) return;
  NoteNumber(stretch.number);
}

void SegmentIndex::NoteNumber(size_t number) const {
  sure_[number / kBits].fetch_or(uint64_t{1} << (number % kBits),
                                 std::memory_order_relaxed);
}

void SegmentIndex::Seal() { AddTimeEntry(); }

void SegmentIndex::AddTimeEntry() {
  const Timestamp largest = added_largest();
  if (!largest.has_value()) return;
  const auto last = times_.last();
  if (last && last->timestamp >= largest) return;
  // A file may have held an entry for batches that are not there; whoever
  // loaded it finds that out by the log's end.
  if (last && last->offset >= largest_offset_) {
    is_unsure_.store(true, std::memory_order_relaxed);
    return;
  }
  times_.Append({largest, largest_offset_});
}

bool SegmentIndex::IsFull(int64_t bytes_max) const {
  const auto offset_entries = static_cast<int64_t>(offsets_.size());
  const auto time_entries = static_cast<int64_t>(times_.size());
  return (offset_entries + 1) * static_cast<int64_t>(OffsetEntry::kBytes) >
             bytes_max ||
         (time_entries + 2) * static_cast<int64_t>(TimeEntry::kBytes) >
             bytes_max;
}

}  // namespace cauce
