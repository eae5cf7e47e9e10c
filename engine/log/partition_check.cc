#include "engine/log/partition_check.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/beyond_close.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/cut_files.h"
#include "engine/log/foreign_segments.h"
#include "engine/log/leftovers.h"
#include "engine/log/log_environment.h"
#include "engine/log/log_stand_in.h"
#include "engine/log/missing_segments.h"
#include "engine/log/outgrown_close.h"
#include "engine/log/overwritten_log.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_directory.h"
#include "engine/log/segment_gap.h"
#include "engine/log/segment_name.h"
#include "engine/log/segments_above_end.h"
#include "engine/log/short_log.h"
#include "engine/log/swap_check.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kRestoreMissing =
    "restore this file, or the ones behind it that are missing, from a copy, "
    "or let cauce log repair say that they are gone; until then readers may go "
    "on behind them";

constexpr std::string_view kMoveDirectory =
    "move it away, and restore the .log file from a copy if there was one";

// Of an index that leads astray in a log that lacks something.
constexpr std::string_view kKeepIndex =
    "keep it until the log is restored, or repaired: it tells where batches "
    "of it stood";

// What a repair does, too.
std::string AdviceOnSnapshot(const absl::Status& read) {
  if (!IsUnusable(read)) {
    return "mend what keeps it from being read, and verify again";
  }
  const bool is_newer = ReasonOf(read) == Reason::kUnsupportedFormat;
  return fmt::format(
      "let cauce log repair set it aside{}: what it says of producers is read "
      "from the log",
      is_newer ? ", which keeps it for the release that wrote it"
               : ", or remove it while nothing has the directory open");
}

}  // namespace

PartitionCheck::PartitionCheck(FileSystem& files,
                               const PartitionToCheck& partition,
                               VerifySummary& summary,
                               const SegmentCheck::Found& found,
                               const SegmentCheck::Progress& progress)
    : files_(files),
      partition_(partition),
      summary_(summary),
      found_(found),
      progress_(progress) {}

