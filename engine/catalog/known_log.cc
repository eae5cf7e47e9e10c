#include "engine/catalog/known_log.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A change and the look behind it get the same time where a file system, or
// the clock that the system gives files their times by, ticks no faster. Times
// in whole seconds are those of a coarse one.
constexpr absl::Duration kTick = absl::Milliseconds(20);
constexpr absl::Duration kCoarseTick = absl::Seconds(2);

// A log with more of them is looked at anew, and its epochs are read again.
constexpr size_t kEpochsMax = 64;
// As many as can be counted: nothing else tells of them.
constexpr size_t kGapsMax = UINT16_MAX;
constexpr size_t kSegmentsMax = 1 << 20;

constexpr size_t kGapsAt = 42;
constexpr size_t kFixedBytes = 76;
constexpr size_t kEpochBytes = 12;
constexpr size_t kPairBytes = 16;

bool TellsOfGaps(std::string_view part) {
  return part.size() >= kFixedBytes &&
         LoadBig<uint16_t>(part.data() + kGapsAt) > 0;
}

absl::Status Corrupt(std::string_view what) {
  return MakeError(Reason::kCorruptFile, std::string(what));
}

// That segments, gaps and epochs are such as a log can have.
absl::Status CheckFits(const KnownLog& log) {
  Offset last{-1};
  for (const KnownSegment& segment : log.segments) {
    if (segment.base <= last || segment.bytes < 0) {
      return Corrupt(fmt::format("a segment begins at offset {} and has {} "
                                 "bytes, behind one that begins at {}",
                                 segment.base.value, segment.bytes,
                                 last.value));
    }
    last = segment.base;
  }
  if (log.end < last) {
    return Corrupt(fmt::format("the log ends at offset {}, in front of its "
                               "last segment, which begins at {}",
                               log.end.value, last.value));
  }
  Offset gap_end{0};
  for (const OffsetRange& gap : log.missing) {
    if (gap.base < gap_end || gap.next <= gap.base) {
      return Corrupt(fmt::format("offsets {} to {} are missing, behind {}",
                                 gap.base.value, gap.next.value,
                                 gap_end.value));
    }
    gap_end = gap.next;
  }
  for (const EpochStart& epoch : log.epochs) {
    if (epoch.epoch < LeaderEpoch{0} || epoch.start < Offset{0}) {
      return Corrupt(fmt::format("epoch {} begins at offset {}",
                                 epoch.epoch.value, epoch.start.value));
    }
  }
  const KnownTimes& times = log.times;
  for (const Timestamp time : {times.oldest, times.first, times.largest}) {
    if (time >= kNoTimestamp) continue;
    return Corrupt(fmt::format("a time is {} ms", time.ms));
  }
  if (times.largest_at < Offset{-1} || times.largest_at >= log.end) {
    return Corrupt(fmt::format("the largest time is at offset {} of a log "
                               "that ends at {}",
                               times.largest_at.value, log.end.value));
  }
  if (log.snapshot >= Offset{0}) return absl::OkStatus();
  return Corrupt(fmt::format("a snapshot is at offset {}", log.snapshot.value));
}

// The segment of `log` that begins at `base`; null where there was none.
const KnownSegment* FindSegment(const KnownLog& log, Offset base) {
  const auto known = std::ranges::lower_bound(log.segments, base, {},
                                              &KnownSegment::base);
  const bool is_there = known != log.segments.end() && known->base == base;
  return is_there ? &*known : nullptr;
}

// How much shorter `file` is than it was.
int64_t BytesGone(const KnownLog& log, const KnownSegment& file) {
  const KnownSegment* const known = FindSegment(log, file.base);
  return known == nullptr ? 0 : std::max<int64_t>(known->bytes - file.bytes, 0);
}

