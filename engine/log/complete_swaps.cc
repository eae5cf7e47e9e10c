#include "engine/log/complete_swaps.h"

#include <algorithm>
#include <cstddef>
#include <optional>

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
