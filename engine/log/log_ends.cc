// Where a Log gives up records: at its end by truncation, at its start by
// deletion and retention.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/cut_point.h"
#include "engine/log/log.h"
#include "engine/log/retention.h"
#include "engine/log/segment_ages.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// What a cut into a gap writes: the name of a segment, and bounds.
constexpr int64_t kGapBytes = 64 << 10;

}  // namespace

absl::StatusOr<Offset> Log::TruncateTo(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  for (;;) {
    const auto end = [&] {
      MutexLock ends(ends_mutex_);
      MutexLock lock(writer_mutex_);
      return Truncate(offset);
    }();
    committer_.Deliver();
    CAUCE_RETURN_IF_ERROR(end.status());
    if (*end) return **end;
    CAUCE_RETURN_IF_ERROR(committer_.Flush());
  }
}

absl::StatusOr<std::optional<Offset>> Log::Truncate(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckSound());
  if (offset < log_start() || offset > log_end()) {
    return MakeError(Reason::kOffsetOutOfRange,
                     fmt::format("{}: cannot truncate to offset {}, the log "
                                 "has {} to {}",
                                 name_.ToString(), offset.value,
                                 log_start().value, log_end().value));
  }
  if (offset == log_end()) return offset;
  if (const absl::Status settled = writer_->Settle(); !settled.ok()) {
    NoteFailedWrite();
    return settled;
  }
  const auto set = segments();
  CAUCE_ASSIGN_OR_RETURN(CutPoint found, FindCut(*set, offset, log_start()));
  // Recovery believes a segment that ends in front of the next one only below
  // its recovery point: what stays in front of a gap has to be durable.
  const Offset durable = committer_.durable();
  if (found.leaves_gap() && durable < found.end) return std::nullopt;
  // Halfway it would be too late to find that there is no room for another
  // segment and the bounds: that fences the log.
  if (found.leaves_gap()) {
    CAUCE_RETURN_IF_ERROR(TakeSpaceToRoll(kGapBytes, AppendOrigin::kClient));
  }
  // Or its point would be saved before what tells of the epochs and
  // transactions below it.
  CAUCE_RETURN_IF_ERROR(epochs_.SaveOwed());
  CAUCE_RETURN_IF_ERROR(producers_.SettleOwed(range()));
  auto kept = std::make_shared<Segment>(PlaceOf(found.last->base()),
                                        OpenMode::kReadWrite, found.kept.bytes,
                                        found.kept.next);
  // Before anything is cut: who finds no descriptor for it may try again. From
  // then on it keeps its own.
  CAUCE_ASSIGN_OR_RETURN(const auto file, kept->OpenFile());
  kept->MarkDirty();
  if (environment_->note_cut) {
    CAUCE_RETURN_IF_ERROR(environment_->note_cut(name_, found.kept.next));
  }
  // First, so that a crash in between never takes the new tail, which is
  // shorter than the old one was, for damage. In front of a gap it is where
  // the batches end: until another segment has a name they are all there is.
  CAUCE_RETURN_IF_ERROR(environment_->save_bounds(
      name_, {std::min(durable, found.kept.next), saved_start_}));
  if (found.end.value < first_dirty_) {
    CAUCE_RETURN_IF_ERROR(LowerFirstDirty(found.end));
  }
  // While the descriptor is there that wrote it: another one may not be told
  // of pages that were lost.
  CAUCE_RETURN_IF_ERROR(FenceUnless(found.last->Sync()));
  auto cut = CutAt(std::move(found), std::move(kept), *file);
  if (!cut.ok()) {
    committer_.Fail(MakeError(
        Reason::kDiskFailed,
        fmt::format("{}: was not cut whole, and takes no more records until "
                    "it is reopened: {}",
                    name_.ToString(), cut.status().ToString())));
  }
  return cut;
}

