#include "engine/log/complete_swaps.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "engine/base/status_macros.h"
#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {

std::vector<Offset> CompleteSwaps(std::span<const DirectoryEntry> entries) {
  std::optional<Offset> cleaned;
  std::vector<Offset> swaps;
  for (const DirectoryEntry& entry : entries) {
    const auto file = ParseSegmentFileName(entry.name);
    if (entry.is_directory || !file) continue;
    if (file->suffix == kSwapLogSuffix) swaps.push_back(file->base);
    if (!file->suffix.ends_with(kCleanedSuffix)) continue;
    cleaned = std::min(cleaned.value_or(file->base), file->base);
  }
  if (cleaned) {
    std::erase_if(swaps, [&](Offset base) { return base >= *cleaned; });
  }
  std::ranges::sort(swaps);
  return swaps;
}

std::string WhyNoSwap(const FoundSwap& swap, std::span<const Offset> logs) {
  const bool has_source = std::ranges::find(logs, swap.base) != logs.end();
  if (!swap.is_whole && has_source) {
    return "it is damaged or cut short, and what it was made from is there";
  }
  const auto last = std::ranges::max_element(logs);
  if (last == logs.end() || *last >= swap.next) return "";
  return fmt::format(
      "it reaches up to offset {}, and the last segment begins at {}",
      swap.next.value, last->value);
}

std::vector<Offset> RetiredFrom(Offset base, const NamedLogs& logs) {
  std::vector<Offset> retired;
  for (const Offset each : logs.retired) {
    const bool is_free = !std::ranges::binary_search(logs.there, each);
    const bool is_last = logs.there.empty() || each > logs.there.back();
    if (each >= base && is_free && !is_last) retired.push_back(each);
  }
  return retired;
}

absl::StatusOr<std::vector<SwapSource>> SourcesOf(const FoundSwap& swap,
                                                  const NamedLogs& logs,
                                                  ScanSource scan) {
  std::vector<SwapSource> sources;
  Offset up_to = std::max(swap.next, swap.base + 1);
  for (const Offset each : RetiredFrom(swap.base, logs)) {
    up_to = std::max(up_to, each + 1);
    CAUCE_ASSIGN_OR_RETURN(const FoundSwap found,
                           scan(each, kDeletedLogSuffix));
    sources.push_back({each, found.next, found.is_whole, true});
  }
  for (const Offset each : logs.there) {
    if (each < swap.base) continue;
    if (each >= up_to) {
      sources.push_back({.base = each, .next = each});
      break;
    }
    CAUCE_ASSIGN_OR_RETURN(const FoundSwap found, scan(each, kLogSuffix));
    sources.push_back({each, found.next, found.is_whole, false});
  }
  std::ranges::sort(sources, {}, &SwapSource::base);
  return sources;
}

bool CoversSources(const FoundSwap& swap, std::span<const SwapSource> sources) {
  for (const SwapSource& each : sources) {
    if (!each.is_retired && each.base >= swap.next) return true;
    if (each.next > swap.next) return false;
  }
  return true;
}

std::vector<Offset> SourcesToTakeBack(Offset base,
                                      std::span<const SwapSource> sources) {
  if (sources.empty()) return {};
  const SwapSource& first = sources.front();
  if (first.base != base) return {};
  if (first.is_retired && !first.is_whole) return {};
  std::vector<Offset> back;
  Offset reached = base;
  for (size_t i = 0; i < sources.size(); ++i) {
    const SwapSource& each = sources[i];
    const auto behind = std::ranges::find(sources.subspan(i + 1), false,
                                          &SwapSource::is_retired);
    const bool is_free =
        each.base >= reached &&
        (behind == sources.end() ||
         (each.base < behind->base && each.next <= behind->base));
    if (each.is_retired && !is_free) continue;
    if (each.is_retired) back.push_back(each.base);
    reached = std::max(reached, each.next);
  }
  return back;
}

}  // namespace cauce