absl::Status PartitionCheck::Run() {
  const auto bases = List();
  if (absl::IsNotFound(bases.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(bases.status());
  directories_.insert(bases->directories.begin(), bases->directories.end());
  const SegmentPlace place{.files = &files_,
                           .directory = partition_.directory,
                           .may_have_gaps = partition_.may_have_gaps};
  CAUCE_ASSIGN_OR_RETURN(const bool is_outgrown, TellOutgrown(place));
  if (is_outgrown) partition_.clean_stop = false;
  CAUCE_ASSIGN_OR_RETURN(
      const auto swapped,
      CheckSwaps(place, bases->swaps, {bases->logs, bases->retired},
                 [this](const Finding& finding) { Tell(finding); }));
  if (swapped) {
    TellDirectories();
    return CheckBeside(place, *swapped, bases->logs);
  }
  for (const Offset base : bases->orphans) {
    CAUCE_RETURN_IF_ERROR(CheckOrphan(place, base, bases->logs));
  }
  // A writer at work gives what it replaces indexes that are true.
  const KnownLog* noted = partition_.known ? &*partition_.known : nullptr;
  const auto listing = ListSegments(
      place, {.durable = partition_.bounds.durable, .noted = noted});
  if (absl::IsNotFound(listing.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(listing.status());
  for (const Intruder& intruder : listing->intruders) {
    Tell({.file = PathOf(intruder.base, kLogSuffix),
          .offset = intruder.base,
          .what = DescribeIntruder(place, intruder),
          .advice = std::string(kIntruderAdvice)});
  }
  for (const ForeignSegment& foreign : listing->foreign) {
    foreign_.insert(foreign.base);
    Tell({.file = PathOf(foreign.base, kLogSuffix),
          .offset = foreign.base,
          .what = DescribeForeign(foreign),
          .advice = std::string(kForeignAdvice)});
  }
  for (const UnreadSegment& unread : listing->unread) {
    if (absl::IsResourceExhausted(unread.why)) return unread.why;
    unread_.push_back(unread);
  }
  CAUCE_RETURN_IF_ERROR(CheckSnapshots());
  std::vector<Offset> segments = listing->bases;
  CAUCE_RETURN_IF_ERROR(TellAboveEnd(place, segments));
  CAUCE_RETURN_IF_ERROR(CheckNoneIsGone(segments));
  CAUCE_RETURN_IF_ERROR(CheckSegments(place, segments));
  TellDirectories();
  TellUnread();
  return absl::OkStatus();
}

void PartitionCheck::TellDirectories() {
  for (const Offset base : directories_) {
    Tell({.file = PathOf(base, kLogSuffix),
          .offset = base,
          .what = std::string(kDirectoryThere),
          .advice = std::string(kMoveDirectory)});
  }
  directories_.clear();
}

std::optional<std::string> PartitionCheck::TakeDirectoryAt(Offset end) {
  if (directories_.erase(end) == 0) return std::nullopt;
  return PathOf(end, kLogSuffix);
}

absl::StatusOr<bool> PartitionCheck::TellOutgrown(const SegmentPlace& place) {
  if (!partition_.clean_stop || !partition_.known) return false;
  const Offset closed = partition_.known->end;
  const auto outgrown = FindOutgrown(place, *partition_.known);
  if (absl::IsResourceExhausted(outgrown.status())) return outgrown.status();
  // What keeps a file from being read is told when its turn comes.
  const auto end = outgrown.value_or(std::nullopt);
  if (!end) return false;
  // A writer that has opened it since is why.
  CAUCE_ASSIGN_OR_RETURN(const bool is_closed, IsClosed());
  if (!is_closed) return false;
  const Offset last = partition_.known->segments.back().base;
  Tell({.file = PathOf(last, kLogSuffix),
        .offset = closed,
        .what = DescribeOutgrown(*end, closed),
        .advice = std::string(kOutgrownAdvice)});
  return true;
}

absl::StatusOr<size_t> PartitionCheck::CountAbove(
    const SegmentPlace& place, const std::vector<Offset>& bases) const {
  const Offset end = partition_.bounds.durable;
  if (partition_.known) {
    CAUCE_ASSIGN_OR_RETURN(const size_t count,
                           CountBehindClose(place, bases, end));
    CAUCE_ASSIGN_OR_RETURN(const bool is_closed, IsClosed());
    if (count > 0 && is_closed) return count;
  }
  return CountAboveEnd(place, bases, end);
}

absl::Status PartitionCheck::TellAboveEnd(const SegmentPlace& place,
                                          std::vector<Offset>& bases) {
  if (!partition_.clean_stop) return absl::OkStatus();
  const auto above = CountAbove(place, bases);
  if (absl::IsResourceExhausted(above.status())) return above.status();
  if (!above.ok() && !absl::IsNotFound(above.status())) {
    unread_.push_back(
        {*std::ranges::lower_bound(bases, partition_.bounds.durable),
         above.status()});
  }
  for (size_t left = above.value_or(0); left > 0; --left) {
    const AboveEndWords words =
        DescribeAboveEnd(place.At(bases.back()), partition_.bounds.durable);
    Tell({.file = PathOf(bases.back(), kLogSuffix),
          .offset = bases.back(),
          .what = words.what,
          .advice = std::string(words.advice)});
    std::erase_if(unread_, [&](const UnreadSegment& each) {
      return each.base == bases.back();
    });
    bases.pop_back();
  }
  return absl::OkStatus();
}

absl::Status PartitionCheck::CheckNoneIsGone(const std::vector<Offset>& bases) {
  // Elsewhere a gap tells of itself.
  if (!partition_.known || !partition_.may_have_gaps) return absl::OkStatus();
  std::vector<KnownSegment> there;
  for (const Offset base : bases) {
    const auto info = files_.Info(PathOf(base, kLogSuffix));
    // Whoever has removed it has opened the directory. And what is no file is
    // told when its turn comes.
    if (absl::IsNotFound(info.status())) return absl::OkStatus();
    there.push_back({base, info.ok() ? info->bytes : INT64_MAX});
  }
  // What is known by now takes a look at more files.
  const NotedLog noted{*partition_.known, partition_.clean_stop};
  const bool may_miss = !FindMissing(noted.log, there).empty() ||
                        FindShortEnd(noted, there).has_value() ||
                        !FindGrown(noted, there).empty();
  if (!may_miss) return absl::OkStatus();
  const SegmentPlace place{.files = &files_,
                           .directory = partition_.directory,
                           .may_have_gaps = partition_.may_have_gaps};
  const MissingHints hints{
      .known_now = [this] { return KnownNow(); },
      .bounds_now = [this]() -> absl::StatusOr<LogBounds> {
        CAUCE_ASSIGN_OR_RETURN(const auto now, partition_.bounds_now());
        return LogBounds{now.durable, now.log_start};
      }};
  const auto missing = MissingSinceClose(place, hints, there);
  if (absl::IsUnavailable(missing.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(missing.status());
  for (const MissingPart& part : *missing) {
    const OffsetRange& range = part.range;
    const bool is_told = range.next <= partition_.bounds.log_start ||
                         foreign_.contains(range.base);
    if (is_told) continue;
    if (part.is_short) {
      short_.push_back(part);
      continue;
    }
    Tell({.file = PathOf(range.base, kLogSuffix),
          .offset = range.base,
          .what = fmt::format("is missing, and nobody deleted it: it was there "
                              "at the last close, and what it held of offsets "
                              "{} to {} is gone",
                              range.base.value, range.next.value - 1),
          .advice = std::string(kRestoreMissing)});
  }
  return absl::OkStatus();
}

std::optional<NotedLog> PartitionCheck::KnownNow() const {
  if (partition_.known_now) return partition_.known_now();
  // After any other stop, and once another has opened the directory, some.
  const auto closed = IsClosed();
  return NotedLog{*partition_.known, closed.value_or(false)};
}

absl::Status PartitionCheck::CheckSnapshots() {
  const auto all = ListSnapshots(files_, partition_.directory);
  if (absl::IsNotFound(all.status())) return absl::OkStatus();
  CAUCE_RETURN_IF_ERROR(all.status());
  for (const Offset at : *all) {
    const auto read = ReadSnapshot(files_, partition_.directory, at);
    if (read.ok() || absl::IsNotFound(read.status())) continue;
    if (absl::IsResourceExhausted(read.status())) return read.status();
    // A power loss may have torn one that was not durable.
    const bool is_torn =
        !partition_.clean_stop && at >= partition_.bounds.durable;
    Tell({.gravity = is_torn ? Gravity::kNote : Gravity::kDamage,
          .file = PathOf(at, kSnapshotSuffix),
          .offset = at,
          .what = std::string(MessageOf(read.status())),
          .advice = AdviceOnSnapshot(read.status())});
  }
  return absl::OkStatus();
}

absl::StatusOr<PartitionCheck::Bases> PartitionCheck::List() const {
  CAUCE_ASSIGN_OR_RETURN(const auto entries, files_.List(partition_.directory));
  Bases bases;
  std::vector<Offset> indexes;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (!file) continue;
    if (entry.is_directory) {
      if (file->suffix == kLogSuffix) bases.directories.push_back(file->base);
      continue;
    }
    if (file->suffix == kLogSuffix) bases.logs.push_back(file->base);
    if (file->suffix == kDeletedLogSuffix) bases.retired.push_back(file->base);
    const bool is_index =
        file->suffix == kOffsetIndexSuffix || file->suffix == kTimeIndexSuffix;
    if (is_index) indexes.push_back(file->base);
  }
  bases.swaps = CompleteSwaps(entries);
  std::sort(bases.logs.begin(), bases.logs.end());
  std::sort(bases.retired.begin(), bases.retired.end());
  std::sort(indexes.begin(), indexes.end());
  indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
  std::set_difference(indexes.begin(), indexes.end(), bases.logs.begin(),
                      bases.logs.end(), std::back_inserter(bases.orphans));
  return bases;
}

absl::Status PartitionCheck::CheckBeside(const SegmentPlace& place,
                                         const OffsetRange& swapped,
                                         const std::vector<Offset>& bases) {
  std::optional<Offset> last_whole;
  if (!partition_.clean_stop) last_whole = LastWhole(place, bases);
  for (size_t i = 0; i < bases.size(); ++i) {
    const Offset base = bases[i];
    if (base >= swapped.base && base < swapped.next) continue;
    std::optional<Offset> next;
    if (i + 1 < bases.size()) next = bases[i + 1];
    SegmentToCheck segment{
        .directory = partition_.directory,
        .base = base,
        .next_base = next,
        .torn_from = TornFrom(place.At(base)),
        .is_whole_behind = last_whole > base,
        .durable = partition_.bounds.durable,
        .log_start = partition_.bounds.log_start,
        .may_have_gaps = partition_.may_have_gaps,
        .decompressed_bytes_max = partition_.decompressed_bytes_max};
    if (partition_.clean_stop) segment.opened_since = partition_.opened_since;
    const auto end =
        SegmentCheck(files_, segment, summary_, found_, progress_).Run();
    if (end.ok() || absl::IsNotFound(end.status())) continue;
    if (absl::IsResourceExhausted(end.status())) return end.status();
    TellUnreadable(base, end.status());
  }
  return absl::OkStatus();
}

void PartitionCheck::TellUnreadable(Offset base, const absl::Status& why) {
  Tell({.file = PathOf(base, kLogSuffix),
        .offset = base,
        .what = fmt::format("the file, or one of its indexes, cannot be read: "
                            "{}",
                            MessageOf(why)),
        .advice = "mend what keeps it from being read, and verify again; "
                  "restore it from a copy if that cannot be mended"});
}

absl::Status PartitionCheck::CheckSegments(const SegmentPlace& place,
                                           const std::vector<Offset>& bases) {
  SegmentToCheck segment{
      .directory = partition_.directory,
      .durable = partition_.bounds.durable,
      .log_start = partition_.bounds.log_start,
      .may_have_gaps = partition_.may_have_gaps,
      .decompressed_bytes_max = partition_.decompressed_bytes_max};
  if (partition_.clean_stop) {
    segment.opened_since = partition_.opened_since;
  }
  if (bases.empty()) {
    const Offset start = partition_.bounds.log_start;
    return CheckEnd({.segment = start, .end = start, .next = start});
  }
  CAUCE_RETURN_IF_ERROR(CheckStart(bases.front()));
  std::optional<Offset> last_whole;
  if (!partition_.clean_stop) last_whole = LastWhole(place, bases);
  for (size_t i = 0; i < bases.size(); ++i) {
    const bool is_last = i + 1 == bases.size();
    segment.base = bases[i];
    segment.torn_from = TornFrom(place.At(bases[i]));
    const bool is_next_known = !is_last && !IsUnread(bases[i + 1]);
    segment.next_base = std::nullopt;
    if (is_next_known) segment.next_base = bases[i + 1];
    segment.is_whole_behind = last_whole > bases[i];
    const int64_t damages = summary_.damages;
    // Told behind what their log lacks, of which they may be the evidence.
    std::vector<Finding> of_indexes;
    const SegmentCheck::Found sort = [&](const Finding& finding) {
      const bool is_of_log = finding.file.ends_with(kLogSuffix);
      is_of_log ? found_(finding) : of_indexes.push_back(finding);
    };
    SegmentCheck check(files_, segment, summary_, sort, progress_);
    const auto end = check.Run();
    const int64_t of_log =
        summary_.damages - damages -
        std::ranges::count(of_indexes, Gravity::kDamage, &Finding::gravity);
    if (!end.ok()) std::ranges::for_each(of_indexes, found_);
    // Retention may have removed it since the directory was listed.
    if (absl::IsNotFound(end.status())) continue;
    unread_told_ |= !end.ok();
    if (absl::IsResourceExhausted(end.status())) return end.status();
    // Where that cannot be seen, the reason that is told stays the same.
    const bool is_no_file =
        !end.ok() &&
        IsNoFile(files_, PathOf(bases[i], kLogSuffix)).value_or(false);
    if (is_no_file) {
      Tell({.file = PathOf(bases[i], kLogSuffix),
            .offset = bases[i],
            .what = std::string(kNoFileThere),
            .advice = std::string(kIntruderAdvice)});
      continue;
    }
    if (!end.ok()) {
      TellUnreadable(bases[i], end.status());
      continue;
    }
    // What stands behind damage was told with it, but for what is gone to the
    // last byte.
    const bool is_whole = is_last ? *end >= partition_.bounds.durable
                                  : is_next_known && *end >= bases[i + 1];
    const int64_t told = summary_.damages;
    if (of_log == 0 || is_whole) {
      CAUCE_RETURN_IF_ERROR(
          CheckBehind({.segment = bases[i],
                       .end = *end,
                       .next = is_last ? *end : bases[i + 1],
                       .is_whole_behind = segment.is_whole_behind,
                       .zeros = check.zeros_behind()},
                      is_last         ? Behind::kEnd
                      : is_next_known ? Behind::kSegment
                                      : Behind::kUnread));
    }
    for (Finding& finding : of_indexes) {
      const bool is_evidence =
          summary_.damages > told && finding.gravity == Gravity::kDamage;
      if (is_evidence) finding.advice = std::string(kKeepIndex);
      found_(finding);
    }
  }
  return absl::OkStatus();
}

absl::Status PartitionCheck::CheckBehind(const Gap& gap, Behind behind) {
  CAUCE_ASSIGN_OR_RETURN(const bool ends_there,
                         EndsAtClose(gap.segment, gap.end));
  if (!ends_there || behind == Behind::kUnread) return absl::OkStatus();
  if (behind == Behind::kSegment) return CheckGap(gap);
  CAUCE_RETURN_IF_ERROR(CheckNotShort(gap));
  return CheckEnd(gap);
}

std::optional<Offset> PartitionCheck::TornFrom(
    const SegmentPlace& segment) const {
  if (partition_.clean_stop) return std::nullopt;
  // What keeps it from being read is told when its turn comes.
  const auto overwritten = FindOverwritten(segment);
  if (overwritten.ok() && *overwritten) return std::nullopt;
  return partition_.bounds.durable;
}

std::optional<Offset> PartitionCheck::LastWhole(
    const SegmentPlace& place, const std::vector<Offset>& bases) const {
  for (const Offset base : std::views::reverse(bases)) {
    // What keeps one from being read is told when its turn comes.
    const auto first = FirstBatchOffset(place.At(base));
    if (first.ok() && *first == base) return base;
  }
  return std::nullopt;
}

absl::Status PartitionCheck::CheckGap(const Gap& gap) {
  const auto& [base, end, next, is_whole_behind, zeros] = gap;
  if (partition_.may_have_gaps) return CheckNotShort(gap);
  if (end >= next) return absl::OkStatus();
  // A writer may be cutting the log: it saves where that ends first. What is
  // not known to have been durable is for the next recovery to decide, unless
  // that would take whole batches; of a log that was closed all was.
  CAUCE_ASSIGN_OR_RETURN(const auto now, partition_.bounds_now());
  CAUCE_ASSIGN_OR_RETURN(const bool is_closed, IsClosed());
  const bool is_cut = end >= now.durable && !is_closed;
  if (next <= now.log_start || (is_cut && !is_whole_behind)) {
    return absl::OkStatus();
  }
  const std::string path = PathOf(base, kLogSuffix);
  const auto info = files_.Info(path);
  const auto behind = files_.Info(PathOf(next, kLogSuffix));
  for (const absl::Status& there : {info.status(), behind.status()}) {
    if (absl::IsNotFound(there)) return absl::OkStatus();
    CAUCE_RETURN_IF_ERROR(there);
  }
  if (const auto directory = TakeDirectoryAt(end)) {
    Tell({.file = *directory,
          .offset = end,
          .what = fmt::format("{}, and the next segment begins at offset {}: "
                              "the records in between are missing",
                              kDirectoryThere, next.value),
          .advice = std::string(kMoveDirectory)});
    return absl::OkStatus();
  }
  Tell({.file = path,
        .position = info->bytes,
        .offset = end,
        .what = fmt::format("the file ends at offset {}, and the next segment "
                            "begins at offset {}: the records in between are "
                            "missing",
                            end.value, next.value),
        .advice = std::string(is_cut ? kRepairFirst : kRestoreMissing)});
  return absl::OkStatus();
}

absl::Status PartitionCheck::CheckNotShort(const Gap& gap) {
  const auto found =
      std::ranges::find_if(short_, [&](const MissingPart& part) {
        return part.range.base == gap.segment;
      });
  if (found == short_.end()) return absl::OkStatus();
  const bool lacks_end = gap.end < gap.next;
  const std::string less = DescribeLess(found->bytes_gone);
  Tell({.file = PathOf(gap.segment, kLogSuffix),
        .offset = lacks_end ? gap.end : gap.segment,
        .what = lacks_end
                    ? fmt::format("the file {}: it ends at offset {}, and what "
                                  "it held of offsets up to {} is gone",
                                  less, gap.end.value, gap.next.value - 1)
                    : fmt::format("the file {}: which of offsets {} to {} are "
                                  "missing from within it is not known",
                                  less, gap.segment.value, gap.next.value - 1),
        .advice = std::string(kRestoreMissing)});
  return absl::OkStatus();
}

absl::Status PartitionCheck::CheckStart(Offset base) {
  if (!partition_.start_is_known || base <= partition_.bounds.log_start) {
    return absl::OkStatus();
  }
  // Whoever deletes segments saves the new start first.
  CAUCE_ASSIGN_OR_RETURN(const auto now, partition_.bounds_now());
  if (base <= now.log_start) return absl::OkStatus();
  Tell({.file = PathOf(base, kLogSuffix),
        .offset = now.log_start,
        .what = fmt::format("the oldest segment begins at offset {}, and the "
                            "log starts at offset {}: the records in between "
                            "are missing",
                            base.value, now.log_start.value),
        .advice = fmt::format(
            "restore the partition's first .log files from a copy, or let "
            "cauce log repair give them up: the log then starts at offset {}",
            base.value)});
  return absl::OkStatus();
}

absl::Status PartitionCheck::CheckEnd(const Gap& gap) {
  const Offset base = gap.segment;
  const Offset end = gap.end;
  const auto& saved = partition_.bounds;
  if (end >= std::max(saved.durable, saved.log_start)) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(const auto now, partition_.bounds_now());
  if (end < now.log_start) {
    // Deleted records need not have reached the disk before the power failed;
    // an opening then begins a segment at the start, and so ends the log there.
    CAUCE_ASSIGN_OR_RETURN(const bool stopped, IsClosed());
    const ShortLog log{partition_.directory, end, now.log_start};
    Tell({.gravity = stopped ? Gravity::kDamage : Gravity::kNote,
          .file = PathOf(base, kLogSuffix),
          .offset = end,
          .what = DescribeShortLog(log),
          .advice = AdviceOnShortLog(log)});
    return absl::OkStatus();
  }
  // Below its start a log may well end.
  if (end >= now.durable || now.durable <= now.log_start) {
    return absl::OkStatus();
  }
  const std::string lost = fmt::format(
      "the log ends at offset {}{}, and records up to offset {} were durable",
      end.value, InFrontOfZeros(gap.zeros), now.durable.value);
  if (const auto directory = TakeDirectoryAt(end)) {
    Tell({.file = *directory,
          .offset = end,
          .what = fmt::format("{}: {}", kDirectoryThere, lost),
          .advice = std::string(kMoveDirectory)});
    return absl::OkStatus();
  }
  Tell({.file = PathOf(base, kLogSuffix),
        .offset = end,
        .what = lost,
        .advice = "restore the partition's last .log files from a copy, and "
                  "keep its indexes; what is missing is lost"});
  return absl::OkStatus();
}

absl::StatusOr<bool> PartitionCheck::EndsAtClose(Offset base, Offset end) {
  const Offset closed_at = partition_.bounds.durable;
  if (!partition_.known || end <= closed_at) return true;
  CAUCE_ASSIGN_OR_RETURN(const bool is_closed, IsClosed());
  if (!is_closed) return true;
  CAUCE_ASSIGN_OR_RETURN(
      const BeyondClose what,
      CompareWithClose(files_, partition_.directory, *partition_.known));
  Tell({.file = PathOf(base, kLogSuffix),
        .offset = closed_at,
        .what = DescribeBeyondClose(what, end, closed_at),
        .advice = std::string(AdviceBeyondClose(what))});
  return false;
}

std::optional<Offset> PartitionCheck::FindByFirstBatch(
    const SegmentPlace& place, Offset first, const std::vector<Offset>& logs) {
  if (!first_batches_) {
    first_batches_.emplace();
    for (const Offset named : logs) {
      // What keeps one from being read is told when its turn comes.
      const auto begins = FirstBatchOffset(place.At(named));
      if (begins.ok() && *begins) first_batches_->emplace(**begins, named);
    }
  }
  const auto found = first_batches_->find(first);
  if (found == first_batches_->end()) return std::nullopt;
  return found->second;
}

absl::Status PartitionCheck::CheckOrphan(const SegmentPlace& place, Offset base,
                                         const std::vector<Offset>& logs) {
  const auto named = FindByFirstBatch(place, base, logs);
  // The log may be there by now: the directory was listed while it was made.
  const auto log = files_.Info(PathOf(base, kLogSuffix));
  if (log.ok()) return absl::OkStatus();
  CAUCE_ASSIGN_OR_RETURN(const auto now, partition_.bounds_now());
  // Before the index is looked for: who deletes it renames it before its log
  // goes for good.
  CAUCE_ASSIGN_OR_RETURN(
      const bool was_deleted,
      IsOnItsWayOut(files_, partition_.directory, base,
                    logs.empty() ? base : logs.front()));
  const bool is_missed =
      !was_deleted && base >= now.log_start && base < now.durable;
  std::string_view suffix = kOffsetIndexSuffix;
  if (absl::IsNotFound(files_.Info(PathOf(base, suffix)).status())) {
    suffix = kTimeIndexSuffix;
    // Both may be gone by now, and the segment with them.
    if (absl::IsNotFound(files_.Info(PathOf(base, suffix)).status())) {
      return absl::OkStatus();
    }
  }
  const std::string cut = CutFileName(SegmentFileName(base, kLogSuffix), 0);
  const bool is_kept =
      files_.Info(JoinPath(partition_.directory, cut)).ok();
  Tell({.gravity = is_missed ? Gravity::kDamage : Gravity::kNote,
        .file = PathOf(base, suffix),
        .offset = base,
        .what = fmt::format(
            "an index without its log: {} is not there{}",
            SegmentFileName(base, kLogSuffix),
            named ? fmt::format(", and {} begins at its offset",
                                SegmentFileName(*named, kLogSuffix))
                  : ""),
        .advice = named ? std::string(kNameFirst)
                  : is_missed
                      ? "restore the .log file from a copy; the index leads "
                        "to the batches that were in it"
                  : is_kept
                      ? fmt::format("nothing: the segment was set aside, and "
                                    "is kept as {}; the next opening for "
                                    "writing removes its index",
                                    cut)
                      : "nothing: the segment was deleted, and the next "
                        "opening for writing removes what is left of it, or, "
                        "of a broker's topic, the first one after that got "
                        "its configs"});
  return absl::OkStatus();
}

absl::StatusOr<bool> PartitionCheck::IsClosed() const {
  if (!partition_.clean_stop || !partition_.opened_since) {
    return partition_.clean_stop;
  }
  CAUCE_ASSIGN_OR_RETURN(const bool opened, partition_.opened_since());
  return !opened;
}

bool PartitionCheck::IsUnread(Offset base) const {
  return std::ranges::find(unread_, base, &UnreadSegment::base) !=
         unread_.end();
}

void PartitionCheck::TellUnread() {
  if (unread_told_) return;
  for (const UnreadSegment& each : unread_) {
    Tell({.file = PathOf(each.base, kLogSuffix),
          .offset = each.base,
          .what = fmt::format("whether it is a segment could not be seen: {}",
                              MessageOf(each.why)),
          .advice = "mend what keeps the file that is named from being read, "
                    "and verify again"});
  }
}

std::string PartitionCheck::PathOf(Offset base, std::string_view suffix) const {
  return fmt::format("{}/{}", partition_.directory,
                     SegmentFileName(base, suffix));
}

void PartitionCheck::Tell(Finding finding) {
  ++(finding.gravity == Gravity::kNote ? summary_.notes : summary_.damages);
  found_(finding);
}

}  // namespace cauce
