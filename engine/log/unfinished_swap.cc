#include "engine/log/unfinished_swap.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "cauce/types.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/whole_file.h"
#include "engine/log/complete_swaps.h"
#include "engine/log/cut_files.h"
#include "engine/log/producer_files.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// The log last, which alone counts.
constexpr std::array<std::string_view, 4> kSuffixes = {
    kOffsetIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix, kLogSuffix};

constexpr std::string_view kSwapListSuffix = ".txnindex.swap";

// A link, a pipe, or what others keep for themselves.
bool IsUnreadable(const absl::Status& opened) {
  return absl::IsFailedPrecondition(opened) || absl::IsPermissionDenied(opened);
}

class UnfinishedSwaps {
 public:
  UnfinishedSwaps(const SegmentPlace& place, const EventSink& events,
                  GivesWay gives_way)
      : place_(place), events_(events), gives_way_(gives_way) {}

  absl::Status End() {
    CAUCE_RETURN_IF_ERROR(List());
    for (const Offset base : swaps_) CAUCE_RETURN_IF_ERROR(Look(base));
    // Where only a process died its names may still go: what they stand for has
    // to stay until they cannot.
    if (!taken_.empty()) {
      CAUCE_RETURN_IF_ERROR(place_.files->SyncDirectory(place_.directory));
    }
    // All that give way go first, and for good: a swap by its own name no
    // longer says which they are.
    for (const OldFile& old : old_) {
      const FoundSwap* const swap = CoverOf(old.base);
      if (swap == nullptr || IsNew(old)) continue;
      CAUCE_RETURN_IF_ERROR(GiveWay(old, *swap));
    }
    if (!taken_.empty()) {
      CAUCE_RETURN_IF_ERROR(place_.files->SyncDirectory(place_.directory));
    }
    for (const FoundSwap& swap : taken_) CAUCE_RETURN_IF_ERROR(Take(swap));
    if (gives_way_ == GivesWay::kStays) leftovers_.clear();
    CAUCE_RETURN_IF_ERROR(RemoveLeftovers());
    const bool changed = !taken_.empty() || !leftovers_.empty();
    return changed ? place_.files->SyncDirectory(place_.directory)
                   : absl::OkStatus();
  }

 private:
  struct OldFile {
    Offset base;
    std::string name;
  };

  absl::Status List() {
    CAUCE_ASSIGN_OR_RETURN(const auto entries,
                           place_.files->List(place_.directory));
    swaps_ = CompleteSwaps(entries);
    for (const DirectoryEntry& entry : entries) {
      const auto file = ParseSegmentFileName(entry.name);
      if (entry.is_directory || !file) continue;
      if (file->suffix == kLogSuffix) logs_.push_back(file->base);
      // Of some the log may have gone alone.
      if (std::ranges::find(kSuffixes, file->suffix) != kSuffixes.end()) {
        old_.push_back({file->base, entry.name});
      }
      if (file->suffix == kSwapListSuffix) swap_lists_.push_back(file->base);
      if (file->suffix == kDeletedLogSuffix) retired_.push_back(file->base);
      const bool is_cleaned = file->suffix.ends_with(kCleanedSuffix);
      // What is taken in has other names by the time these go.
      if (is_cleaned || file->suffix.ends_with(kSwapSuffix)) {
        leftovers_.push_back(entry.name);
      }
    }
    std::ranges::sort(logs_);
    std::ranges::sort(retired_);
    return absl::OkStatus();
  }

  // A `.cleaned` file says of swaps that they were not complete: it outlives
  // them.
  absl::Status RemoveLeftovers() {
    const auto cleaned =
        std::ranges::partition(leftovers_, [](const std::string& name) {
          return name.ends_with(kSwapSuffix);
        });
    for (auto name = leftovers_.begin(); name != leftovers_.end(); ++name) {
      const bool is_first = name == cleaned.begin();
      if (is_first && name != leftovers_.begin()) {
        CAUCE_RETURN_IF_ERROR(place_.files->SyncDirectory(place_.directory));
      }
      CAUCE_RETURN_IF_ERROR(
          RemoveIfThere(*place_.files, place_.PathOf(*name)));
    }
    return absl::OkStatus();
  }