absl::StatusOr<Offset> Log::CutAt(CutPoint cut,
                                  std::shared_ptr<Segment> kept, File& file) {
  // Readers leave first: nobody is to read what goes, nor what is written in
  // its place for what was there.
  const bool leaves_gap = cut.leaves_gap();
  ScannedSegment& scanned = cut.kept;
  kept->ShareLiveIndex(scanned.index);
  const auto before = segments();
  SegmentSet::List list = before->segments();
  while (list.back() != cut.last) list.pop_back();
  list.back() = kept;
  const size_t staying = list.size();
  segments_.Publish(std::move(list));

  // They lead to what goes, and after a crash a cut segment may be believed.
  CAUCE_RETURN_IF_ERROR(cut.last->RemoveIndexFiles());
  CAUCE_RETURN_IF_ERROR(producers_.CutFiles(cut.last->base(), cut.end));
  producers_.CutAt(cut.end);
  // Newest first: whatever a crash leaves is a log without a hole.
  for (size_t i = before->segments().size(); i > staying; --i) {
    CAUCE_RETURN_IF_ERROR(Retire(before->segments()[i - 1]));
  }
  CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  const Timestamp now = Timestamp::From(environment_->clock->Now());
  CAUCE_RETURN_IF_ERROR(file.Truncate(scanned.bytes));
  // A sync that ran meanwhile may have been before it.
  kept->MarkDirty();
  CAUCE_RETURN_IF_ERROR(kept->Sync());
  scanned.files_are_spoiled = true;  // they are gone: a close writes them
  writer_ = SegmentWriter::Continue(std::move(kept), std::move(scanned), now);
  if (leaves_gap) {
    // Only the name of a segment tells where the log ends: offsets below were
    // given out, and must not come back after any stop.
    CAUCE_RETURN_IF_ERROR(Roll(cut.end, now));
    CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
    CAUCE_RETURN_IF_ERROR(
        environment_->save_bounds(name_, {cut.end, saved_start_}));
  }
  log_end_.store(cut.end.value, std::memory_order_release);
  ++end_cuts_;
  missing_up_to_ = std::min(missing_up_to_.load(), cut.end.value);
  shown_ = std::min(shown_.load(), cut.end.value);
  committer_.Truncated(cut.end);
  CAUCE_RETURN_IF_ERROR(epochs_.CutAt(cut.end));
  return cut.end;
}

absl::Status Log::DeleteRecordsBefore(Offset offset) {
  CAUCE_RETURN_IF_ERROR(CheckWritable());
  MutexLock lock(ends_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckSound());
  if (offset <= saved_start_) {
    // What a failure has left below it goes before anybody is told that it has;
    // of what a broker has left no more than was asked for.
    const size_t left = CountBelow(Keep() ? log_start() : offset);
    return left == 0 ? absl::OkStatus() : MoveStart(log_start(), left);
  }
  // Of what is missing: whoever deletes it gives it up.
  if (offset <= log_start()) return SaveStart(offset);
  if (offset > high_watermark()) {
    return MakeError(
        Reason::kOffsetOutOfRange,
        fmt::format("{}: cannot delete the records before offset "
                    "{}, the high watermark is {}",
                    name_.ToString(), offset.value, high_watermark().value));
  }
  return MoveStart(offset, CountBelow(offset));
}

size_t Log::CountBelow(Offset start) const {
  // Not held any longer: what somebody holds is not unlinked.
  const auto set = segments();
  size_t below = 0;
  while (below + 1 < set->segments().size() &&
         set->segments()[below + 1]->base() <= start) {
    ++below;
  }
  return below;
}

absl::Status Log::ApplyRetention(absl::Time now_at_most) {
  if (read_only_) return absl::OkStatus();
  absl::Status applied = DeleteAndUnlink(now_at_most);
  // What was unlinked may be the room that was missing.
  if (ReasonOf(applied) == Reason::kDiskFull) {
    applied = DeleteAndUnlink(now_at_most);
  }
  // A roll that failed may have decided the fate of those who wait.
  if (!applied.ok()) committer_.Deliver();
  return applied;
}

