#include "engine/log/swap_check.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/status_macros.h"
#include "engine/log/segment_name.h"
#include "engine/log/segment_scan.h"
#include "fmt/format.h"

namespace cauce {
namespace {

// A log that is to take others' place, or one of those, as far as it is whole.
struct ScannedLog {
  FoundSwap found;
  int64_t position = 0;  // where the last whole batch ends
  std::string flaw;      // what keeps it from being whole
};

absl::StatusOr<ScannedLog> ScanLog(const SegmentPlace& place,
                                   const std::string& path) {
  CAUCE_ASSIGN_OR_RETURN(std::shared_ptr<const File> file,
                         place.files->Open(path, OpenMode::kRead));
  CAUCE_ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  const ScanRange all{.base = place.base,
                      .bytes = bytes,
                      .index_interval_bytes = place.index_interval_bytes};
  CAUCE_ASSIGN_OR_RETURN(const ScannedSegment scanned,
                         ScanSegment(std::move(file), path, all));
  ScannedLog log{{place.base, scanned.next}, scanned.bytes};
  if (!scanned.damage.ok()) {
    log.flaw = MessageOf(scanned.damage);
  } else if (bytes == 0) {
    log.flaw = "it is empty";
  } else if (scanned.bytes != bytes) {
    log.flaw = fmt::format("its last batch ends at {}, and it has {} bytes",
                           scanned.bytes, bytes);
  }
  log.found.is_whole = log.flaw.empty();
  return log;
}

// That the log at `path` is not whole, and what makes that count.
Finding FlawOf(const std::string& path, const ScannedLog& log,
               std::string_view why) {
  return {.file = path,
          .position = log.position,
          .offset = log.found.next,
          .what = fmt::format("{}, and it is not whole: {}", why, log.flaw),
          .advice = "keep what files end in .deleted, of which the next "
                    "opening for writing takes back what is whole; restore "
                    "the rest from a copy"};
}

class SwapCheck {
 public:
  SwapCheck(const SegmentPlace& place, const NamedLogs& logs,
            absl::FunctionRef<void(const Finding&)> tell)
      : place_(place), logs_(logs), tell_(tell) {}

  absl::StatusOr<std::optional<OffsetRange>> Run(
      std::span<const Offset> swaps) const {
    std::optional<OffsetRange> swapped;
    for (const Offset base : swaps) {
      const std::string path = PathOf(base, kSwapLogSuffix);
      // A link is none, and one that has its own name by now is over.
      if (!place_.files->Info(path).ok()) continue;
      if (!swapped) {
        swapped = {base, base};
        TellThatItIsThere(base);
      }
      CAUCE_ASSIGN_OR_RETURN(const Offset next, EndOf(base));
      // What is refused takes the place of none.
      if (next == base) continue;
      if (swapped->next == swapped->base) swapped->base = base;
      swapped->next = std::max(swapped->next, next);
    }
    return swapped;
  }

 private:
  using Retired = std::map<Offset, ScannedLog>;

  void TellThatItIsThere(Offset base) const {
    tell_({.gravity = Gravity::kNote,
           .file = PathOf(base, kSwapLogSuffix),
           .offset = base,
           .what = "a compacted log is taking the place of segments, or was "
                   "stopped at that; of the partition nothing was checked but "
                   "each segment that it leaves as it is",
           .advice = "verify again: where nothing has the directory open, "
                     "after the next opening for writing, which ends it"});
  }

  // Where that ends what the one at `base` takes the place of: there where it
  // takes none.
  absl::StatusOr<Offset> EndOf(Offset base) const {
    const std::string path = PathOf(base, kSwapLogSuffix);
    auto swap = ScanLog(place_.At(base), path);
    if (absl::IsResourceExhausted(swap.status())) return swap.status();
    // Where that cannot be read nobody knows what it takes the place of.
    if (!swap.ok()) return Offset{INT64_MAX};
    Retired retired;
    CAUCE_ASSIGN_OR_RETURN(
        const auto sources,
        SourcesOf(swap->found, logs_,
                  [&](Offset source, std::string_view suffix) {
                    return FindSource(source, suffix, retired);
                  }));
    std::vector<Offset> logs(logs_.there.begin(), logs_.there.end());
    if (!CoversSources(swap->found, sources)) {
      swap->found.is_whole = false;
      if (swap->flaw.empty()) {
        swap->flaw = fmt::format(
            "it ends at offset {}, and what it was made from behind that",
            swap->found.next.value);
      }
    }
    if (!swap->found.is_whole) {
      for (const Offset back : SourcesToTakeBack(base, sources)) {
        logs.push_back(back);
        if (retired[back].flaw.empty()) continue;
        tell_(FlawOf(PathOf(back, kDeletedLogSuffix), retired[back],
                     "it is part of the log again from the next opening on"));
      }
      std::ranges::sort(logs);
    }
    if (!WhyNoSwap(swap->found, logs).empty()) return base;
    if (!swap->flaw.empty()) {
      tell_(FlawOf(path, *swap,
                   "what it was made from is not there by a segment's name"));
    }
    return std::max(swap->found.next, base + 1);
  }

  // One that cannot be read is not whole.
  absl::StatusOr<FoundSwap> FindSource(Offset base, std::string_view suffix,
                                       Retired& retired) const {
    auto log = ScanLog(place_.At(base), PathOf(base, suffix));
    if (absl::IsResourceExhausted(log.status())) return log.status();
    if (!log.ok()) {
      log = ScannedLog{.found = {base, base},
                       .flaw = std::string(MessageOf(log.status()))};
    }
    if (suffix == kDeletedLogSuffix) retired[base] = *log;
    return log->found;
  }

  std::string PathOf(Offset base, std::string_view suffix) const {
    return place_.PathOf(SegmentFileName(base, suffix));
  }

  const SegmentPlace& place_;
  const NamedLogs& logs_;
  const absl::FunctionRef<void(const Finding&)> tell_;
};

}  // namespace

absl::StatusOr<std::optional<OffsetRange>> CheckSwaps(
    const SegmentPlace& place, std::span<const Offset> swaps,
    const NamedLogs& logs, absl::FunctionRef<void(const Finding&)> tell) {
  return SwapCheck(place, logs, tell).Run(swaps);
}

}  // namespace cauce
