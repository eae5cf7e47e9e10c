#include "engine/log/file_claims.h"

#include <algorithm>
#include <iterator>

namespace cauce {
namespace {

using Name = OffsetClaim::Name;

// Behind the last run of those that continue the first one.
size_t EndOfFront(const FoundLog& found) {
  size_t end = 1;
  while (end < found.runs.size() && found.runs[end].is_linked) ++end;
  return end;
}

// Behind the last run of those that lie back to back with the first one.
size_t EndOfFrontStretch(const FoundLog& found) {
  const std::vector<BatchRun>& runs = found.runs;
  size_t end = 1;
  while (end < runs.size() && runs[end].position == runs[end - 1].end) ++end;
  return end;
}

bool IsCalledAsItBegins(const FoundLog& found) {
  return found.FrontBase() == found.named;
}

// How many of `sorted` are in [from, up_to).
int64_t CountIn(const std::vector<Offset>& sorted, Offset from, Offset up_to) {
  if (from >= up_to) return 0;
  return std::distance(std::ranges::lower_bound(sorted, from),
                       std::ranges::lower_bound(sorted, up_to));
}

// Whether there is one at `offset` of another log.
bool IsOfAnother(const std::multimap<Offset, size_t>& places, Offset offset,
                 size_t log) {
  const auto [first, end] = places.equal_range(offset);
  return std::any_of(first, end,
                     [log](const auto& place) { return place.second != log; });
}

}  // namespace

FileClaims::FileClaims(std::span<const FoundLog> found, const KnownOfLog& known)
    : found_(found),
      known_(known),
      front_ends_(found.size()),
      stretch_ends_(found.size()) {
  for (size_t log = 0; log < found.size(); ++log) {
    if (!found[log].is_waiting) begins_.emplace(found[log].named, log);
    if (found[log].runs.empty()) continue;
    front_ends_[log] = EndOfFront(found[log]);
    stretch_ends_[log] = EndOfFrontStretch(found[log]);
    ends_.emplace(found[log].runs.back().next, log);
    if (const auto base = found[log].FrontBase()) begins_.emplace(*base, log);
    if (!IsCalledAsItBegins(found[log])) continue;
    agreeing_.push_back(found[log].named);
  }
  std::ranges::sort(agreeing_);
  for (size_t log = 0; log < found.size(); ++log) {
    Name name = Name::kContradicts;
    for (size_t run = 0; run < found[log].runs.size(); ++run) {
      const BatchRun& batches = found[log].runs[run];
      if (!batches.is_linked) name = OwnName(log, run);
      const auto held = held_.emplace(BatchesOf(batches), name).first;
      held->second = std::max(held->second, name);
    }
  }
}

OffsetClaim FileClaims::Of(size_t log, size_t first, size_t end) const {
  const FoundLog& found = found_[log];
  const Offset base = found.runs[first].base;
  const Offset next = found.runs[end - 1].next;
  OffsetClaim claim{.name = OwnName(log, first)};
  claim.is_listed = found.is_listed && claim.name != Name::kContradicts;
  for (size_t run = first; run < end; ++run) {
    claim.name = std::max(claim.name, held_.at(BatchesOf(found.runs[run])));
    claim.links += found.runs[run].batches;
  }
  // What is damaged at the front of a file had the offsets from its name on.
  const bool begins = claim.name == Name::kAllows &&
                      IsMetInFront(log, found.named, next);
  claim.sides_met = (begins || IsMetInFront(log, base, next) ? 1 : 0) +
                    (IsMetBehind(log, first, next) ? 1 : 0);
  claim.names_within = CountIn(agreeing_, base + 1, next);
  const bool is_named = first == 0 && IsCalledAsItBegins(found);
  claim.links += is_named ? 0 : -1;
  const Offset begin = found.runs.front().base;
  claim.from_name =
      found.named <= begin ? begin - found.named : INT64_MAX;
  return claim;
}

bool FileClaims::MeetsAnother(size_t log, size_t first, size_t end) const {
  const std::vector<BatchRun>& runs = found_[log].runs;
  return IsOfAnother(ends_, runs[first].base, log) ||
         IsOfAnother(begins_, runs[end - 1].next, log);
}

FileClaims::Batches FileClaims::BatchesOf(const BatchRun& run) {
  return {run.base, run.next, run.contents};
}

Name FileClaims::OwnName(size_t log, size_t first) const {
  const FoundLog& found = found_[log];
  const BatchRun& run = found.runs[first];
  const size_t front_end = front_ends_[log];
  const bool is_in_front = first < front_end;
  if (IsCalledAsItBegins(found)) {
    const bool follows = run.base >= found.runs[front_end - 1].next;
    return is_in_front || follows ? Name::kAgrees : Name::kContradicts;
  }
  const bool may_begin_behind = found.named <= run.base &&
                                run.next - found.named <= kSegmentOffsetsMax &&
                                CountIn(agreeing_, found.named + 1,
                                        run.base + 1) == 0;
  if (!may_begin_behind) return Name::kContradicts;
  if (!found.FrontBase() || known_.may_have_gaps) return Name::kAllows;
  // One batch may say a wrong offset, and its name be right all the same.
  const bool is_one = front_end == 1 && found.runs.front().batches == 1;
  return is_one && !is_in_front ? Name::kAllows : Name::kContradicts;
}

bool FileClaims::IsMetInFront(size_t log, Offset base, Offset next) const {
  if (IsOfAnother(ends_, base, log)) return true;
  if (!known_.start_is_known) return base == Offset{0};
  return known_.log_start >= base && known_.log_start < next;
}

bool FileClaims::IsMetBehind(size_t log, size_t first, Offset next) const {
  // Behind damage the end is no neighbour: the number may be an accident.
  const bool is_behind_damage = first >= stretch_ends_[log];
  const bool is_end = !is_behind_damage && next == known_.durable;
  return is_end || IsOfAnother(begins_, next, log);
}

}  // namespace cauce
