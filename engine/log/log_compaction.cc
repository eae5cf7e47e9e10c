// How a Log is compacted: what there is to do, a pass over it, and how what a
// pass has written takes the place of segments.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/log/cleaned_segment.h"
#include "engine/log/compaction.h"
#include "engine/log/log.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_ages.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A pass that came no further is tried again once there is so much more to do.
constexpr double kMoreToTryAgain = 1.5;

}  // namespace

bool Log::IsCompacted() const {
  MutexLock lock(view_mutex_);
  return !read_only_ && !keep_everything_ && config_->cleanup.compact;
}

absl::StatusOr<CompactionPlan> Log::PlanFor(const SegmentSet& set,
                                            Offset stable_end,
                                            const CompactionOrder& order) {
  const auto topic = config();
  const Offset first_dirty{first_dirty_.load()};
  std::vector<DirtySegment> sealed;
  for (size_t i = 0; i + 1 < set.segments().size(); ++i) {
    Segment& segment = *set.segments()[i];
    // Where a sealed segment ends its last batch may end before.
    const Offset next = set.segments()[i + 1]->base();
    sealed.push_back(
        {.base = segment.base(), .next = next, .bytes = segment.bytes()});
    if (next <= first_dirty) continue;
    if (topic->max_compaction_lag) {
      CAUCE_ASSIGN_OR_RETURN(sealed.back().first_time, FirstTime(segment));
    }
    if (topic->min_compaction_lag > absl::ZeroDuration()) {
      CAUCE_ASSIGN_OR_RETURN(
          sealed.back().largest_time,
          LargestTime(segment, *environment_->files,
                      order.now - topic->min_compaction_lag +
                          absl::Milliseconds(1)));
    }
  }
  const CompactionView view{sealed, log_start(), first_dirty, stable_end};
  const CompactionRules rules{topic->min_cleanable_dirty_ratio,
                              topic->min_compaction_lag,
                              topic->max_compaction_lag, order.on_demand};
  return PlanCompaction(view, rules, order.now);
}

absl::StatusOr<CompactionPlan> Log::LookAtCompaction(
    const CompactionOrder& order) {
  if (!IsCompacted()) return CompactionPlan{};
  auto looked = PlanFor(*segments(), high_watermark(), order);
  // Whoever ended the log meanwhile owns its files.
  if (!looked.ok()) CAUCE_RETURN_IF_ERROR(CheckSound());
  CAUCE_ASSIGN_OR_RETURN(CompactionPlan plan, std::move(looked));
  const auto enough =
      static_cast<double>(blocked_dirty_bytes_.load()) * kMoreToTryAgain;
  // Where a transaction was open its end is something new.
  const bool is_blocked = static_cast<double>(plan.dirty_bytes) < enough ||
                          blocked_end_.load() == log_end().value;
  plan.is_due = plan.is_due && (order.on_demand || !is_blocked);
  return plan;
}

absl::StatusOr<std::unique_ptr<Compaction>> Log::BeginCompaction(
    const CompactionOrder& order) {
  CAUCE_RETURN_IF_ERROR(CheckSound());
  if (!IsCompacted()) return nullptr;
  CompactionTask task;
  {
    MutexLock lock(ends_mutex_);
    cuts_before_pass_ = end_cuts_;
    task.segments = segments()->segments();
    task.known_end = std::min(high_watermark(), durable_end());
    task.missing = Missing();
  }
  CAUCE_ASSIGN_OR_RETURN(
      const CompactionPlan plan,
      PlanFor(SegmentSet(task.segments), task.known_end, order));
  if (!plan.is_due) return nullptr;
  const auto topic = config();
  task.first_dirty = plan.first_dirty;
  task.end = plan.end;
  task.place = PlaceOf(Offset{0});
  task.limits = {topic->segment_bytes, topic->segment_index_bytes};
  task.now = order.now;
  task.delete_retention = topic->delete_retention;
  task.producer_expiration = environment_->producer_expiration;
  task.memory_bytes_max = order.memory_bytes_max;
  task.secret = {environment_->random->Next(), environment_->random->Next()};
  pass_dirty_bytes_ = plan.dirty_bytes;
  return std::make_unique<Compaction>(
      std::move(task),
      [weak = weak_from_this()](
          const SegmentSet::List& sources,
          CleanedSegment& cleaned) -> absl::StatusOr<bool> {
        const auto log = weak.lock();
        if (log == nullptr) return false;
        return log->ReplaceSegments(sources, cleaned);
      });
}

