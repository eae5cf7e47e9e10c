// Where a Log gives up records: at its end by truncation, at its start by
// deletion and retention.
#include <algorithm>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/cut_point.h"
#include "engine/log/log.h"
#include "engine/log/retention.h"
#include "fmt/format.h"

namespace cauce {

absl::StatusOr<Offset> Log::TruncateTo(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  const auto end = [&] {
    MutexLock lock(writer_mutex_);
    return Truncate(offset);
  }();
  committer_.Deliver();
  return end;
}

absl::StatusOr<Offset> Log::Truncate(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(committer_.status());
  CAUCE_RETURN_IF_ERROR(writer_->status());
  if (offset < log_start() || offset > log_end()) {
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{}: cannot truncate to offset {}, the log "
                                 "has {} to {}",
                                 name_.ToString(), offset.value,
                                 log_start().value, log_end().value));
  }
  if (offset == log_end()) return offset;
  const auto set = segments();
  CAUCE_ASSIGN_OR_RETURN(auto found, FindCut(*set, offset));
  if (!found) return log_end();
  // First, so that a crash in between never takes the new tail, which is
  // shorter than the old one was, for damage.
  CAUCE_RETURN_IF_ERROR(environment_->save_bounds(
      name_, {std::min(committer_.durable(), found->end), log_start()}));
  auto cut = CutAt(*std::move(found));
  if (!cut.ok()) {
    committer_.Fail(MakeError(
        Reason::kDiskFailed,
        fmt::format("{}: was not cut whole, and takes no more records until "
                    "it is reopened: {}",
                    name_.ToString(), cut.status().ToString())));
  }
  return cut;
}

absl::StatusOr<Offset> Log::CutAt(CutPoint cut) {
  // Readers leave first: nobody is to read what goes, nor what is written in
  // its place for what was there.
  const SegmentPlace place = PlaceOf(cut.last->base());
  ScannedSegment& scanned = cut.kept;
  auto kept = std::make_shared<Segment>(place, OpenMode::kReadWrite,
                                        scanned.bytes, scanned.next);
  CAUCE_RETURN_IF_ERROR(kept->OpenFile().status());
  kept->ShareLiveIndex(scanned.index);
  kept->MarkDirty();  // for a sync that runs meanwhile
  const auto before = segments();
  SegmentSet::List list = before->segments();
  while (list.back() != cut.last) list.pop_back();
  list.back() = std::move(kept);
  segments_.Publish(list);

  // Newest first: whatever a crash leaves is a log without a hole.
  for (size_t i = before->segments().size(); i > list.size(); --i) {
    CAUCE_RETURN_IF_ERROR(Retire(before->segments()[i - 1]));
  }
  CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  CAUCE_ASSIGN_OR_RETURN(writer_,
                         SegmentWriter::Resume(place, std::move(scanned), now));
  CAUCE_RETURN_IF_ERROR(writer_->segment()->Sync());
  list.back() = writer_->segment();
  segments_.Publish(std::move(list));
  Offset end = cut.end;
  if (end < log_start()) {
    // The cut batch began below the log start: offsets must not come back.
    end = log_start();
    CAUCE_RETURN_IF_ERROR(Roll(end, now));
  }
  log_end_.store(end.value, std::memory_order_release);
  committer_.Truncated(end);
  if (epochs_.TruncateFromEnd(end)) CAUCE_RETURN_IF_ERROR(SaveEpochs());
  return end;
}

absl::Status Log::DeleteRecordsBefore(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  if (offset <= log_start()) return absl::OkStatus();
  if (offset > high_watermark()) {
    return MakeError(
        Reason::kOffsetOutOfRange,
        fmt::format("{}: cannot delete the records before offset "
                    "{}, the high watermark is {}",
                    name_.ToString(), offset.value, high_watermark().value));
  }
  CAUCE_RETURN_IF_ERROR(
      environment_->save_bounds(name_, {committer_.durable(), offset}));
  log_start_ = offset.value;
  if (epochs_.TruncateFromStart(offset)) CAUCE_RETURN_IF_ERROR(SaveEpochs());
  const auto set = segments();
  size_t below = 0;
  while (below + 1 < set->segments().size() &&
         set->segments()[below + 1]->base() <= offset) {
    ++below;
  }
  return RetireOldest(below);
}

