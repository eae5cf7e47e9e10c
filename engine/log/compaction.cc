#include "engine/log/compaction.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/gap_batch.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// Large pieces: nobody waits for the first batch of a pass.
constexpr size_t kReadBytes = 1 << 20;

// What a walk over headers reads of each 4 KiB page that it passes over.
constexpr int64_t kHeadersShare = 16;

// Whether the segment that holds it is to be left alone: its records cannot be
// read, as opposed to a disk that failed.
bool IsUnreadable(const absl::Status& status) {
  return IsDamage(status) || ReasonOf(status) == Reason::kBatchTooLarge;
}

// As many entries as there may be, in the larger of the two indexes.
int64_t IndexBytesMax(int64_t bytes, int64_t interval_bytes) {
  const int64_t apart = std::max(interval_bytes, kBatchHeaderBytes);
  return (bytes / apart + 1) * static_cast<int64_t>(TimeEntry::kBytes);
}

}  // namespace

Compaction::Compaction(CompactionTask task, Replace replace)
    : task_(std::move(task)),
      replace_(std::move(replace)),
      first_dirty_after_(task_.first_dirty),
      scanner_(kReadBytes),
      scan_(ProducerScanOptions{.end = task_.known_end,
                                .now = task_.now,
                                .expiration = task_.producer_expiration}),
      hasher_(task_.secret) {
  all_bytes_ = BytesToRead(task_.end);
}

Compaction::~Compaction() {
  // What cannot be removed the next opening, or the next pass, removes.
  if (cleaned_ != nullptr) cleaned_->Discard().IgnoreError();
}

absl::StatusOr<bool> Compaction::Work(int64_t bytes) {
  work_ = bytes;
  while (phase_ != Phase::kOver) {
    if (absl::Status status = WorkOnce(); !status.ok()) {
      phase_ = Phase::kOver;
      // The room that it takes may be what is missing.
      if (cleaned_ != nullptr) cleaned_->Discard().IgnoreError();
      cleaned_ = nullptr;
      return status;
    }
    if (work_ <= 0) break;
  }
  return phase_ == Phase::kOver;
}

void Compaction::CountWork(int64_t bytes) {
  work_ -= bytes;
  worked_bytes_ += bytes;
}

absl::Status Compaction::WorkOnce() {
  switch (phase_) {
    case Phase::kScan:
      return ScanOne();
    case Phase::kMap:
      return MapSome();
    case Phase::kRewrite:
      return RewriteSome();
    case Phase::kOver:
      break;
  }
  return absl::OkStatus();
}

double Compaction::progress() const {
  if (phase_ == Phase::kOver) return 1;
  return std::min(
      1.0, static_cast<double>(done_bytes_) / static_cast<double>(all_bytes_));
}

// ---- Producers and transactions

absl::Status Compaction::ScanOne() {
  if (at_ < task_.segments.size()) {
    Segment& segment = *task_.segments[at_];
    const int64_t before = scan_->bytes_read();
    CAUCE_ASSIGN_OR_RETURN(const auto came, scan_->Take(segment, work_));
    CountWork(scan_->bytes_read() - before);
    if (came == ProducerScan::Came::kWithin) return absl::OkStatus();
    done_bytes_ += segment.bytes() / kHeadersShare;
    ++at_;
    // In what is missing may stand the marker of one that is open in front.
    const bool may_go_on =
        MissingBehind(segment) == nullptr || !scan_->has_open();
    if (came == ProducerScan::Came::kThrough && may_go_on) {
      return absl::OkStatus();
    }
  }
  producers_ = scan_->Finish();
  scan_.reset();
  damage_.Update(producers_.damage);
  aborted_by_first_ = producers_.aborted;
  std::ranges::sort(aborted_by_first_, {}, &AbortedTransaction::first);
  EndScan();
  return absl::OkStatus();
}

int64_t Compaction::BytesToRead(Offset end) const {
  int64_t bytes = 1;
  for (const auto& segment : task_.segments) {
    bytes += segment->bytes() / kHeadersShare;
    if (segment->next() > end) continue;
    const bool is_dirty = segment->next() > task_.first_dirty;
    bytes += is_dirty ? 2 * segment->bytes() : segment->bytes();
  }
  return bytes;
}