// What of `log` there is room for. Whoever opens it looks at all of it again
// where epochs are left out.
KnownLog WithinBounds(KnownLog log) {
  if (log.epochs.size() > kEpochsMax) {
    log.epochs.clear();
    log.directory.changed_ns = 0;
  }
  if (log.missing.size() <= kGapsMax) return log;
  // The name of the first file of several then stands for all of them.
  std::vector<OffsetRange> joined;
  for (const OffsetRange& gap : log.missing) {
    const bool goes_on = !joined.empty() && joined.back().next == gap.base;
    if (goes_on) {
      joined.back().next = gap.next;
    } else {
      joined.push_back(gap);
    }
  }
  if (joined.size() > kGapsMax) {
    joined.erase(joined.begin(), joined.end() - kGapsMax);
  }
  log.missing = std::move(joined);
  return log;
}

}  // namespace

DirectoryStamp StampOf(const FileInfo& info, absl::Time now) {
  return {info.id, ChangeTimeOf(info, now)};
}

bool IsUnchanged(const DirectoryStamp& stamp, const FileInfo& info) {
  return stamp.id != 0 && stamp.changed_ns != 0 && info.is_directory &&
         info.id == stamp.id &&
         absl::ToUnixNanos(info.modified) == stamp.changed_ns;
}

int64_t ChangeTimeOf(const FileInfo& info, absl::Time now) {
  const int64_t changed = absl::ToUnixNanos(info.modified);
  const bool is_coarse = changed % 1'000'000'000 == 0;
  const absl::Duration age = now - info.modified;
  return age < (is_coarse ? kCoarseTick : kTick) ? 0 : changed;
}

bool LogIsUnchanged(const KnownLog& log, const FileInfo& info) {
  return log.log_changed_ns != 0 && !info.is_directory &&
         info.bytes == log.segments.back().bytes &&
         absl::ToUnixNanos(info.modified) == log.log_changed_ns;
}

std::vector<MissingPart> FindMissing(const KnownLog& log,
                                     std::span<const KnownSegment> there) {
  // Where anything begins that was there or is there.
  std::vector<Offset> begins;
  for (const KnownSegment& each : log.segments) begins.push_back(each.base);
  for (const OffsetRange& each : log.missing) begins.push_back(each.base);
  for (const KnownSegment& each : there) begins.push_back(each.base);
  std::ranges::sort(begins);
  const auto up_to_next = [&](Offset base, Offset next) -> OffsetRange {
    const auto at = std::ranges::upper_bound(begins, base);
    return {base, at == begins.end() ? next : std::min(next, *at)};
  };
  std::vector<MissingPart> missing;
  // `had` are the bytes of the file that holds the offset, where that is known.
  const auto look = [&](const OffsetRange& range,
                        std::optional<int64_t> had) {
    const auto behind = std::ranges::upper_bound(there, range.base, {},
                                                 &KnownSegment::base);
    if (behind == there.begin() || behind == there.end()) return;
    const KnownSegment& file = *std::prev(behind);
    const bool has_file = file.base == range.base;
    if (has_file && (!had || file.bytes >= *had)) return;
    missing.push_back({range, has_file, has_file ? BytesGone(log, file) : 0});
  };
  for (const KnownSegment& each : log.segments) {
    look(up_to_next(each.base, log.end), each.bytes);
  }
  for (const OffsetRange& range : log.missing) {
    // It was short before: it is back where it has grown.
    const KnownSegment* const known = FindSegment(log, range.base);
    std::optional<int64_t> had;
    if (known != nullptr) had = known->bytes + 1;
    look(up_to_next(range.base, range.next), had);
  }
  std::ranges::sort(missing, {}, [](const MissingPart& part) {
    return part.range.base;
  });
  // Shorter once more.
  const auto twice = std::ranges::unique(missing);
  missing.erase(twice.begin(), twice.end());
  return missing;
}

std::optional<MissingPart> FindShortEnd(const NotedLog& noted,
                                        std::span<const KnownSegment> there) {
  const KnownLog& log = noted.log;
  const KnownSegment& last = log.segments.back();
  // Whoever has cut it since has taken its times out, too.
  const bool may_be_cut = !noted.was_last_stop && log.times == KnownTimes();
  if (may_be_cut) return std::nullopt;
  const bool is_short = !there.empty() && there.back().base == last.base &&
                        there.back().bytes < last.bytes &&
                        last.base < log.end;
  if (!is_short) return std::nullopt;
  return MissingPart{
      {last.base, log.end}, true, BytesGone(log, there.back())};
}