absl::Status Log::ApplyRetention() {
  if (read_only_) return absl::OkStatus();
  const auto topic = config();
  const absl::Time now = environment_->clock->Now();
  RetentionOptions keep;
  keep.age_max = std::nullopt;
  {
    MutexLock lock(view_mutex_);
    if (!keep_everything_ && topic->cleanup.remove) {
      keep.age_max = topic->retention_age;
      keep.bytes_min = topic->retention_bytes;
    }
  }
  MutexLock lock(writer_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_RETURN_IF_ERROR(RollExpired(keep, now));
  const auto set = segments();
  std::vector<SegmentInfo> sealed;
  for (size_t i = 0; i + 1 < set->segments().size(); ++i) {
    const auto& segment = set->segments()[i];
    CAUCE_ASSIGN_OR_RETURN(const absl::Time largest, AgeOf(*segment));
    sealed.push_back({segment->base(), set->segments()[i + 1]->base(),
                      segment->bytes(), largest});
  }
  const RetentionView view{sealed, set->active()->bytes(), log_start(),
                           high_watermark()};
  const size_t count = PlanRetention(view, keep, now);
  if (count > 0) {
    const Offset start = std::max(log_start(), sealed[count - 1].next);
    CAUCE_RETURN_IF_ERROR(
        environment_->save_bounds(name_, {committer_.durable(), start}));
    log_start_ = start.value;
    if (epochs_.TruncateFromStart(start)) CAUCE_RETURN_IF_ERROR(SaveEpochs());
    CAUCE_RETURN_IF_ERROR(RetireOldest(count));
  }
  return retired_.UnlinkDue(environment_->clock->Monotonic(),
                            topic->file_delete_delay);
}

absl::Status Log::RollExpired(const RetentionOptions& keep, absl::Time now) {
  // The active segment can only go after it was sealed.
  Segment& active = *writer_->segment();
  if (active.bytes() == 0 || active.next() > high_watermark()) {
    return absl::OkStatus();
  }
  CAUCE_ASSIGN_OR_RETURN(const absl::Time largest, AgeOf(active));
  const bool too_old = keep.age_max && now - largest > *keep.age_max;
  const bool not_needed = keep.bytes_min && *keep.bytes_min <= 0;
  if (!too_old && !not_needed) return absl::OkStatus();
  return Roll(log_end(), Timestamp::From(now));
}

absl::StatusOr<absl::Time> Log::AgeOf(Segment& segment) const {
  CAUCE_ASSIGN_OR_RETURN(const Timestamp largest, segment.LargestTimestamp());
  if (largest.has_value()) return largest.ToTime();
  CAUCE_ASSIGN_OR_RETURN(const FileInfo info,
                         environment_->files->Info(segment.path()));
  return info.modified;
}

absl::Status Log::RetireOldest(size_t count) {
  if (count == 0) return absl::OkStatus();
  const auto set = segments();
  const SegmentSet::List& all = set->segments();
  // Oldest first: whatever a crash leaves is a log without a hole.
  for (size_t i = 0; i < count; ++i) CAUCE_RETURN_IF_ERROR(Retire(all[i]));
  segments_.Publish(
      {all.begin() + static_cast<std::ptrdiff_t>(count), all.end()});
  return environment_->files->SyncDirectory(directory_);
}

absl::Status Log::Retire(const std::shared_ptr<Segment>& segment) {
  const absl::Duration now = environment_->clock->Monotonic();
  CAUCE_RETURN_IF_ERROR(retired_.Add(segment, now));
  segments_.Forget(segment);
  return absl::OkStatus();
}

}  // namespace cauce