void Compaction::EndScan() {
  const Offset stable = std::min(task_.end, producers_.stable_end);
  Offset end = task_.first_dirty;
  size_t first = task_.segments.size();
  for (size_t i = 0; i < task_.segments.size(); ++i) {
    const Segment& segment = *task_.segments[i];
    if (segment.next() > stable) break;
    end = std::max(end, segment.next());
    if (segment.next() > task_.first_dirty) first = std::min(first, i);
  }
  task_.end = end;
  all_bytes_ = BytesToRead(end);
  if (end <= task_.first_dirty) {
    phase_ = Phase::kOver;
    return;
  }
  keys_.emplace(task_.first_dirty, end, task_.memory_bytes_max, hasher_);
  mapped_.emplace(aborted_by_first_);
  at_ = first;
  phase_ = Phase::kMap;
}

absl::Status Compaction::Enter(Segment& segment) {
  CAUCE_ASSIGN_OR_RETURN(const auto file, segment.OpenFile());
  const ScanRange range{.base = segment.base(),
                        .bytes = segment.bytes(),
                        .up_to = segment.next()};
  scanner_.Start(file, segment.path(), 0, range.bytes, range.Offsets());
  is_inside_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RecordBatch>> Compaction::NextBatch() {
  CAUCE_ASSIGN_OR_RETURN(const auto batch, scanner_.Next());
  if (batch) {
    const auto bytes = static_cast<int64_t>(batch->bytes().size());
    CountWork(bytes);
    done_bytes_ += bytes;
    totals_.bytes_read += bytes;
    return batch;
  }
  if (scanner_.position() >= scanner_.end()) return std::nullopt;
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{} at position {}: zeros stand where batches should",
                  segment().path(), scanner_.position()));
}

std::string Compaction::PlaceOfBatch() const {
  return fmt::format("{} at position {}", segment().path(),
                     scanner_.batch_position());
}

// ---- The map of keys

absl::Status Compaction::MapSome() {
  if (at_ == task_.segments.size() || segment().base() >= task_.end) {
    EndMap(keys_->Finish() ? task_.end : keys_->full_at());
    return absl::OkStatus();
  }
  if (!is_inside_) CAUCE_RETURN_IF_ERROR(Enter(*task_.segments[at_]));
  const auto batch = NextBatch();
  absl::Status status = batch.status();
  if (batch.ok() && !*batch) {
    ++at_;
    is_inside_ = false;
    return absl::OkStatus();
  }
  if (batch.ok()) {
    const auto goes_on = MapBatch(**batch);
    status = Annotate(goes_on.status(), PlaceOfBatch());
    if (goes_on.ok() && !*goes_on) EndMap(keys_->full_at());
    if (goes_on.ok()) return absl::OkStatus();
  }
  if (!IsUnreadable(status)) return status;
  if (segment().is_superseded()) return GiveUp();
  // What it holds nobody knows: the pass ends in front of its segment. What was
  // read of that one stays there, and does supersede what is older.
  damage_.Update(status);
  const Offset base = segment().base();
  EndMap(keys_->Finish() ? base : std::min(keys_->full_at(), base));
  return absl::OkStatus();
}

absl::StatusOr<bool> Compaction::MapBatch(const RecordBatch& batch) {
  const bool is_dirty = batch.next_offset() > task_.first_dirty;
  if (!is_dirty || batch.is_control() || mapped_->IsAborted(batch)) return true;
  const int64_t before = keys_->records();
  auto goes_on = keys_->Take(batch);
  totals_.records_read += keys_->records() - before;
  return goes_on;
}

void Compaction::EndMap(Offset filter_end) {
  filter_end_ = filter_end;
  is_inside_ = false;
  if (filter_end_ <= task_.first_dirty) {
    phase_ = Phase::kOver;
    return;
  }
  filtered_ = 0;
  while (filtered_ < task_.segments.size() &&
         task_.segments[filtered_]->base() < filter_end_) {
    ++filtered_;
  }
  judge_.emplace(PassView{.map = &keys_->map(),
                          .hasher = &hasher_,
                          .producers = &producers_,
                          .aborted = aborted_by_first_,
                          .first_dirty = task_.first_dirty,
                          .filter_end = filter_end_,
                          .now = task_.now});
  at_ = group_ = 0;
  phase_ = Phase::kRewrite;
}

// ---- The segments anew

