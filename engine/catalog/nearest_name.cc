#include "engine/catalog/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

namespace cauce {
namespace {

// Longer words are no slip of any name of ours.
constexpr size_t kWordBytesMax = 80;

std::string Folded(std::string_view word) {
  std::string folded(word);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_' || c == '-') c = '.';
  }
  return folded;
}

// Levenshtein's, a row at a time: row[i] is the distance of the first i
// characters of `from` to what was seen of `to`.
size_t EditDistance(std::string_view from, std::string_view to) {
  std::vector<size_t> row(from.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t j = 0; j < to.size(); ++j) {
    size_t diagonal = row[0];
    row[0] = j + 1;
    for (size_t i = 0; i < from.size(); ++i) {
      const size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[i + 1];
      row[i + 1] = std::min({replaced, row[i] + 1, row[i + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view NearestName(std::string_view word,
                             std::span<const std::string_view> names) {
  if (word.size() > kWordBytesMax) return {};
  const std::string folded = Folded(word);
  std::string_view nearest;
  // A third of the word may be wrong, and two letters of the shortest.
  size_t closest = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    const size_t distance = EditDistance(folded, Folded(name));
    if (distance >= closest) continue;
    closest = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace cauce
