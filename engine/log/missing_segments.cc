#include "engine/log/missing_segments.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/log/as_closed.h"
#include "engine/log/emptied_segments.h"
#include "engine/log/foreign_segments.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_gap.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// How often one look is repeated because a writer changes what is looked at.
constexpr int kLooksMax = 8;

// What stands in the directory, by base, sorted, each once.
struct Names {
  std::vector<Offset> logs;
  std::vector<Offset> orphans;  // of indexes without a log
  bool is_swapping = false;
};

absl::StatusOr<Names> ListNames(const SegmentPlace& place) {
  CAUCE_ASSIGN_OR_RETURN(const auto entries,
                         place.files->List(place.directory));
  Names names;
  std::vector<Offset> indexes;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    names.is_swapping |= file->suffix == kSwapLogSuffix;
    // What stands in a log's place is told by who reads there.
    if (file->suffix == kLogSuffix) names.logs.push_back(file->base);
    const bool is_index = file->suffix == kOffsetIndexSuffix ||
                          file->suffix == kTimeIndexSuffix;
    if (is_index && !entry.is_directory) indexes.push_back(file->base);
  }
  std::ranges::sort(names.logs);
  std::ranges::sort(indexes);
  const auto twice = std::ranges::unique(indexes);
  indexes.erase(twice.begin(), twice.end());
  std::ranges::set_difference(indexes, names.logs,
                              std::back_inserter(names.orphans));
  return names;
}

bool IsBetween(Offset base, const std::vector<Offset>& bases) {
  return !bases.empty() && bases.front() < base && base < bases.back();
}

absl::StatusOr<std::vector<KnownSegment>> SizesOf(
    const SegmentPlace& place, const std::vector<Offset>& bases) {
  std::vector<KnownSegment> there;
  for (const Offset base : bases) {
    CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, SealedBytes(place.At(base)));
    there.push_back({base, bytes});
  }
  return there;
}

// An index that is there before and after all names were looked at belongs to
// no segment that gives way: the `.swap` that takes its place would have been
// among them all the while. Nor to one that is deleted: these go from either
// end, and what stands around it is there still.
absl::StatusOr<std::vector<MissingPart>> WithOrphansThatStay(
    std::vector<MissingPart> missing, const SegmentPlace& place,
    const MissingHints& hints, const Names& first) {
  const auto is_out = [&](Offset base) {
    return !IsBetween(base, first.logs);
  };
  std::vector<Offset> orphans = first.orphans;
  std::erase_if(orphans, is_out);
  if (orphans.empty() || first.is_swapping) return missing;
  CAUCE_ASSIGN_OR_RETURN(const Names second, ListNames(place));
  CAUCE_ASSIGN_OR_RETURN(const Names third, ListNames(place));
  if (second.is_swapping || third.is_swapping) return missing;
  CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hints.bounds_now());
  std::erase_if(orphans, [&](Offset base) {
    const bool stays = std::ranges::binary_search(third.orphans, base) &&
                       IsBetween(base, third.logs);
    return !stays || base < now.log_start || base >= now.recovery_point;
  });
  return WithOrphans(std::move(missing), orphans, third.logs);
}

absl::Status Changing(const SegmentPlace& place) {
  return absl::UnavailableError(
      fmt::format("{}: its segments change while they are looked at; look "
                  "again",
                  place.directory));
}