  absl::Status Look(Offset base) {
    const std::string path = SwapPath(base, kLogSuffix);
    const absl::Status opened =
        place_.files->Open(path, OpenMode::kRead).status();
    // A link, a pipe: whatever it is, no cleaner has made it.
    if (absl::IsFailedPrecondition(opened)) {
      std::erase(leftovers_, SegmentFileName(base, kSwapLogSuffix));
      return absl::OkStatus();
    }
    CAUCE_RETURN_IF_ERROR(opened);
    CAUCE_ASSIGN_OR_RETURN(FoundSwap found, Scan(base, kSwapLogSuffix));
    CAUCE_ASSIGN_OR_RETURN(
        const auto sources,
        SourcesOf(found, {logs_, retired_},
                  [this](Offset source, std::string_view suffix) {
                    return Scan(source, suffix);
                  }));
    found.is_whole &= CoversSources(found, sources);
    if (!found.is_whole) {
      CAUCE_RETURN_IF_ERROR(TakeBack(SourcesToTakeBack(base, sources)));
    }
    const std::string why_not = WhyNoSwap(found, logs_);
    if (!why_not.empty()) return SetAside(path, why_not);
    if (!found.is_whole) CAUCE_RETURN_IF_ERROR(KeepRetired(found));
    taken_.push_back(found);
    return absl::OkStatus();
  }

  absl::StatusOr<FoundSwap> Scan(Offset base, std::string_view suffix) {
    const std::string path = place_.PathOf(SegmentFileName(base, suffix));
    auto opened = place_.files->Open(path, OpenMode::kRead);
    if (IsUnreadable(opened.status())) {
      return FoundSwap{.base = base, .next = base};
    }
    CAUCE_RETURN_IF_ERROR(opened.status());
    const std::shared_ptr<File> file = *std::move(opened);
    CAUCE_ASSIGN_OR_RETURN(const int64_t size, file->Size());
    CAUCE_ASSIGN_OR_RETURN(
        const ScannedSegment scanned,
        ScanSegment(file, path,
                    {.base = base,
                     .bytes = size,
                     .index_interval_bytes = place_.index_interval_bytes}));
    const bool is_all = scanned.damage.ok() && scanned.bytes == size;
    return FoundSwap{
        .base = base, .next = scanned.next, .is_whole = is_all && size > 0};
  }

  // These get their names again, durably, before the swap loses its own.
  absl::Status TakeBack(const std::vector<Offset>& back) {
    for (const Offset each : back) CAUCE_RETURN_IF_ERROR(TakeBack(each));
    if (back.empty()) return absl::OkStatus();
    logs_.insert(logs_.end(), back.begin(), back.end());
    std::ranges::sort(logs_);
    return place_.files->SyncDirectory(place_.directory);
  }

  absl::Status TakeBack(Offset base) {
    for (const std::string_view suffix : kSuffixes) {
      const std::string path = place_.PathOf(SegmentFileName(base, suffix));
      const absl::Status renamed =
          place_.files->Rename(path + std::string(kDeletedSuffix), path);
      // An index may be missing.
      if (suffix == kLogSuffix || !absl::IsNotFound(renamed)) {
        CAUCE_RETURN_IF_ERROR(renamed);
      }
    }
    if (events_) {
      events_(Severity::kWarning,
              fmt::format("{}: is part of the log again, since what was to "
                          "take its place is damaged",
                          place_.PathOf(SegmentFileName(base, kLogSuffix))));
    }
    return absl::OkStatus();
  }

  // What the damaged swap stands for, under another name than that of a file
  // that goes.
  absl::Status KeepRetired(const FoundSwap& swap) {
    if (gives_way_ == GivesWay::kStays) return absl::OkStatus();
    for (const Offset each : RetiredFrom(swap.base, {logs_, retired_})) {
      const std::string path =
          place_.PathOf(SegmentFileName(each, kDeletedLogSuffix));
      CAUCE_RETURN_IF_ERROR(CutFiles(*place_.files, place_.directory)
                                .SetAside(path)
                                .status());
    }
    return absl::OkStatus();
  }

