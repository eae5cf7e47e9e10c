// What who reads a Log asks of it: its segments, where a time is, and whether
// there is more.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/log.h"
#include "engine/log/segment_gap.h"
#include "fmt/format.h"

namespace cauce {

int64_t Log::bytes() const { return IsInherited() ? 0 : segments()->bytes(); }

std::shared_ptr<const SegmentSet> Log::segments() const {
  return segments_.Get();
}

absl::StatusOr<std::optional<FoundOffset>> Log::FindByTime(Timestamp time,
                                                           OnDamage on_damage) {
  CAUCE_RETURN_IF_ERROR(LookAtStart());
  bool is_damage = false;
  const auto find = [&]() -> absl::StatusOr<std::optional<FoundOffset>> {
    for (;;) {
      CAUCE_RETURN_IF_ERROR(CheckOpen());
      const Offset up_to = high_watermark();
      const auto set = segments();
      const auto found = FindByTimeIn(*set, time, up_to, on_damage);
      absl::Status checked = found.status();
      if (checked.ok() && on_damage == OnDamage::kStop) {
        checked = CheckInFrontOf(*set, *found, up_to);
      }
      is_damage = IsDamage(checked);
      if (read_only_ && may_have_gaps()) CAUCE_RETURN_IF_ERROR(Refresh());
      // A cut has changed a file while it was read, or compaction.
      const bool cut = std::any_of(
          set->segments().begin(), set->segments().end(),
          [](const auto& segment) { return segment->is_superseded(); });
      if (cut) continue;
      if (is_damage) return Annotate(checked, name_.ToString());
      CAUCE_RETURN_IF_ERROR(checked);
      if (!*found) return std::nullopt;
      return (*found)->record;
    }
  };
  auto found = ReadListed(find);
  if (!is_damage || !read_only_) return found;
  // It was listed while another process deleted or cut, perhaps.
  CAUCE_RETURN_IF_ERROR(Refresh());
  return ReadListed(find);
}

absl::StatusOr<std::optional<FoundTime>> Log::FindByTimeIn(
    const SegmentSet& set, Timestamp time, Offset up_to, OnDamage on_damage) {
  const Offset from = log_start();
  const auto find_in =
      [&](Segment& segment) -> absl::StatusOr<std::optional<FoundTime>> {
    CAUCE_ASSIGN_OR_RETURN(const Timestamp largest,
                           segment.LargestTimestamp(time));
    if (largest < time) return std::nullopt;
    return segment.FindByTime(time, from, up_to, on_damage);
  };
  for (const auto& segment : set.segments()) {
    if (segment->base() >= up_to) break;
    const auto found = find_in(*segment);
    const bool is_skipped = on_damage == OnDamage::kSkip &&
                            segment->IsStoodInFor(found.status());
    if (is_skipped) continue;
    CAUCE_RETURN_IF_ERROR(found.status());
    if (*found) return found;
  }
  return std::nullopt;
}

absl::Status Log::CheckInFrontOf(const SegmentSet& set,
                                 const std::optional<FoundTime>& found,
                                 Offset end) {
  const Offset start = std::max(log_start(), set.segments().front()->base());
  Offset place = found ? found->batch_base : end;
  if (found && found->front.has_record) {
    const auto segment = set.Find(place);
    return place <= start ? absl::OkStatus()
                          : CheckFront(found->front, *segment);
  }
  while (place > start) {
    const auto segment = set.Find(Offset{place.value - 1});
    CAUCE_ASSIGN_OR_RETURN(const SegmentFront front,
                           segment->LookInFrontOf(place));
    CAUCE_RETURN_IF_ERROR(CheckFront(front, *segment));
    const auto after = set.After(segment->base());
    if (after != nullptr && after->base() == place) {
      const std::string path = segment->path();
      CAUCE_RETURN_IF_ERROR(CheckNothingMissing(
          {path, front.position, front.next.value_or(segment->base())},
          segment->base(), place));
    }
    if (front.has_record) break;
    place = segment->base();
  }
  return found ? absl::OkStatus() : CheckEndIsThere();
}

absl::Status Log::CheckFront(const SegmentFront& front,
                             const Segment& segment) {
  CAUCE_RETURN_IF_ERROR(front.damage);
  if (front.gap.count() == 0) return absl::OkStatus();
  const std::string path = segment.path();
  if (IsDamagedGap(front.gap)) {
    return GapWithin({path, front.position, front.gap.base}, front.gap.next);
  }
  return IsShort(segment.base())
             ? LessThanItHad(path, {segment.base(), segment.next()})
             : absl::OkStatus();
}

absl::Status Log::CheckEndIsThere() const {
  const OffsetRange& lost = lost_.back;
  const Offset end = log_end();
  // Whoever has opened it for writing since goes on behind that, or has cut it
  // in front of that.
  const bool is_lost = lost.count() > 0 && lost.next > log_start() &&
                       lost.base <= end && end <= lost.next;
  if (!is_lost) return absl::OkStatus();
  if (lost.base < end) {
    return LessThanItHad(segments()->Find(lost.base)->path(), lost);
  }
  // Of what stands behind damage nobody knows whether it was durable.
  return MakeError(
      Reason::kCorruptBatch,
      fmt::format("the log ends at offset {}, and records of offsets {} to {} "
                  "that were there are missing, or cannot be read",
                  end.value, lost.base.value, lost.next.value - 1));
}

absl::Status Log::CheckNothingMissing(const SegmentEnd& end, Offset base,
                                      Offset next) {
  if (IsDamagedGap({end.offset, next})) {
    CAUCE_RETURN_IF_ERROR(CheckNoGap(end, next));
  }
  // Where what is gone of it was, no gap tells among those of compaction.
  const bool is_short = may_have_gaps() && IsShort(base);
  return is_short ? LessThanItHad(end.path, {base, next}) : absl::OkStatus();
}

absl::StatusOr<bool> Log::WaitFor(Offset offset, absl::Duration timeout,
                                  Isolation isolation) {
  if (read_only_) return WaitForFiles(offset, timeout, isolation);
  // Without an executor whoever waits makes visible what is written.
  const bool syncs_here = environment_->executor == nullptr;
  // Of what lies below `known` it is known that it is not enough.
  const auto cause_to_stop = [&](Offset known) -> absl::Status {
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    // What is written and cannot become durable will never be seen.
    CAUCE_RETURN_IF_ERROR(committer_.status());
    // Nor what nobody can write any more.
    return log_end() > known ? absl::OkStatus() : CheckTakesWrites();
  };
  const auto look = [&]() -> absl::StatusOr<bool> {
    for (;;) {
      CAUCE_RETURN_IF_ERROR(CheckOpen());
      const Offset seen = high_watermark();
      CAUCE_ASSIGN_OR_RETURN(const Offset end, VisibleEnd(isolation));
      if (end > offset) return true;
      const Offset known = std::max(offset, seen);
      CAUCE_RETURN_IF_ERROR(cause_to_stop(known));
      if (!syncs_here || log_end() <= known) return false;
      CAUCE_RETURN_IF_ERROR(committer_.Flush());
    }
  };
  const auto has_news = [&] {
    const Offset seen = high_watermark();
    if (seen > offset) {
      if (isolation == Isolation::kReadUncommitted) return true;
      const auto stable = FindStableEnd();
      if (!stable || stable->decidable > offset) return true;
    }
    const Offset known = std::max(offset, seen);
    return (syncs_here && log_end() > known) || !cause_to_stop(known).ok();
  };
  Clock& clock = *environment_->clock;
  return waiters_.Wait(clock, clock.Monotonic() + timeout,
                       {look, has_news, isolation});
}

absl::StatusOr<Offset> Log::VisibleEnd(Isolation isolation) {
  if (isolation == Isolation::kReadCommitted) return DecidableEnd();
  return high_watermark();
}

std::optional<LogWaiters::Decided> Log::LookAtDecided() const {
  // Nothing is decided any more, which whoever waits is to learn.
  if (!CheckSound().ok()) return std::nullopt;
  // Or whoever waits makes visible what is written.
  const bool is_hidden =
      environment_->executor == nullptr && high_watermark() < log_end();
  if (is_hidden) return std::nullopt;
  const int64_t cuts = segments_.cuts();
  const auto stable = FindStableEnd();
  if (!stable) return std::nullopt;
  return LogWaiters::Decided{stable->offset, stable->decidable, cuts};
}

absl::StatusOr<bool> Log::WaitForFiles(Offset offset, absl::Duration timeout,
                                       Isolation isolation) {
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + timeout;
  // The system has few watches: who does not wait takes none.
  std::unique_ptr<FileWatch> watch;
  const absl::Cleanup keep = [&] {
    if (watch != nullptr) kept_watch_->Keep(std::move(watch));
  };
  for (;;) {
    CAUCE_RETURN_IF_ERROR(Refresh());
    CAUCE_ASSIGN_OR_RETURN(const Offset end, VisibleEnd(isolation));
    if (end > offset) return true;
    const absl::Duration left = until - clock.Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    if (watch == nullptr) {
      // The system has few: who need not wait takes none. Then it is looked at
      // again, so that nothing comes in between.
      CAUCE_ASSIGN_OR_RETURN(watch, kept_watch_->TakeOut());
      continue;
    }
    // In steps, since a Close does not wake those who wait for files.
    CAUCE_RETURN_IF_ERROR(
        watch->Wait(std::min(left, absl::Seconds(1))).status());
  }
}

absl::Status Log::Refresh(Listing listing) {
  if (!read_only_) return absl::OkStatus();
  // Before the segments: the log reaches at least as far as its start did.
  CAUCE_RETURN_IF_ERROR(LookAtStart());
  bool is_ours = true;
  {
    MutexLock lock(refresh_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    CAUCE_ASSIGN_OR_RETURN(is_ours, LookAtFiles(listing));
  }
  return is_ours ? absl::OkStatus() : EndAsReplaced();
}

absl::StatusOr<bool> Log::LookAtFiles(Listing listing) {
  absl::Status looked = TakeInGaps();
  if (looked.ok()) looked = (*view_.*listing)();
  // After the segments: a directory says whose it is before it has any.
  const auto is_ours = LookAtDirectory();
  if (is_ours.ok() && !*is_ours) return false;
  looked.Update(is_ours.status());
  if (absl::IsNotFound(looked)) {
    return MakeError(Reason::kUnknownTopic,
                     fmt::format("{}: the topic was deleted, {} is gone",
                                 name_.ToString(), directory_));
  }
  CAUCE_RETURN_IF_ERROR(looked);
  const SegmentSet::List& list = view_->segments();
  RaiseStart(list.front()->base());
  segments_.Publish(list);
  log_end_.store(list.back()->next().value, std::memory_order_release);
  return true;
}

absl::Status Log::TakeInGaps() {
  // Its topic may have been altered to be compacted since it was opened; that
  // is saved before anything is.
  const bool has_gaps_by_now = !may_have_gaps() && environment_->has_gaps &&
                               environment_->has_gaps(name_.topic);
  if (!has_gaps_by_now) return absl::OkStatus();
  may_have_gaps_ = true;
  return view_->AllowGaps();
}

absl::StatusOr<bool> Log::LookAtDirectory() {
  return identity_->IsStillThere(environment_->clock->Now());
}

absl::Status Log::CheckDirectory() {
  if (!read_only_) return CheckOpen();
  bool is_ours = true;
  {
    MutexLock lock(refresh_mutex_);
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    CAUCE_ASSIGN_OR_RETURN(is_ours, LookAtDirectory());
  }
  return is_ours ? absl::OkStatus() : EndAsReplaced();
}

absl::Status Log::EndAsReplaced() {
  Abandon(MakeError(Reason::kUnknownTopic,
                    fmt::format("{}: the topic was deleted, and {} is of "
                                "another one of its name by now",
                                name_.ToString(), directory_)));
  return CheckOpen();
}

absl::Status Log::LookAtStart() {
  if (!read_only_) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(CheckOpen());
  CAUCE_ASSIGN_OR_RETURN(const LogBounds now, environment_->load_bounds(name_));
  RaiseStart(now.log_start);
  return absl::OkStatus();
}

void Log::RaiseStart(Offset start) {
  int64_t known = log_start_;
  while (known < start.value &&
         !log_start_.compare_exchange_weak(known, start.value)) {
  }
}

}  // namespace cauce