absl::Status Log::RollToCompact() {
  CAUCE_RETURN_IF_ERROR(CheckSound());
  if (!IsCompacted()) return absl::OkStatus();
  const absl::Status rolled = SealToCompact();
  // Where it failed it has decided the fate of those who wait.
  committer_.Deliver();
  return rolled;
}

absl::Status Log::SealToCompact() {
  MutexLock ends(ends_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckSound());
  // Nobody who writes meanwhile is to wait for a sync of this roll: what it
  // would begin with is done before, and what can be is left until it is over.
  // Nor who waits to be durable: the sealed segment's index files no append
  // needs, and no recovery point passes them, under the lock that is held.
  CAUCE_RETURN_IF_ERROR(FenceUnless(segments_.SyncNames()));
  RollRest rest;
  {
    MutexLock lock(writer_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckSound());
    if (writer_->segment()->bytes() == 0) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(TakeSpaceToRoll(0, AppendOrigin::kClient));
    CAUCE_RETURN_IF_ERROR(
        Roll(log_end(), Timestamp::From(environment_->clock->Now()), &rest));
  }
  absl::Status indexed = rest.sealed->WriteIndexFiles(*rest.index);
  if (indexed.ok()) indexed = rest.sealed->SyncIndexFiles();
  // Where they could not be made durable every sync tries again.
  segments_.IndexesWritten();
  CAUCE_RETURN_IF_ERROR(indexed);
  absl::Status written;
  if (rest.snapshot) written = producers_.Write(*rest.snapshot);
  MutexLock lock(writer_mutex_);
  segments_.NoteNames();
  if (rest.snapshot) producers_.Written(rest.snapshot->at, written);
  return absl::OkStatus();
}

absl::Status Log::EndCompaction(const Compaction& pass) {
  TellOfDamage(pass.damage());
  MutexLock lock(ends_mutex_);
  CAUCE_RETURN_IF_ERROR(CheckSound());
  // What was cut off and written again is not what the pass has seen.
  if (pass.gave_up() || end_cuts_ != cuts_before_pass_) return absl::OkStatus();
  const Offset after = std::min(pass.first_dirty_after(), log_end());
  // Further, or from the beginning again.
  const bool has_moved = after.value != first_dirty_.load();
  const bool is_damaged = !pass.damage().ok();
  blocked_dirty_bytes_ =
      has_moved || !is_damaged ? 0 : pass_dirty_bytes_.load();
  blocked_end_ = has_moved || is_damaged ? -1 : log_end().value;
  NoteFirstDirty(after);
  return UnlinkIfShort();
}

absl::Status Log::CheckNothingMissing() const {
  const auto missing = Missing();
  if (missing.empty()) return absl::OkStatus();
  const OffsetRange& first = missing.front();
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("{}: records of offsets {} to {} are missing, and nobody "
                  "deleted them: what bears on those stays, and no pass goes "
                  "over them; close the directory and put the segment back, or "
                  "let cauce log repair give them up",
                  name_.ToString(), first.base.value, first.next.value - 1));
}

void Log::NoteFirstDirty(Offset first_dirty) {
  first_dirty_ = first_dirty.value;
  if (environment_->note_first_dirty) {
    environment_->note_first_dirty(name_, first_dirty);
  }
}

absl::Status Log::LowerFirstDirty(Offset first_dirty) {
  if (environment_->lower_first_dirty) {
    CAUCE_RETURN_IF_ERROR(environment_->lower_first_dirty(name_, first_dirty));
  }
  first_dirty_ = first_dirty.value;
  return absl::OkStatus();
}

void Log::TellOfDamage(const absl::Status& damage) {
  if (damage.ok() || !environment_->events) return;
  {
    MutexLock lock(view_mutex_);
    // Every pass comes upon it.
    if (told_damage_ == MessageOf(damage)) return;
    told_damage_ = MessageOf(damage);
  }
  environment_->events(
      Severity::kError,
      fmt::format("{}: a segment that is damaged was not compacted, nor what "
                  "it bears on; cauce log repair takes out what cannot be "
                  "read: {}",
                  name_.ToString(), MessageOf(damage)));
}