  absl::Status SetAside(const std::string& path, std::string_view why) {
    CutFiles cut_files(*place_.files, place_.directory);
    CAUCE_ASSIGN_OR_RETURN(const std::string kept, cut_files.SetAside(path));
    if (events_) {
      events_(Severity::kWarning,
              fmt::format("{}: a compacted log that was taking the place of "
                          "segments does not: {}; kept as {}",
                          path, why, kept));
    }
    return absl::OkStatus();
  }

  // The swap that takes the place of the log at `log`; null where none does.
  const FoundSwap* CoverOf(Offset log) const {
    const auto swap =
        std::ranges::find_if(taken_, [log](const FoundSwap& each) {
          return log == each.base || (log > each.base && log < each.next);
        });
    return swap == taken_.end() ? nullptr : &*swap;
  }

  // Whether it is the swap's own list of aborted transactions, which has its
  // name already: the log that it was of is gone by then.
  bool IsNew(const OldFile& old) const {
    const auto has = [&old](const std::vector<Offset>& bases) {
      return std::ranges::find(bases, old.base) != bases.end();
    };
    const bool is_of_swap = std::ranges::any_of(
        taken_,
        [&old](const FoundSwap& swap) { return swap.base == old.base; });
    return is_of_swap && old.name.ends_with(kTxnIndexSuffix) && !has(logs_) &&
           !has(swap_lists_);
  }

  absl::Status Take(const FoundSwap& swap) {
    for (const std::string_view suffix : kSuffixes) {
      if (suffix == kLogSuffix) {
        // A list that a power loss kept from its name would be a leftover then.
        CAUCE_RETURN_IF_ERROR(place_.files->SyncDirectory(place_.directory));
      }
      const absl::Status renamed = place_.files->Rename(
          SwapPath(swap.base, suffix),
          place_.PathOf(SegmentFileName(swap.base, suffix)));
      if (!absl::IsNotFound(renamed)) CAUCE_RETURN_IF_ERROR(renamed);
    }
    CAUCE_RETURN_IF_ERROR(
        RemoveEmptyAborted(*place_.files, place_.directory, swap.base));
    if (events_) {
      events_(Severity::kInfo,
              fmt::format("{}: a compacted log has taken the place of the "
                          "segments with offsets {} to {}, which a stop had "
                          "interrupted",
                          place_.PathOf(SegmentFileName(swap.base, kLogSuffix)),
                          swap.base.value, swap.next.value - 1));
    }
    return absl::OkStatus();
  }

  // Where it stays under the name that a broker gives it, no other file goes
  // for that. No log goes for one that is damaged.
  absl::Status GiveWay(const OldFile& old, const FoundSwap& swap) {
    const std::string path = place_.PathOf(old.name);
    if (gives_way_ == GivesWay::kGoes) {
      const bool is_kept = !swap.is_whole && old.name.ends_with(kLogSuffix);
      if (!is_kept) return RemoveIfThere(*place_.files, path);
      return CutFiles(*place_.files, place_.directory).SetAside(path).status();
    }
    const std::string deleted = path + std::string(kDeletedSuffix);
    const absl::Status taken = place_.files->Info(deleted).status();
    if (taken.ok()) {
      return CutFiles(*place_.files, place_.directory).SetAside(path).status();
    }
    if (!absl::IsNotFound(taken)) return taken;
    return place_.files->Rename(path, deleted);
  }

  std::string SwapPath(Offset base, std::string_view suffix) const {
    return place_.PathOf(SegmentFileName(base, suffix)) +
           std::string(kSwapSuffix);
  }

  const SegmentPlace& place_;
  const EventSink& events_;
  const GivesWay gives_way_;
  std::vector<OldFile> old_;
  std::vector<Offset> logs_;     // sorted, as those below
  std::vector<Offset> retired_;  // `.deleted` logs
  std::vector<Offset> swaps_;  // that were complete
  std::vector<Offset> swap_lists_;
  std::vector<FoundSwap> taken_;
  std::vector<std::string> leftovers_;
};

}  // namespace

absl::Status EndUnfinishedSwaps(const SegmentPlace& place,
                                const EventSink& events, GivesWay gives_way) {
  return UnfinishedSwaps(place, events, gives_way).End();
}

}  // namespace cauce
