#include "tools/cli/suggestion.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace cauce::cli {
namespace {

// Longer words are not mistyped names, and the work grows with the square.
constexpr size_t kWordBytesMax = 256;

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the table: of the letter before the last, the last, this.
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      const bool swapped =
          i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string Nearest(std::string_view typed,
                    std::span<const std::string> known) {
  if (typed.size() > kWordBytesMax) return "";
  std::string nearest;
  // A third of the letters may differ: beyond that it is another word.
  size_t allowed = typed.size() < 3 ? typed.size() / 2 : typed.size() / 3;
  for (const std::string& word : known) {
    if (word.size() > kWordBytesMax) continue;
    const bool completes = typed.size() >= 3 && word.starts_with(typed);
    const size_t distance = completes ? 1 : EditDistance(typed, word);
    if (distance > allowed || (distance == allowed && !nearest.empty())) {
      continue;
    }
    allowed = distance;
    nearest = word;
  }
  return nearest;
}

}  // namespace cauce::cli