absl::StatusOr<bool> Log::ReplaceSegments(const SegmentSet::List& sources,
                                          CleanedSegment& cleaned) {
  auto replaced = [&]() -> absl::StatusOr<bool> {
    MutexLock lock(ends_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckSound());
    // Of the group before: this one's are still held by who replaces them.
    CAUCE_RETURN_IF_ERROR(UnlinkIfShort());
    // What the pass goes by may have been cut off: a record that was written
    // over is the last of its key again.
    if (end_cuts_ != cuts_before_pass_) return false;
    if (!IsCompacted()) return false;
    const auto set = segments();
    const SegmentSet::List& now = set->segments();
    const auto first = std::ranges::find(now, sources.front());
    const auto count = static_cast<std::ptrdiff_t>(sources.size());
    // The active one is never among them: it stands behind.
    const bool are_there = now.end() - first > count &&
                           std::equal(sources.begin(), sources.end(), first);
    if (!are_there) return false;
    const Offset next = first[count]->base();
    {
      // A recovery point is saved along with it.
      MutexLock writer(writer_mutex_);
      CAUCE_RETURN_IF_ERROR(epochs_.SaveOwed());
      CAUCE_RETURN_IF_ERROR(producers_.SettleOwed(range()));
    }
    // Recovery takes a segment in which offsets are missing for torn where it
    // was not durable.
    const Offset point = RecoveryPoint();
    if (point < next) return false;
    CAUCE_RETURN_IF_ERROR(RemoveSnapshotsBelow(next));
    CAUCE_RETURN_IF_ERROR(
        environment_->save_bounds(name_, {point, saved_start_}));
    CAUCE_RETURN_IF_ERROR(Swap(sources, cleaned, next));
    return true;
  }();
  NoteIfFull(replaced.status());
  return replaced;
}

// Who went on from a snapshot in front of what a pass takes out might miss the
// end of a transaction that is open there: they are gone, for good, before a
// swap may count.
absl::Status Log::RemoveSnapshotsBelow(Offset end) {
  {
    MutexLock writer(writer_mutex_);
    producers_.ForgetSnapshotsBelow(end);
  }
  // Appends go on meanwhile: on a disk that is busy with what the pass has
  // written, this takes tens of milliseconds.
  const auto removed =
      cauce::RemoveSnapshotsBelow(*environment_->files, directory_, end);
  if (!removed.ok() || *removed) segments_.NoteNames();
  CAUCE_RETURN_IF_ERROR(removed.status());
  // Of one that a roll has removed as well.
  return FenceUnless(segments_.SyncNames());
}

absl::Status Log::Swap(const SegmentSet::List& sources, CleanedSegment& cleaned,
                       Offset next) {
  absl::Status made = cleaned.BecomeSwap();
  const auto segment = cleaned.MakeSegment(next);
  made.Update(segment->OpenFile().status());
  if (!made.ok()) {
    const absl::Status withdrawn = cleaned.Withdraw();
    return withdrawn.ok() ? made : FailSwap(withdrawn);
  }
  {
    MutexLock lock(writer_mutex_);
    const auto before = segments();
    SegmentSet::List list;
    for (const auto& each : before->segments()) {
      if (each == sources.front()) list.push_back(segment);
      if (std::ranges::find(sources, each) == sources.end()) {
        list.push_back(each);
      }
    }
    segments_.Publish(std::move(list));
  }
  const absl::Status swapped = TakePlaces(sources, *segment);
  return swapped.ok() ? swapped : FailSwap(swapped);
}

absl::Status Log::TakePlaces(const SegmentSet::List& sources,
                             Segment& segment) {
  for (const auto& source : sources) CAUCE_RETURN_IF_ERROR(Retire(source));
  // All of them are out of its way before anything of it has a name like
  // theirs: by that alone nobody could tell whose it is.
  CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  CAUCE_RETURN_IF_ERROR(segment.TakeOwnName());
  CAUCE_RETURN_IF_ERROR(environment_->files->SyncDirectory(directory_));
  return RemoveEmptyAborted(*environment_->files, directory_, segment.base());
}

absl::Status Log::FailSwap(const absl::Status& cause) {
  const absl::Status failed = MakeError(
      Reason::kDiskFailed,
      fmt::format("{}: a compacted segment has not taken its place, and "
                  "nothing is written any more until it is reopened, which "
                  "puts it there: {}",
                  name_.ToString(), MessageOf(cause)));
  committer_.Fail(failed);
  return failed;
}

}  // namespace cauce
