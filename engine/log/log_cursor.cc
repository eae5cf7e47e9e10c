#include "engine/log/log_cursor.h"

#include <algorithm>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/producer_state.h"
#include "engine/log/segment_gap.h"
#include "engine/log/short_log.h"
#include "fmt/format.h"

namespace cauce {

LogCursor::LogCursor(std::shared_ptr<Log> log, Offset from,
                     const CursorOptions& options)
    : log_(std::move(log)),
      options_(options),
      scanner_(options.read_bytes),
      position_(from) {}

void LogCursor::Seek(Offset offset) {
  position_ = offset;
  segment_ = nullptr;
  fates_ = nullptr;
  doubtful_next_ = std::nullopt;
  in_batch_ = false;
}

absl::StatusOr<Offset> LogCursor::Limit() const {
  if (options_.isolation == Isolation::kReadCommitted) {
    return log_->DecidableEnd();
  }
  return options_.up_to == ReadUpTo::kLogEnd ? log_->log_end()
                                             : log_->high_watermark();
}

absl::Status LogCursor::CheckPosition() const {
  Offset start = log_->log_start();
  Offset end = log_->log_end();
  if (start > end) {
    // Another process may have written on and deleted since the last look.
    CAUCE_RETURN_IF_ERROR(log_->Refresh());
    start = log_->log_start();
    end = log_->log_end();
  }
  if (start > end) {
    const ShortLog log{log_->directory(), end, start};
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{} has nothing to be read: {}; {}",
                                 log_->name().ToString(), DescribeShortLog(log),
                                 AdviceOnShortLog(log)));
  }
  if (position_ >= start && position_ <= end) return absl::OkStatus();
  return MakeError(Reason::kOffsetOutOfRange,
                   fmt::format("{}: offset {} is not in the log, which has {} "
                               "to {}",
                               log_->name().ToString(), position_.value,
                               start.value, end.value));
}

absl::Status LogCursor::CheckEntry() const {
  // What another process has deleted within a segment is gone as well.
  CAUCE_RETURN_IF_ERROR(log_->LookAtStart());
  return CheckPosition();
}