absl::Status Log::DeleteAndUnlink(absl::Time now_at_most) {
  absl::Status applied = DeleteUnkept(now_at_most);
  {
    MutexLock writer(writer_mutex_);
    producers_.Expire(std::min(environment_->clock->Now(), now_at_most));
  }
  MutexLock lock(ends_mutex_);
  // Whoever ended the log owns its files: what failed may be because of that.
  // After a cut that failed halfway the next opening decides what goes.
  CAUCE_RETURN_IF_ERROR(CheckSound());
  applied.Update(UnlinkRetired());
  return applied;
}

absl::Status Log::UnlinkRetired() {
  if (retired_.empty()) return absl::OkStatus();
  FreeSpace* const space = environment_->space.get();
  // Late readers have their time as long as nobody needs the room.
  const bool at_once = space != nullptr && space->IsShort();
  const size_t before = retired_.size();
  const absl::Status unlinked = retired_.UnlinkDue(
      environment_->clock->Monotonic(),
      at_once ? absl::ZeroDuration() : config()->file_delete_delay);
  if (space != nullptr && retired_.size() < before) space->NoteFreed();
  return unlinked;
}

std::optional<RetentionOptions> Log::Keep() const {
  RetentionOptions keep;
  keep.age_max = std::nullopt;
  MutexLock lock(view_mutex_);
  if (keep_everything_) return std::nullopt;
  if (config_->cleanup.remove) {
    keep.age_max = config_->retention_age;
    keep.bytes_min = config_->retention_bytes;
  }
  return keep;
}

absl::Status Log::DeleteUnkept(absl::Time now_at_most) {
  const std::optional<RetentionOptions> kept = Keep();
  // Not even what lies below the log's start: where a broker has noted that
  // nothing tells a start that is damaged.
  if (!kept) return absl::OkStatus();
  const RetentionOptions& keep = *kept;
  const absl::Time now = std::min(environment_->clock->Now(), now_at_most);
  SegmentAges ages;
  if (keep.age_max) {
    // Indexes may have to be loaded or rebuilt: nobody waits for that.
    ages = SegmentAges::Gather(
        *segments(), *environment_->files, now - *keep.age_max,
        keep.bytes_min ? SegmentAges::Extent::kAll
                       : SegmentAges::Extent::kUntilYoung);
  }
  MutexLock lock(ends_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckSound());
  absl::Status done = RollExpired(keep, ages, now);
  // Where there is no room for another segment, those that may go make some.
  if (ReasonOf(done) != Reason::kDiskFull) CAUCE_RETURN_IF_ERROR(done);
  // What cannot be read keeps what stands behind it from going by age alone.
  done.Update(ages.failure());
  const auto set = segments();
  std::vector<SegmentInfo> sealed;
  for (size_t i = 0; i + 1 < set->segments().size(); ++i) {
    const auto& segment = set->segments()[i];
    sealed.push_back({segment->base(), set->segments()[i + 1]->base(),
                      segment->bytes(), ages.Of(segment)});
  }
  const RetentionView view{sealed, set->active()->bytes(), log_start(),
                           high_watermark()};
  const size_t count = PlanRetention(view, keep, now);
  if (count == 0) return done;
  CAUCE_RETURN_IF_ERROR(
      MoveStart(std::max(log_start(), sealed[count - 1].next), count));
  return done;
}

absl::StatusOr<absl::Time> Log::NextRetention() {
  const std::optional<RetentionOptions> keep = Keep();
  if (!keep || !keep->age_max) return absl::InfiniteFuture();
  const auto set = segments();
  const auto& oldest = set->segments().front();
  if (oldest->bytes() == 0) return absl::InfiniteFuture();
  const auto ages =
      SegmentAges::Gather(*set, *environment_->files, absl::InfinitePast(),
                          SegmentAges::Extent::kUntilYoung);
  // Whoever ended the log meanwhile owns its files.
  if (!ages.failure().ok()) CAUCE_RETURN_IF_ERROR(CheckSound());
  CAUCE_RETURN_IF_ERROR(ages.failure());
  return ages.Of(oldest) + *keep->age_max;
}