// What holds another log's batches has none of those that are looked for.
absl::Status TakeForeignOut(const SegmentPlace& place, const KnownLog& noted,
                            std::vector<KnownSegment>& there) {
  std::vector<Offset> bases;
  for (const KnownSegment& each : there) bases.push_back(each.base);
  CAUCE_ASSIGN_OR_RETURN(const auto foreign, FindForeign(place, noted, bases));
  for (const ForeignSegment& other : foreign.found) {
    std::erase_if(there, [&](const KnownSegment& each) {
      return each.base == other.base;
    });
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MissingPart>> LookOnce(const SegmentPlace& place,
                                                  const MissingHints& hints) {
  CAUCE_ASSIGN_OR_RETURN(const Names names, ListNames(place));
  auto there = SizesOf(place, names.logs);
  if (absl::IsNotFound(there.status())) return Changing(place);
  CAUCE_RETURN_IF_ERROR(there.status());
  CAUCE_ASSIGN_OR_RETURN(std::vector<Offset> emptied,
                         FindEmptied(place, *there));
  CAUCE_ASSIGN_OR_RETURN(std::vector<MissingPart> missing,
                         MissingSinceClose(place, hints, *std::move(there)));
  CAUCE_ASSIGN_OR_RETURN(
      missing, WithOrphansThatStay(std::move(missing), place, hints, names));
  if (missing.empty() && emptied.empty()) return missing;
  CAUCE_ASSIGN_OR_RETURN(const LogBounds now, hints.bounds_now());
  std::erase_if(emptied,
                [&](Offset base) { return base >= now.recovery_point; });
  missing = WithEmptied(std::move(missing), emptied, names.logs);
  std::erase_if(missing, [&](const MissingPart& part) {
    return part.range.next <= now.log_start;
  });
  return missing;
}

}  // namespace

absl::StatusOr<std::vector<MissingPart>> MissingSinceStop(
    const LeftLog& log,
    absl::FunctionRef<absl::StatusOr<Offset>(Offset base)> end_of) {
  const NotedLog& noted = log.noted;
  if (!noted.was_last_stop && !log.is_same_directory) {
    return std::vector<MissingPart>();
  }
  std::vector<MissingPart> missing = FindMissing(noted.log, log.there);
  if (!noted.was_last_stop && !missing.empty()) {
    // In other topics a gap tells of itself.
    if (!log.may_have_gaps) return std::vector<MissingPart>();
    std::erase_if(missing, [&](const MissingPart& part) {
      return part.range.base >= log.durable;
    });
    CAUCE_ASSIGN_OR_RETURN(missing,
                           WithoutRewritten(std::move(missing), noted.log,
                                            log.there, end_of));
  }
  if (!log.may_have_gaps) return missing;
  std::ranges::move(FindGrown(noted, log.there), std::back_inserter(missing));
  std::ranges::sort(missing, {},
                    [](const MissingPart& part) { return part.range.base; });
  const auto end = FindShortEnd(noted, log.there);
  if (!end) return missing;
  CAUCE_ASSIGN_OR_RETURN(const Offset reached, end_of(end->range.base));
  // Where it ends earlier that tells, and behind that somebody wrote it.
  const bool is_gone = noted.was_last_stop ? reached >= end->range.next
                                           : reached == end->range.next;
  if (is_gone) missing.push_back(*end);
  return missing;
}

absl::StatusOr<std::vector<MissingPart>> MissingSinceStop(
    const SegmentPlace& place, const NotedLog& noted, Offset durable,
    std::span<const KnownSegment> there) {
  bool is_same_directory = true;
  if (!noted.was_last_stop) {
    CAUCE_ASSIGN_OR_RETURN(
        is_same_directory,
        IsSameDirectory(*place.files, place.directory, noted.log));
  }
  return MissingSinceStop({.noted = noted,
                           .is_same_directory = is_same_directory,
                           .may_have_gaps = place.may_have_gaps,
                           .durable = durable,
                           .there = there},
                          [&](Offset base) -> absl::StatusOr<Offset> {
                            const auto scanned =
                                ScanEnd(place.At(base), durable);
                            // What is no file holds nothing to be read, and
                            // keeps nobody from what stands around it.
                            if (absl::IsFailedPrecondition(scanned.status())) {
                              return base;
                            }
                            CAUCE_RETURN_IF_ERROR(scanned.status());
                            return scanned->next;
                          });
}

absl::StatusOr<std::vector<MissingPart>> MissingSinceClose(
    const SegmentPlace& place, const MissingHints& hints,
    std::vector<KnownSegment> there) {
  const auto known = hints.known_now ? hints.known_now() : std::nullopt;
  if (!known) return std::vector<MissingPart>();
  CAUCE_RETURN_IF_ERROR(TakeForeignOut(place, known->log, there));
  const bool is_end_short = FindShortEnd(*known, there).has_value();
  const bool is_none = FindMissing(known->log, there).empty() &&
                       FindGrown(*known, there).empty();
  if (!is_end_short && is_none) {
    return std::vector<MissingPart>();
  }
  if (is_end_short) {
    // It may have been written between that look and its close.
    const auto bytes = SealedBytes(place.At(there.back().base));
    const bool is_same = bytes.ok() && *bytes == there.back().bytes;
    if (!is_same) return Changing(place);
  }
  CAUCE_ASSIGN_OR_RETURN(const LogBounds bounds, hints.bounds_now());
  NotedLog noted = *known;
  if (!noted.was_last_stop) {
    CAUCE_ASSIGN_OR_RETURN(
        noted.was_last_stop,
        IsAsClosed(*place.files, place.directory, noted.log, bounds));
  }
  if (!noted.was_last_stop) {
    // What gives way to a compacted log did so before `there` was seen, or its
    // `.swap` is there as yet; else the log has its name, and its end, by now.
    CAUCE_ASSIGN_OR_RETURN(const Names now, ListNames(place));
    const bool are_there = std::ranges::includes(now.logs, there, {}, {},
                                                 &KnownSegment::base);
    if (now.is_swapping || !are_there) return Changing(place);
  }
  auto missing =
      MissingSinceStop(place, noted, bounds.recovery_point, there);
  if (absl::IsNotFound(missing.status())) return Changing(place);
  CAUCE_RETURN_IF_ERROR(missing.status());
  // Somebody may have opened the directory since, or closed it, and have
  // changed what was looked at.
  if (hints.known_now() != known) return Changing(place);
  return missing;
}

absl::StatusOr<std::vector<MissingPart>> LookForMissing(
    const SegmentPlace& place, const MissingHints& hints) {
  for (int looks = 1;; ++looks) {
    auto missing = LookOnce(place, hints);
    const bool is_changing = absl::IsUnavailable(missing.status());
    if (!is_changing || looks == kLooksMax) return missing;
  }
}

std::vector<MissingPart> WithOrphans(std::vector<MissingPart> missing,
                                     const std::vector<Offset>& orphans,
                                     const std::vector<Offset>& bases) {
  for (size_t i = 0; i < orphans.size(); ++i) {
    const Offset base = orphans[i];
    if (!IsBetween(base, bases)) continue;
    Offset next = *std::ranges::upper_bound(bases, base);
    if (i + 1 < orphans.size()) next = std::min(next, orphans[i + 1]);
    const MissingPart part{.range = {base, next}};
    if (!Misses(missing, part.range)) missing.push_back(part);
  }
  std::ranges::sort(missing, {},
                    [](const MissingPart& part) { return part.range.base; });
  return missing;
}

std::vector<MissingPart> WithEmptied(std::vector<MissingPart> missing,
                                     const std::vector<Offset>& emptied,
                                     const std::vector<Offset>& bases) {
  for (const Offset base : emptied) {
    const Offset next = *std::ranges::upper_bound(bases, base);
    const MissingPart part{{base, next}, true};
    if (!Misses(missing, part.range)) missing.push_back(part);
  }
  std::ranges::sort(missing, {},
                    [](const MissingPart& part) { return part.range.base; });
  return missing;
}

bool Misses(const std::vector<MissingPart>& missing, const OffsetRange& range) {
  return std::ranges::any_of(missing, [&](const MissingPart& part) {
    return part.range.base < range.next && range.base < part.range.next;
  });
}

std::string DescribeMissing(const SegmentPlace& place,
                            const MissingPart& part) {
  const std::string path =
      place.PathOf(SegmentFileName(part.range.base, kLogSuffix));
  const std::string offsets = fmt::format(
      "offsets {} to {}", part.range.base.value, part.range.next.value - 1);
  if (!part.is_short) {
    return fmt::format(
        "{}: is missing, and nobody deleted it: what it held of {} cannot be "
        "read; close the directory and restore the file from a copy",
        path, offsets);
  }
  const absl::Status why = WhatIsInTheWay(*place.files, path);
  if (!why.ok()) {
    return fmt::format("{}; what it held of {} cannot be read; {}",
                       MessageOf(why), offsets,
                       AdviceOnStandIn(*place.files, path, why));
  }
  return fmt::format(
      "{}: {}: some of what it held of {} is gone{}; close the directory and "
      "restore the file from a copy",
      path, DescribeLess(part.bytes_gone), offsets,
      part.bytes_gone != 0
          ? ""
          : ", or damaged, and `cauce log verify` tells what it finds of that");
}

}  // namespace cauce
