// What who reads a Log asks of it: its segments, where a time is, and whether
// there is more.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/record_batch.h"
#include "engine/base/status_macros.h"
#include "engine/log/batch_scanner.h"
#include "engine/log/log.h"
#include "engine/log/segment_gap.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A look-up reads little: the distance between two index entries and a batch.
constexpr size_t kLookupBytes = 16 << 10;

// Nothing where it has no record: batches may be left without any.
absl::StatusOr<std::optional<Offset>> FirstRecordOf(Segment& segment,
                                                    BatchScanner& scanner) {
  RecordReader reader;
  RecordView record;
  CAUCE_ASSIGN_OR_RETURN(auto batch, segment.Seek(scanner, segment.base()));
  while (batch) {
    CAUCE_RETURN_IF_ERROR(reader.Open(*batch));
    if (reader.Next(&record)) return record.offset;
    CAUCE_RETURN_IF_ERROR(reader.status());
    CAUCE_ASSIGN_OR_RETURN(batch, scanner.Next());
  }
  return std::nullopt;
}

}  // namespace

int64_t Log::bytes() const { return IsInherited() ? 0 : segments()->bytes(); }

std::shared_ptr<const SegmentSet> Log::segments() const {
  return segments_.Get();
}

absl::StatusOr<std::optional<FoundOffset>> Log::FindByTime(Timestamp time) {
  CAUCE_RETURN_IF_ERROR(LookAtStart());
  bool at_gap = false;
  const auto find = [&]() -> absl::StatusOr<std::optional<FoundOffset>> {
    for (;;) {
      CAUCE_RETURN_IF_ERROR(CheckOpen());
      const Offset up_to = high_watermark();
      const auto set = segments();
      const auto found = FindByTimeIn(*set, time, up_to);
      absl::Status checked = found.status();
      at_gap = false;
      // Within a batch without gaps the record in front of it is there.
      if (found.ok() && *found &&
          (may_have_gaps() ||
           (*found)->record.offset == (*found)->batch_base)) {
        checked = CheckNoGapBefore(*set, (*found)->record.offset);
        at_gap = IsDamage(checked);
      }
      if (read_only_ && may_have_gaps()) CAUCE_RETURN_IF_ERROR(Refresh());
      // A cut has changed a file while it was read, or compaction.
      const bool cut = std::any_of(
          set->segments().begin(), set->segments().end(),
          [](const auto& segment) { return segment->is_superseded(); });
      if (cut) continue;
      CAUCE_RETURN_IF_ERROR(checked);
      if (!*found) return std::nullopt;
      return (*found)->record;
    }
  };
  auto found = ReadListed(find);
  if (!at_gap || !read_only_) return found;
  // It was listed while another process deleted or cut, perhaps.
  CAUCE_RETURN_IF_ERROR(Refresh());
  return ReadListed(find);
}

absl::StatusOr<std::optional<FoundTime>> Log::FindByTimeIn(
    const SegmentSet& set, Timestamp time, Offset up_to) {
  const Offset from = log_start();
  for (const auto& segment : set.segments()) {
    if (segment->base() >= up_to) break;
    CAUCE_ASSIGN_OR_RETURN(const Timestamp largest,
                           segment->LargestTimestamp());
    if (largest < time) continue;
    CAUCE_ASSIGN_OR_RETURN(const auto found,
                           segment->FindByTime(time, from, up_to));
    if (found) return found;
  }
  return std::nullopt;
}

absl::Status Log::CheckNoGapBefore(const SegmentSet& set, Offset found) {
  const bool is_first =
      found <= log_start() || found <= set.segments().front()->base();
  if (is_first) return absl::OkStatus();
  if (may_have_gaps()) return CheckNoSegmentMissingBefore(set, found);
  const Offset before_it{found.value - 1};
  const auto segment = set.Find(before_it);
  BatchScanner scanner(kLookupBytes);
  const auto batch = segment->Seek(scanner, before_it);
  // What is damaged is passed by, as everywhere by who looks for a time.
  if (IsDamage(batch.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(batch.status());
  if (*batch && (*batch)->base_offset() <= before_it) return absl::OkStatus();
  if (*batch) scanner.StepBack();
  const std::string path = segment->path();
  const SegmentEnd end{path, scanner.position(),
                       scanner.offsets()->next.value_or(segment->base())};
  return Annotate(*batch ? GapWithin(end, (*batch)->base_offset())
                         : CheckNoGap(end, set.Find(found)->base()),
                  name_.ToString());
}

absl::Status Log::CheckNoSegmentMissingBefore(const SegmentSet& set,
                                              Offset found) {
  const auto next = set.Find(found);
  const Offset before_it{next->base().value - 1};
  const auto segment = set.Find(before_it);
  if (!IsMissing({segment->base(), next->base()})) return absl::OkStatus();
  BatchScanner scanner(kLookupBytes);
  const auto first = FirstRecordOf(*next, scanner);
  if (IsDamage(first.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(first.status());
  // Then the one that is right in front of it is there.
  if (*first && **first < found) return absl::OkStatus();
  const auto last = segment->Seek(scanner, before_it);
  if (IsDamage(last.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(last.status());
  const std::string path = segment->path();
  const SegmentEnd end{path, scanner.position(),
                       scanner.offsets()->next.value_or(segment->base())};
  return Annotate(CheckNothingMissing(end, segment->base(), next->base()),
                  name_.ToString());
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

absl::StatusOr<bool> Log::WaitFor(Offset offset, absl::Duration timeout) {
  if (read_only_) return WaitForFiles(offset, timeout);
  // Without an executor whoever waits makes visible what is written.
  const bool syncs_here = environment_->executor == nullptr;
  const auto cause_to_stop = [&]() -> absl::Status {
    CAUCE_RETURN_IF_ERROR(CheckOpen());
    // What is written and cannot become durable will never be seen.
    CAUCE_RETURN_IF_ERROR(committer_.status());
    // Nor what nobody can write any more.
    return log_end() > offset ? absl::OkStatus() : CheckTakesWrites();
  };
  const auto look = [&]() -> absl::StatusOr<bool> {
    for (;;) {
      CAUCE_RETURN_IF_ERROR(CheckOpen());
      if (high_watermark() > offset) return true;
      CAUCE_RETURN_IF_ERROR(cause_to_stop());
      if (!syncs_here || log_end() <= offset) return false;
      CAUCE_RETURN_IF_ERROR(committer_.Flush());
    }
  };
  const auto has_news = [&] {
    return high_watermark() > offset || (syncs_here && log_end() > offset) ||
           !cause_to_stop().ok();
  };
  Clock& clock = *environment_->clock;
  return waiters_.Wait(clock, clock.Monotonic() + timeout, look, has_news);
}

absl::StatusOr<bool> Log::WaitForFiles(Offset offset, absl::Duration timeout) {
  Clock& clock = *environment_->clock;
  const absl::Duration until = clock.Monotonic() + timeout;
  // The system has few watches: who does not wait takes none.
  std::unique_ptr<FileWatch> watch;
  if (timeout > absl::ZeroDuration()) {
    // Watched before it is looked at, so that nothing comes in between.
    CAUCE_ASSIGN_OR_RETURN(watch, environment_->files->Watch({&directory_, 1}));
  }
  for (;;) {
    CAUCE_RETURN_IF_ERROR(Refresh());
    if (log_end() > offset) return true;
    const absl::Duration left = until - clock.Monotonic();
    if (watch == nullptr || left <= absl::ZeroDuration()) return false;
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