absl::Status Log::RollExpired(const RetentionOptions& keep,
                              const SegmentAges& ages, absl::Time now) {
  // The active segment can only go after it was sealed.
  MutexLock lock(writer_mutex_);
  const std::shared_ptr<Segment>& active = writer_->segment();
  if (active->bytes() == 0 || active->next() > high_watermark()) {
    return absl::OkStatus();
  }
  const bool too_old = keep.age_max && now - ages.Of(active) > *keep.age_max;
  const bool not_needed = keep.bytes_min && *keep.bytes_min <= 0;
  if (!too_old && !not_needed) return absl::OkStatus();
  return Roll(log_end(), Timestamp::From(environment_->clock->Now()));
}

absl::Status Log::MoveStart(Offset start, size_t count) {
  // Meanwhile nobody else takes segments away; appends may add some.
  absl::Status saved = SaveStart(start);
  if (ReasonOf(saved) == Reason::kDiskFull && count > 0) {
    // The indexes of what goes may be the room that is missing.
    for (size_t i = 0; i < count; ++i) {
      CAUCE_RETURN_IF_ERROR(segments()->segments()[i]->RemoveIndexFiles());
    }
    saved = SaveStart(start);
    if (ReasonOf(saved) == Reason::kDiskFull) {
      return MoveStartByFiles(start, count);
    }
  }
  CAUCE_RETURN_IF_ERROR(saved);
  BeginAt(start);
  if (count == 0) return absl::OkStatus();
  // Oldest first: whatever a crash leaves is a log without a hole.
  for (size_t i = 0; i < count; ++i) {
    CAUCE_RETURN_IF_ERROR(Retire(segments()->segments()[i]));
  }
  DropOldest(count);
  CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  return UnlinkIfShort();
}

absl::Status Log::UnlinkIfShort() {
  const FreeSpace* const space = environment_->space.get();
  const bool is_short = space != nullptr && space->IsShort();
  return is_short ? UnlinkRetired() : absl::OkStatus();
}

absl::Status Log::MoveStartByFiles(Offset start, size_t count) {
  // One after the other, each gone for good before the next: as long as the
  // start is not saved a crash must not bring back one of them without those
  // behind it.
  Offset base;
  for (size_t i = 0; i < count; ++i) {
    base = segments()->segments()[1]->base();
    BeginAt(std::max(log_start(), base));
    CAUCE_RETURN_IF_ERROR(Retire(segments()->segments()[0]));
    saved_start_ = log_start();
    DropOldest(1);
    CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  }
  CAUCE_RETURN_IF_ERROR(UnlinkRetired());
  const absl::Status saved = SaveStart(start);
  // The files say it themselves where a segment begins there.
  const bool is_told = start == base && ReasonOf(saved) == Reason::kDiskFull;
  if (!is_told) CAUCE_RETURN_IF_ERROR(saved);
  BeginAt(start);
  return absl::OkStatus();
}

absl::Status Log::SaveStart(Offset start) {
  {
    // A recovery point is saved along with it.
    MutexLock writer(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(epochs_.SaveOwed());
    CAUCE_RETURN_IF_ERROR(producers_.SettleOwed(range()));
  }
  const Offset point = RecoveryPoint();
  const absl::Status saved = environment_->save_bounds(name_, {point, start});
  NoteIfFull(saved);
  // What could not be saved now is not to be saved along with something else.
  if (saved.ok()) {
    saved_start_ = start;
  } else {
    Note(point);
  }
  return saved;
}

void Log::BeginAt(Offset start) {
  MutexLock lock(writer_mutex_);
  // Before the segments go: a reader that misses one looks at this next.
  log_start_ = start.value;
  epochs_.BeginAt(start);
}

void Log::DropOldest(size_t count) {
  MutexLock lock(writer_mutex_);
  const SegmentSet::List all = segments()->segments();
  segments_.Publish(
      {all.begin() + static_cast<std::ptrdiff_t>(count), all.end()});
}

absl::Status Log::Retire(const std::shared_ptr<Segment>& segment) {
  const absl::Duration now = environment_->clock->Monotonic();
  CAUCE_RETURN_IF_ERROR(retired_.Add(segment, now));
  segments_.Forget(segment);
  return absl::OkStatus();
}

}  // namespace cauce
