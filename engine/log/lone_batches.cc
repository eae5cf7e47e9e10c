#include "engine/log/lone_batches.h"

#include <algorithm>
#include <optional>

#include "engine/log/exchanged_names.h"

namespace cauce {
LoneBatches::LoneBatches(std::span<const FoundLog> found,
                         const KnownOfLog& known, const OffsetLine& line)
    : found_(found),
      known_(known),
      line_(line),
      has_chain_(found.size()),
      taken_(found.size()),
      exchanged_(FindExchangedNames(found, known.may_have_gaps)) {
  for (size_t log = 0; log < found.size(); ++log) {
    has_chain_[log] =
        std::ranges::any_of(found[log].runs, [](const BatchRun& run) {
          return run.batches > 1 || run.is_linked;
        });
    const auto& former = found[log].former_name;
    const bool was_there = !former || former->has_anothers;
    if (!found[log].is_waiting && was_there) {
      names_.emplace(found[log].named, log);
      if (!found[log].is_blank) claims_.emplace(found[log].named, log);
    }
    if (const auto base = found[log].FrontBase()) fronts_.emplace(*base, log);
    if (found[log].runs.empty()) continue;
    ends_.emplace(found[log].runs.back().next, log);
  }
}

bool LoneBatches::IsBelieved(size_t log, size_t run) const {
  const BatchRun& batch = found_[log].runs[run];
  const LogPart part{log, batch.position, batch.base, batch.next};
  if (!line_.HasRoomFor(part) || IsForeign(log)) return false;
  if (batch.position == 0 && exchanged_[log]) return true;
  const Side front = FrontOf(part, run);
  if (IsAboveEnd(part) && front != Side::kMeets) return false;
  if (IsClaimed(part, front)) return false;
  const Side back = BackOf(part, run);
  if (batch.position == 0 && !MayFollowItsName(part)) {
    return back != Side::kGap && SpeaksMoreForBatch(part, run);
  }
  const bool meets = front == Side::kMeets || back == Side::kMeets;
  const bool has_gap = front == Side::kGap || back == Side::kGap;
  return meets || !has_gap;
}

LoneBatches::Side LoneBatches::Beside(bool is_in_order) const {
  return known_.may_have_gaps && is_in_order ? Side::kInOrder : Side::kGap;
}

LoneBatches::Side LoneBatches::FrontOf(const LogPart& part, size_t run) const {
  const FoundLog& log = found_[part.log];
  const LogPart* const before = line_.Before(part.base);
  const bool is_own = before != nullptr && before->log == part.log;
  if (is_own && before->next == part.base) return Side::kMeets;
  if (part.position == 0) {
    return MeetsFront(part) ? Side::kMeets : Side::kInOrder;
  }
  const bool is_adjacent = run > 0 && log.runs[run - 1].end == part.position;
  if (is_adjacent) {
    const BatchRun& neighbour = log.runs[run - 1];
    if (MeetsFrontAcross(part, run)) return Side::kMeets;
    if (!IsConfirmedBehind(part)) return Side::kGap;
    return Beside(neighbour.next <= part.base);
  }
  const bool follows_name = log.named <= part.base &&
                            part.next - log.named <= kSegmentOffsetsMax &&
                            line_.IsFree(log.named, part.base);
  return is_own || follows_name ? Side::kExplained : Side::kGap;
}

LoneBatches::Side LoneBatches::BackOf(const LogPart& part, size_t run) const {
  const FoundLog& log = found_[part.log];
  if (MeetsBack(part, run)) return Side::kMeets;
  const bool is_last = run + 1 == log.runs.size();
  if (is_last || log.runs[run + 1].position > log.runs[run].end) {
    return Side::kExplained;
  }
  const BatchRun& neighbour = log.runs[run + 1];
  // Of a batch whose offset is wrong the length is right all the same.
  const LogPart across{part.log, part.position, part.base,
                       part.next + (neighbour.next - neighbour.base)};
  const bool meets_across = !known_.may_have_gaps &&
                            line_.IsFree(part.next, across.next) &&
                            MeetsBack(across, run + 1);
  if (meets_across) return Side::kMeets;
  return Beside(neighbour.base >= part.next);
}

// Of a batch whose offset is wrong the length is right all the same.
bool LoneBatches::MeetsFrontAcross(const LogPart& part, size_t run) const {
  if (known_.may_have_gaps) return false;
  const FoundLog& log = found_[part.log];
  const BatchRun& between = log.runs[run - 1];
  const Offset base{part.base.value - (between.next - between.base)};
  if (between.position == 0) return base == log.named;
  const LogPart* const before = line_.Before(part.base);
  return run > 1 && log.runs[run - 2].end == between.position &&
         before != nullptr && before->log == part.log &&
         before->position == log.runs[run - 2].position && before->next == base;
}

// Above the end that was saved nothing but another batch confirms an offset in
// order, and compaction leaves no gap there.
bool LoneBatches::IsConfirmedBehind(const LogPart& part) const {
  if (!known_.may_have_gaps) return true;
  return line_.From(part.next) != nullptr || part.next <= known_.durable ||
         (known_.clean_stop && !IsAboveEnd(part));
}

// What is known to lie above the saved end shows that to be wrong.
bool LoneBatches::IsAboveEnd(const LogPart& part) const {
  const LogPart* const before = line_.Before(part.base);
  return known_.clean_stop && known_.durable > Offset{0} &&
         part.next > known_.durable &&
         (before == nullptr || before->next <= known_.durable);
}

bool LoneBatches::IsClaimed(const LogPart& part, Side front) const {
  const LogPart* const before = line_.Before(part.base);
  const Offset from = before == nullptr ? Offset{0} : before->next;
  int looks = 0;
  for (auto name = claims_.lower_bound(from);
       name != claims_.end() && name->first < part.next; ++name) {
    if (name->second == part.log) continue;
    if (++looks > kNamesMax) return true;
    if (IsClaimedBy(name->second, part, front)) return true;
  }
  return false;
}

bool LoneBatches::IsClaimedBy(size_t other, const LogPart& part,
                              Side front) const {
  const FoundLog& log = found_[other];
  const LogPart* const before = line_.Before(part.base);
  const bool is_behind_own = before != nullptr && before->log == part.log;
  const OffsetLine::Span* const span = line_.SpanOf(other);
  if (span == nullptr) {
    // Something stood at its name, where the batch or its file would lie.
    const bool stood_there = !IsCopy(other) &&
                             (is_behind_own || log.named >= part.base);
    return stood_there && !FillsAHole(part);
  }
  if (span->base < part.next || !NameMayBeRight(other)) return false;
  // What is damaged at its front had the offsets from its name on.
  if (span->position > 0) return true;
  // Its name may be as wrong.
  if (IsHomeless(part)) return false;
  const bool meets = front == Side::kMeets || span->base == part.next;
  const bool went_on =
      is_behind_own && front == Side::kExplained && log.named <= before->next;
  return !meets && !went_on;
}

bool LoneBatches::FillsAHole(const LogPart& part) const {
  const LogPart* const before = line_.Before(part.base);
  const LogPart* const behind = line_.From(part.next);
  return before != nullptr && before->next == part.base && behind != nullptr &&
         behind->base == part.next;
}

bool LoneBatches::IsForeign(size_t log) const {
  return line_.SpanOf(log) == nullptr && has_chain_[log];
}

bool LoneBatches::IsCopy(size_t log) const {
  const std::vector<BatchRun>& runs = found_[log].runs;
  for (size_t& at = taken_[log]; at < runs.size(); ++at) {
    const LogPart* const taken = line_.From(runs[at].base);
    const bool is_taken = taken != nullptr && taken->base == runs[at].base &&
                          taken->next == runs[at].next;
    if (!is_taken) return false;
  }
  return !runs.empty();
}

bool LoneBatches::MayFollowItsName(const LogPart& part) const {
  const Offset named = found_[part.log].named;
  if (!known_.may_have_gaps || named > part.base) return false;
  if (!line_.IsFree(named, part.base)) return false;
  int looks = 0;
  for (auto name = claims_.upper_bound(named);
       name != claims_.end() && name->first <= part.base; ++name) {
    const size_t other = name->second;
    if (++looks > kNamesMax) return false;
    if (!IsCopy(other) && NameMayBeRight(other)) return false;
  }
  return IsConfirmedBehind(part);
}

bool LoneBatches::SpeaksMoreForBatch(const LogPart& part, size_t run) const {
  const LogPart as_named = AsNamed(part);
  const auto sides = [&](const LogPart& place) {
    return (MeetsFront(place) ? 1 : 0) + (MeetsBack(place, run) ? 1 : 0);
  };
  if (!IsHomeless(part)) return sides(part) > sides(as_named);
  return sides(part) > 0 || FitsAVacatedName(part) ||
         (known_.may_have_gaps && IsConfirmedBehind(part));
}

bool LoneBatches::IsHomeless(const LogPart& part) const {
  return part.position == 0 &&
         (found_[part.log].is_waiting || !line_.HasRoomFor(AsNamed(part)));
}

bool LoneBatches::FitsAVacatedName(const LogPart& part) const {
  int looks = 0;
  for (auto name = names_.upper_bound(part.base); name != names_.begin();) {
    --name;
    if (++looks > kNamesMax) return false;
    const bool fits = known_.may_have_gaps
                          ? line_.IsFree(name->first, part.base)
                          : name->first == part.base;
    if (!fits) return false;
    if (name->second != part.log && !NameMayBeRight(name->second)) return true;
  }
  return false;
}

LogPart LoneBatches::AsNamed(const LogPart& part) const {
  const Offset named = found_[part.log].named;
  const int64_t count =
      std::min(part.next - part.base, INT64_MAX - named.value);
  return {part.log, part.position, named, named + count};
}

bool LoneBatches::MeetsFront(const LogPart& part) const {
  const auto ended = ends_.find(part.base);
  if (ended != ends_.end() && ended->second != part.log) return true;
  const LogPart* const before = line_.Before(part.base);
  if (before != nullptr) return before->next == part.base;
  return known_.start_is_known && known_.log_start >= part.base &&
         known_.log_start < part.next;
}

bool LoneBatches::MeetsBack(const LogPart& part, size_t run) const {
  const FoundLog& log = found_[part.log];
  const LogPart* const behind = line_.From(part.next);
  const bool meets = behind != nullptr && behind->base == part.next;
  if (behind != nullptr && behind->log == part.log) return meets;
  const bool ends_file = run + 1 == log.runs.size();
  if (!ends_file) return false;
  const auto called = names_.find(part.next);
  const bool is_called = called != names_.end() && called->second != part.log &&
                         NameMayBeRight(called->second);
  const auto begun = fronts_.find(part.next);
  const bool is_begun = begun != fronts_.end() && begun->second != part.log;
  return meets || is_called || is_begun ||
         (behind == nullptr && part.next == known_.durable);
}

bool LoneBatches::NameMayBeRight(size_t log) const {
  const Offset named = found_[log].named;
  const OffsetLine::Span* const span = line_.SpanOf(log);
  if (span == nullptr) {
    const LogPart* const before = line_.Before(named);
    const LogPart* const from = line_.From(named);
    return (before == nullptr || before->next <= named) &&
           (from == nullptr || from->base > named);
  }
  return named <= span->base && line_.IsFree(named, span->base);
}

}  // namespace cauce