absl::StatusOr<bool> LogCursor::NextBatch(RecordBatch* batch) {
  // Between two records of a batch the position is still within it.
  if (std::exchange(in_batch_, false) && position_ < batch_next_) {
    scanner_.StepBack();
  }
  CAUCE_ASSIGN_OR_RETURN(const auto found, NextVisible());
  if (found) *batch = *found;
  return found.has_value();
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::NextVisible() {
  doubtful_next_ = std::nullopt;
  CAUCE_RETURN_IF_ERROR(log_->CheckOpen());
  CAUCE_ASSIGN_OR_RETURN(Offset limit, Limit());
  if (position_ >= limit && log_->is_read_only()) {
    CAUCE_RETURN_IF_ERROR(log_->Refresh());
    CAUCE_ASSIGN_OR_RETURN(limit, Limit());
  }
  if (position_ > limit) CAUCE_RETURN_IF_ERROR(CheckPosition());
  if (segment_ == nullptr && position_ == limit) {
    CAUCE_RETURN_IF_ERROR(CheckPosition());
  }
  for (;;) {
    const Offset before = position_;
    CAUCE_ASSIGN_OR_RETURN(const auto found, NextBelow(limit));
    if (!found || options_.isolation == Isolation::kReadUncommitted) {
      return found;
    }
    const auto fate = FateOf(*found);
    // Compaction has taken the batch meanwhile, or retention, and compaction in
    // the end its marker: what was found may be another transaction's.
    const auto may_be_gone = MayBeGone(*found);
    if (!may_be_gone.ok() || *may_be_gone) {
      position_ = before;
      segment_ = nullptr;
      CAUCE_RETURN_IF_ERROR(may_be_gone.status());
      continue;
    }
    if (!fate.ok()) {
      if (MayBeDoubted(fate.status())) doubtful_next_ = position_;
      position_ = before;
      scanner_.StepBack();
      return fate.status();
    }
    if (*fate == Fate::kCommitted) return found;
    if (*fate == Fate::kOpen) {
      position_ = before;
      scanner_.StepBack();
      return std::nullopt;
    }
  }
}

bool LogCursor::MayBeDoubted(const absl::Status& fate) const {
  if (IsDamage(fate)) return true;
  if (fates_ == nullptr || !IsStandIn(fate)) return false;
  // The file that tells of it next; that of the segment behind where a gap lies
  // in between.
  const auto set = log_->segments();
  const auto at = set->Find(fates_->position());
  const auto after = set->After(at->base());
  return at->IsStoodInFor(fate) ||
         (after != nullptr && after->IsStoodInFor(fate));
}

absl::StatusOr<bool> LogCursor::MayBeGone(const RecordBatch& batch) {
  if (!batch.is_transactional() || batch.is_control()) return false;
  if (fates_ != nullptr && fates_->TakeHasRead() && log_->may_have_gaps()) {
    // Who reads beside another process learns of it by looking.
    CAUCE_RETURN_IF_ERROR(log_->Refresh());
  }
  return segment_->is_superseded() || batch.next_offset() <= log_->log_start();
}

absl::StatusOr<Fate> LogCursor::FateOf(const RecordBatch& batch) {
  if (batch.is_control()) {
    if (fates_ != nullptr) fates_->Pass(batch);
    return Fate::kNotShown;
  }
  if (!batch.is_transactional() || !HasProducer(batch)) {
    return Fate::kCommitted;
  }
  // One that compaction left for its producer's sake.
  if (batch.record_count() == 0) return Fate::kNotShown;
  if (fates_ == nullptr) fates_ = std::make_unique<TransactionFates>(log_);
  CAUCE_ASSIGN_OR_RETURN(Fate fate, fates_->Of(batch));
  if (fate != Fate::kOpen) return fate;
  // Since the limit was looked at the log may have been cut, or have grown; and
  // behind damage that limit leaves all to us.
  CAUCE_ASSIGN_OR_RETURN(const Offset stable, log_->LastStableOffset());
  if (batch.base_offset() >= stable) return Fate::kOpen;
  CAUCE_ASSIGN_OR_RETURN(fate, fates_->Of(batch));
  if (fate != Fate::kOpen) return fate;
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{}: the transaction of producer {} to which the batch at "
                  "offset {} belongs has ended, and its marker is missing: "
                  "nobody can say whether it was committed",
                  log_->name().ToString(), batch.producer_id().value,
                  batch.base_offset().value));
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::NextBelow(Offset limit) {
  if (position_ >= limit) {
    // Whoever comes to the end comes back for what is appended next.
    if (segment_ != nullptr) segment_->KeepNewest();
    return std::nullopt;
  }
  auto read = ReadBatch();
  if (!read.ok() && ReasonOf(read.status()) != Reason::kOffsetOutOfRange) {
    const auto segment = log_->segments()->Find(position_);
    const SegmentPlace& place = segment->place();
    // What is wrong names a place in a file; whose it is says this.
    return Annotate(AdviseOnStandIn(*place.files, place.directory,
                                    segment->path(), read.status()),
                    fmt::format("{} at offset {}", log_->name().ToString(),
                                position_.value));
  }
  CAUCE_ASSIGN_OR_RETURN(const auto found, std::move(read));
  if (!found) return std::nullopt;
  if (found->base_offset() >= limit) {
    scanner_.StepBack();  // not visible yet: it is read again when it is
    return std::nullopt;
  }
  position_ = found->next_offset();
  return found;
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::ReadBatch() {
  auto batch = log_->ReadListed([this] { return ReadBatchOnce(); });
  // Compaction puts another file in a segment's place, and leaves gaps: in a
  // topic, too, of which nobody here knows yet that it is compacted.
  const bool may_be_replaced = at_gap_ || IsDamage(batch.status());
  if (!may_be_replaced || !log_->is_read_only()) return batch;
  // It was listed while another process deleted, cut or compacted, perhaps.
  CAUCE_RETURN_IF_ERROR(log_->Refresh());
  return log_->ReadListed([this] { return ReadBatchOnce(); });
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::ReadBatchOnce() {
  for (;;) {
    if (segment_ != nullptr && segment_->is_superseded()) segment_ = nullptr;
    // Before the position is checked: where the set lacks a segment that
    // retention took, the log start tells of it.
    const auto set = log_->segments();
    at_gap_ = false;
    if (segment_ == nullptr) CAUCE_RETURN_IF_ERROR(CheckEntry());
    auto batch = segment_ == nullptr ? EnterSegment(*set, set->Find(position_))
                                     : ReadOn(*set);
    const bool was_cut = segment_->is_superseded();
    // A cut has shown its segments, and not yet the end of the log: what is
    // appended next is not what is to be read.
    const bool ends_before =
        batch.ok() && !*batch &&
        scanner_.offsets()->next.value_or(segment_->base()) < position_;
    if (ends_before) segment_ = nullptr;
    // In front of damage the scanner stays; else it may stand anywhere. Who
    // deletes a segment of ours keeps its file for us; another process does
    // not, and what it says of the start is still to be looked at.
    if (!batch.ok() && !IsDamage(batch.status())) segment_ = nullptr;
    // A cut has changed the file while it was read.
    if (was_cut) continue;
    if (batch.ok() && *batch) CAUCE_RETURN_IF_ERROR(CheckNoGapBefore(**batch));
    return batch;
  }
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::EnterSegment(
    const SegmentSet& set, std::shared_ptr<Segment> segment) {
  for (;;) {
    segment_ = segment;
    CAUCE_ASSIGN_OR_RETURN(auto batch, segment->Seek(scanner_, position_));
    if (batch) return batch;
    CAUCE_RETURN_IF_ERROR(segment_->CheckEnd(scanner_));
    // The offset lies in a gap behind this segment's last batch.
    segment = set.After(segment->base());
    if (segment == nullptr) return std::nullopt;
    CAUCE_RETURN_IF_ERROR(CheckNoGap(*segment));
  }
}

absl::Status LogCursor::CheckNoGap(const Segment& next) {
  const Offset end = scanner_.offsets()->next.value_or(segment_->base());
  const absl::Status checked = log_->CheckNothingMissing(
      {segment_->path(), scanner_.position(), end}, segment_->base(),
      next.base());
  at_gap_ = !checked.ok();
  return checked;
}

absl::Status LogCursor::CheckNoGapBefore(const RecordBatch& batch) {
  const Offset base = batch.base_offset();
  if (log_->may_have_gaps() || base <= position_) return absl::OkStatus();
  at_gap_ = true;
  const absl::Status gap =
      GapWithin({segment_->path(), scanner_.batch_position(), position_}, base);
  // The scanner is behind the batch, which is to be read once more.
  segment_ = nullptr;
  return gap;
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::ReadOn(
    const SegmentSet& set) {
  // In the set that was taken before: a segment that has a successor there
  // grows no more.
  const auto after = set.After(segment_->base());
  segment_->Extend(scanner_);
  CAUCE_ASSIGN_OR_RETURN(auto batch, scanner_.Next());
  if (batch) return batch;
  CAUCE_RETURN_IF_ERROR(segment_->CheckEnd(scanner_));
  if (after == nullptr) return std::nullopt;
  // Those that followed a deleted segment may be gone as well.
  CAUCE_RETURN_IF_ERROR(CheckPosition());
  CAUCE_RETURN_IF_ERROR(CheckNoGap(*after));
  return EnterSegment(set, after);
}

absl::StatusOr<bool> LogCursor::Next(RecordView* record) {
  if (IsInBatch() && reader_.Next(record) && record->offset >= position_)
      [[likely]] {
    position_ = record->offset + 1;
    return true;
  }
  return NextFurther(record);
}

absl::StatusOr<bool> LogCursor::NextFurther(RecordView* record) {
  for (;;) {
    if (IsInBatch()) {
      while (reader_.Next(record)) {
        if (record->offset < position_) continue;
        position_ = record->offset + 1;
        return true;
      }
      CAUCE_RETURN_IF_ERROR(reader_.status());
      position_ = batch_next_;
    }
    in_batch_ = false;
    const Offset wanted = position_;
    CAUCE_ASSIGN_OR_RETURN(const auto batch, NextVisible());
    if (!batch) return false;
    if (batch->is_control()) continue;
    batch_next_ = position_;
    position_ = wanted;
    in_batch_ = true;
    CAUCE_RETURN_IF_ERROR(
        reader_.Open(*batch, options_.decompressed_bytes_max));
    reader_.PassBelow(wanted);
  }
}

absl::StatusOr<Offset> LogCursor::SkipDamage() {
  CAUCE_RETURN_IF_ERROR(log_->CheckOpen());
  if (doubtful_next_) {
    // The batch is whole, and the scanner in front of it.
    segment_ = nullptr;
    position_ = *std::exchange(doubtful_next_, std::nullopt);
    return position_;
  }
  if (std::exchange(in_batch_, false) && !segment_->is_superseded()) {
    // The batch is whole, its records are not: the scanner is behind it.
    return position_ = batch_next_;
  }
  auto skipped =
      log_->ReadListed([this] { return SkipDamageOnce(Lost::kStops); });
  // However often it was listed anew, the file of a segment is not there.
  return absl::IsNotFound(skipped.status()) && log_->CheckDirectory().ok()
             ? SkipDamageOnce(Lost::kIsPassed)
             : std::move(skipped);
}

absl::StatusOr<Offset> LogCursor::SkipDamageOnce(Lost lost) {
  if (segment_ != nullptr && segment_->is_superseded()) segment_ = nullptr;
  const auto set = log_->segments();
  if (segment_ == nullptr) CAUCE_RETURN_IF_ERROR(CheckEntry());
  std::shared_ptr<Segment> segment = segment_;
  if (segment == nullptr) segment = set->Find(position_);
  // In front of damage the scanner tells of it once more.
  auto batch = segment_ == nullptr ? segment->Seek(scanner_, position_)
                                   : scanner_.Next();
  // Until a batch is found the scanner may stand anywhere.
  segment_ = nullptr;
  for (;;) {
    const auto found = FindReadable(*segment, std::move(batch));
    const bool is_lost =
        absl::IsNotFound(found.status()) && lost == Lost::kIsPassed;
    const bool is_passed = is_lost || segment->IsStoodInFor(found.status());
    if (!is_passed) CAUCE_RETURN_IF_ERROR(found.status());
    if (found.ok() && *found) {
      segment_ = segment;
      scanner_.StepBack();
      return position_ = std::max(position_, (*found)->base_offset());
    }
    segment = set->After(segment->base());
    if (segment == nullptr) break;
    batch = segment->Seek(scanner_, position_);
  }
  CAUCE_ASSIGN_OR_RETURN(const Offset limit, Limit());
  return position_ = std::max(position_, limit);
}

absl::StatusOr<std::optional<RecordBatch>> LogCursor::FindReadable(
    Segment& segment, absl::StatusOr<std::optional<RecordBatch>> batch) {
  for (;;) {
    if (batch.ok() && (!*batch || (*batch)->next_offset() > position_)) {
      return batch;
    }
    if (batch.ok()) {
      batch = scanner_.Next();
    } else if (IsDamage(batch.status())) {
      // Every time further on in the file.
      batch =
          segment.SeekBehind(scanner_, scanner_.position(),
                             scanner_.offsets()->next.value_or(segment.base()));
    } else {
      return batch;
    }
  }
}

}  // namespace cauce