std::vector<MissingPart> FindGrown(const NotedLog& noted,
                                   std::span<const KnownSegment> there) {
  std::vector<MissingPart> grown;
  if (!noted.was_last_stop) return grown;
  const std::vector<KnownSegment>& all = noted.log.segments;
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    const auto file =
        std::ranges::lower_bound(there, all[i].base, {}, &KnownSegment::base);
    // The size of what cannot be seen is not known.
    const bool has_grown = file != there.end() && file->base == all[i].base &&
                           file->bytes > all[i].bytes &&
                           file->bytes < INT64_MAX;
    const bool was_missed = std::ranges::binary_search(
        noted.log.missing, all[i].base, {}, &OffsetRange::base);
    if (!has_grown || was_missed) continue;
    grown.push_back({{all[i].base, all[i + 1].base},
                     true,
                     all[i].bytes - file->bytes});
  }
  return grown;
}

absl::StatusOr<std::vector<MissingPart>> WithoutRewritten(
    std::vector<MissingPart> missing, const KnownLog& log,
    std::span<const KnownSegment> there,
    absl::FunctionRef<absl::StatusOr<Offset>(Offset base)> end_of) {
  std::vector<MissingPart> left;
  // All that was merged into one file asks for the same end.
  std::optional<OffsetRange> last;
  for (const MissingPart& part : missing) {
    const Offset base = part.range.base;
    const KnownSegment* const known = FindSegment(log, base);
    const bool was_missed = std::ranges::binary_search(
        log.missing, base, {}, &OffsetRange::base);
    // A pass writes nothing that tells how much was missing of one: it stays.
    if (part.is_short && was_missed) {
      left.push_back(part);
      continue;
    }
    // Of one that held nothing, nothing is gone.
    if (known != nullptr && known->bytes == 0 && !was_missed) continue;
    const auto behind =
        std::ranges::upper_bound(there, base, {}, &KnownSegment::base);
    if (behind == there.begin() || behind == there.end()) continue;
    const Offset file = std::prev(behind)->base;
    if (!last || last->base != file) {
      CAUCE_ASSIGN_OR_RETURN(const Offset end, end_of(file));
      last = {file, end};
    }
    // A cut into a gap ends a file in front of the next; what is known ends
    // there, too, then.
    const bool is_gone = part.is_short
                             ? last->next < std::min(behind->base, log.end)
                             : last->next <= base;
    if (is_gone) left.push_back(part);
  }
  return left;
}

std::optional<std::string> EncodeKnownLog(const KnownLog& whole) {
  const bool fits = !whole.segments.empty() &&
                    whole.segments.size() <= kSegmentsMax &&
                    CheckFits(whole).ok();
  if (!fits) return std::nullopt;
  const KnownLog log = WithinBounds(whole);
  std::string to;
  to.reserve(kFixedBytes + log.epochs.size() * kEpochBytes +
             (log.missing.size() + log.segments.size()) * kPairBytes);
  AppendBig<int64_t>(to, static_cast<int64_t>(log.directory.id));
  AppendBig<int64_t>(to, log.directory.changed_ns);
  AppendBig<int64_t>(to, log.log_changed_ns);
  AppendBig<int64_t>(to, log.end.value);
  AppendBig<int64_t>(to, log.snapshot.value);
  AppendBig<uint16_t>(to, static_cast<uint16_t>(log.epochs.size()));
  AppendBig<uint16_t>(to, static_cast<uint16_t>(log.missing.size()));
  AppendBig<int64_t>(to, log.times.oldest.ms);
  AppendBig<int64_t>(to, log.times.first.ms);
  AppendBig<int64_t>(to, log.times.largest.ms);
  AppendBig<int64_t>(to, log.times.largest_at.value);
  for (const EpochStart& epoch : log.epochs) {
    AppendBig<int32_t>(to, epoch.epoch.value);
    AppendBig<int64_t>(to, epoch.start.value);
  }
  for (const OffsetRange& gap : log.missing) {
    AppendBig<int64_t>(to, gap.base.value);
    AppendBig<int64_t>(to, gap.next.value);
  }
  // As many as there is room for.
  for (const KnownSegment& segment : log.segments) {
    AppendBig<int64_t>(to, segment.base.value);
    AppendBig<int64_t>(to, segment.bytes);
  }
  return to;
}