absl::Status Compaction::RewriteSome() {
  if (cleaned_ == nullptr) {
    while (left_.contains(at_)) {
      ++at_;
      judge_->KeepExpired();
    }
    return at_ < filtered_ ? BeginGroup() : EndPass();
  }
  if (!is_inside_) CAUCE_RETURN_IF_ERROR(Enter(*task_.segments[at_]));
  const auto batch = NextBatch();
  if (IsUnreadable(batch.status())) return LeaveDamaged(batch.status());
  CAUCE_RETURN_IF_ERROR(batch.status());
  if (*batch) {
    bool is_last = scanner_.position() >= scanner_.end();
    if (is_last) {
      goes_on_ = MayGoOn(static_cast<int64_t>((*batch)->bytes().size()));
      is_last = !*goes_on_;
    }
    const absl::Status written =
        Annotate(RewriteBatch(**batch, is_last), PlaceOfBatch());
    return IsUnreadable(written) ? LeaveDamaged(written) : written;
  }
  // One without any batch has not asked yet.
  const bool goes_on = goes_on_.value_or(MayGoOn(0));
  goes_on_.reset();
  is_inside_ = false;
  ++at_;
  if (!goes_on) return EndGroup();
  group_changed_ = true;
  group_source_bytes_ += segment().bytes();
  return absl::OkStatus();
}

absl::Status Compaction::BeginGroup() {
  group_ = at_;
  group_source_bytes_ = segment().bytes();
  group_changed_ = false;
  group_totals_ = totals_;
  const bool is_behind_missing =
      std::ranges::any_of(task_.missing, [this](const OffsetRange& missing) {
        return missing.base < segment().base();
      });
  if (is_behind_missing) judge_->KeepExpired();
  judge_before_ = judge_;
  CAUCE_ASSIGN_OR_RETURN(
      cleaned_, CleanedSegment::Create(task_.place.At(segment().base())));
  return absl::OkStatus();
}

bool Compaction::IsShort(const Segment& segment) const {
  return std::ranges::find(task_.missing, segment.base(), &OffsetRange::base) !=
         task_.missing.end();
}

const OffsetRange* Compaction::MissingBehind(const Segment& segment) const {
  const auto found =
      std::ranges::find_if(task_.missing, [&](const OffsetRange& missing) {
        return missing.base < segment.next() && segment.base() < missing.next;
      });
  return found == task_.missing.end() ? nullptr : &*found;
}

bool Compaction::MayGoOn(int64_t more_bytes) const {
  const size_t next = at_ + 1;
  const bool ends = next >= filtered_ || left_.contains(next) ||
                    IsShort(*task_.segments[next]) ||
                    MissingBehind(*task_.segments[at_]) != nullptr;
  if (ends) return false;
  const Segment& segment = *task_.segments[next];
  const int64_t interval = task_.place.index_interval_bytes;
  const int64_t bytes = cleaned_->bytes() + more_bytes;
  const int64_t expected = ExpectedBytes(segment);
  const int64_t list_bytes = ListBytes(cleaned_->base(), segment.base());
  const int64_t more_list_bytes = ListBytes(segment.base(), segment.next());
  return MayMerge(
      {.base = cleaned_->base(),
       .bytes = bytes,
       .index_bytes = std::max(IndexBytesMax(bytes, interval), list_bytes),
       .source_bytes = group_source_bytes_},
      {.next = segment.next(),
       .bytes = segment.bytes(),
       .expected_bytes = expected,
       .index_bytes =
           std::max(IndexBytesMax(expected, interval), more_list_bytes)},
      task_.limits);
}

int64_t Compaction::ListBytes(Offset from, Offset end) const {
  const auto at = [this](Offset offset) {
    return std::ranges::lower_bound(producers_.aborted, offset, {},
                                    &AbortedTransaction::last);
  };
  return (at(end) - at(from)) * int64_t{AbortedIndex::kEntryBytes};
}

int64_t Compaction::ExpectedBytes(const Segment& segment) const {
  const KeyMap& map = keys_->map();
  const Offset from = std::max(segment.base(), map.base());
  const Offset end = std::min({segment.next(), filter_end_, map.limit()});
  const int64_t offsets = segment.next() - segment.base();
  if (from >= end || offsets <= 0) return segment.bytes();
  const double dead = static_cast<double>(map.CountDead(from, end)) /
                      static_cast<double>(offsets);
  return static_cast<int64_t>(static_cast<double>(segment.bytes()) *
                              (1 - dead));
}

