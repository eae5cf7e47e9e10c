#include "engine/log/complete_swaps.h"

#include <algorithm>
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
    return "it is damaged, and what it was made from is there";
  }
  const auto last = std::ranges::max_element(logs);
  if (last == logs.end() || *last >= swap.next) return "";
  return fmt::format(
      "it reaches up to offset {}, and the last segment begins at {}",
      swap.next.value, last->value);
}

}  // namespace cauce