absl::StatusOr<KnownLog> DecodeKnownLog(std::string_view bytes) {
  if (bytes.size() < kFixedBytes + kPairBytes) {
    return Corrupt(fmt::format("{} bytes cannot tell of a log", bytes.size()));
  }
  const char* at = bytes.data();
  KnownLog log;
  log.directory = {static_cast<uint64_t>(LoadBig<int64_t>(at)),
                   LoadBig<int64_t>(at + 8)};
  log.log_changed_ns = LoadBig<int64_t>(at + 16);
  log.end = Offset{LoadBig<int64_t>(at + 24)};
  log.snapshot = Offset{LoadBig<int64_t>(at + 32)};
  const size_t epochs = LoadBig<uint16_t>(at + 40);
  const size_t gaps = LoadBig<uint16_t>(at + kGapsAt);
  const size_t in_front =
      kFixedBytes + epochs * kEpochBytes + gaps * kPairBytes;
  const bool fits = epochs <= kEpochsMax &&
                    in_front + kPairBytes <= bytes.size() &&
                    (bytes.size() - in_front) % kPairBytes == 0 &&
                    bytes.size() - in_front <= kSegmentsMax * kPairBytes;
  if (!fits) {
    return Corrupt(fmt::format("{} bytes cannot tell of {} epochs, {} gaps and "
                               "of segments",
                               bytes.size(), epochs, gaps));
  }
  log.times = {{LoadBig<int64_t>(at + 44)},
               {LoadBig<int64_t>(at + 52)},
               {LoadBig<int64_t>(at + 60)},
               Offset{LoadBig<int64_t>(at + 68)}};
  at += kFixedBytes;
  log.epochs.reserve(epochs);
  for (size_t i = 0; i < epochs; ++i, at += kEpochBytes) {
    log.epochs.push_back(
        {LeaderEpoch{LoadBig<int32_t>(at)}, Offset{LoadBig<int64_t>(at + 4)}});
  }
  log.missing.reserve(gaps);
  for (size_t i = 0; i < gaps; ++i, at += kPairBytes) {
    log.missing.push_back(
        {Offset{LoadBig<int64_t>(at)}, Offset{LoadBig<int64_t>(at + 8)}});
  }
  log.segments.reserve((bytes.size() - in_front) / kPairBytes);
  for (const char* end = bytes.data() + bytes.size(); at != end;
       at += kPairBytes) {
    log.segments.push_back(
        {Offset{LoadBig<int64_t>(at)}, LoadBig<int64_t>(at + 8)});
  }
  if (absl::Status checked = CheckFits(log); !checked.ok()) return checked;
  return log;
}

size_t LeaveOutParts(ManifestRows& rows, int64_t bytes_max) {
  int64_t bytes = ManifestBytes(rows);
  size_t left_out = 0;
  for (const bool with_gaps : {false, true}) {
    for (auto& [name, row] : std::views::reverse(rows)) {
      if (bytes <= bytes_max) return left_out;
      if (row.part.empty() || TellsOfGaps(row.part) != with_gaps) continue;
      bytes -= static_cast<int64_t>(row.part.size());
      row.part = {};
      ++left_out;
    }
  }
  return left_out;
}

std::optional<KnownLog> FindKnown(const Manifest& manifest,
                                  const TopicPartition& partition) {
  const auto part = manifest.Find(partition);
  if (!part) return std::nullopt;
  auto log = DecodeKnownLog(*part);
  if (!log.ok()) return std::nullopt;
  return *std::move(log);
}

}  // namespace cauce