absl::Status Compaction::RewriteBatch(const RecordBatch& batch, bool is_last) {
  const BatchVerdict verdict = judge_->Judge(batch, is_last);
  const Timestamp horizon = Timestamp::From(task_.now + task_.delete_retention);
  CAUCE_ASSIGN_OR_RETURN(
      const CompactedBatch made,
      compactor_.Compact(batch, verdict, horizon,
                         [&](std::span<StoredRecord> records) {
                           judge_->JudgeRecords(batch, records);
                         }));
  last_epoch_ = batch.leader_epoch();
  last_time_ = batch.max_timestamp();
  totals_.records_removed += batch.record_count() - made.records;
  if (made.fate != BatchFate::kWhole) group_changed_ = true;
  if (made.fate == BatchFate::kDropped) return absl::OkStatus();
  judge_->Keep(batch);
  if (batch.is_control() && made.records > 0) ListIfAborted(batch);
  const auto bytes = static_cast<int64_t>(made.bytes.size());
  CountWork(bytes);
  totals_.bytes_written += bytes;
  return cleaned_->Append(made.bytes, {.last = batch.last_offset(),
                                       .max_timestamp = made.max_timestamp});
}

void Compaction::ListIfAborted(const RecordBatch& marker) {
  const auto& aborted = producers_.aborted;
  const auto found = std::ranges::lower_bound(aborted, marker.base_offset(), {},
                                              &AbortedTransaction::last);
  const bool is_listed =
      found != aborted.end() && found->last == marker.base_offset();
  if (is_listed) cleaned_->ListAborted(*found);
}

absl::Status Compaction::EndGroup() {
  if (!group_changed_) {
    group_ = at_;
    const absl::Status removed = cleaned_->Discard();
    cleaned_ = nullptr;
    return removed;
  }
  SegmentSet::List sources;
  int64_t bytes = 0;
  for (size_t i = group_; i < at_; ++i) {
    bytes += task_.segments[i]->bytes();
    sources.push_back(std::move(task_.segments[i]));
  }
  Offset next = sources.back()->next();
  // Nobody knows that there was nothing.
  const OffsetRange* const missing = MissingBehind(*sources.back());
  if (missing != nullptr) next = std::min(next, missing->base);
  CAUCE_RETURN_IF_ERROR(CoverGapUpTo(next));
  // Of one that has left the log meanwhile nothing takes the place.
  const auto last = task_.place.files->Info(sources.back()->path());
  if (last.ok()) {
    cleaned_->set_modified(last->modified);
  } else if (!absl::IsNotFound(last.status())) {
    return last.status();
  }
  CAUCE_RETURN_IF_ERROR(cleaned_->Finish());
  CAUCE_ASSIGN_OR_RETURN(const bool replaced, replace_(sources, *cleaned_));
  if (!replaced) return GiveUp();
  totals_.segments_before += static_cast<int64_t>(sources.size());
  ++totals_.segments_after;
  totals_.bytes_removed += bytes - cleaned_->bytes();
  cleaned_ = nullptr;
  group_ = at_;
  return absl::OkStatus();
}

absl::Status Compaction::CoverGapUpTo(Offset next) {
  const Offset base = cleaned_->next();
  // A segment's offsets are counted in 31 bits: where the next one begins
  // farther away the gap is one between segments, as it was.
  if (base >= next || next - cleaned_->base() > kGapOffsetsMax) {
    return absl::OkStatus();
  }
  return cleaned_->Append(
      GapBatch(base, next, {.epoch = last_epoch_, .time = last_time_}),
      {.last = {next.value - 1}});
}

absl::Status Compaction::GiveUp() {
  gave_up_ = true;
  phase_ = Phase::kOver;
  const absl::Status removed =
      cleaned_ == nullptr ? absl::OkStatus() : cleaned_->Discard();
  cleaned_ = nullptr;
  return removed;
}

absl::Status Compaction::LeaveDamaged(const absl::Status& damage) {
  if (segment().is_superseded()) return GiveUp();
  damage_.Update(damage);
  left_.insert(at_);
  CAUCE_RETURN_IF_ERROR(cleaned_->Discard());
  cleaned_ = nullptr;
  totals_ = group_totals_;
  judge_ = judge_before_;
  goes_on_.reset();
  at_ = group_;
  is_inside_ = false;
  return absl::OkStatus();
}

absl::Status Compaction::EndPass() {
  ++totals_.passes;
  first_dirty_after_ = filter_end_;
  // The gap that a cut has left behind a segment is of nobody.
  const bool is_all = filter_end_ == task_.end;
  if (is_all && filtered_ < task_.segments.size()) {
    first_dirty_after_ = task_.segments[filtered_]->base();
  }
  if (judge_->was_never_clean()) first_dirty_after_ = Offset{0};
  phase_ = Phase::kOver;
  return absl::OkStatus();
}

}  // namespace cauce
