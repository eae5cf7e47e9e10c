#include "tests/planted/planted_bug.h"

#include <algorithm>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace cauce::planted {
namespace {

// Takes `word` from the front of `line`; false where something else stands.
bool Take(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  return true;
}

// A line of a hunk: kept, removed or added.
absl::Status AddTo(Hunk& hunk, std::string_view line) {
  const char kind = line.empty() ? ' ' : line.front();
  if (!line.empty()) line.remove_prefix(1);
  if (kind != ' ' && kind != '-' && kind != '+') {
    return absl::InvalidArgumentError(
        fmt::format("\"{}{}\" is no line of a patch", kind, line));
  }
  if (kind != '+') hunk.before += fmt::format("{}\n", line);
  if (kind != '-') hunk.after += fmt::format("{}\n", line);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlantedBug> ParsePlantedBug(std::string_view text) {
  PlantedBug bug;
  std::string path;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (bug.hunks.empty() && Take(line, "Plants: ")) {
      bug.plants = line;
    } else if (bug.hunks.empty() && Take(line, "Target: ")) {
      bug.target = line;
    } else if (bug.hunks.empty() && Take(line, "Test: ")) {
      bug.test = line;
    } else if (Take(line, "--- a/")) {
      path = line;
    } else if (Take(line, "+++ b/")) {
      if (line != path) {
        return absl::InvalidArgumentError(
            fmt::format("renames {} to {}: only changes are read", path, line));
      }
    } else if (line.starts_with("@@ ")) {
      if (path.empty()) {
        return absl::InvalidArgumentError("changes a file without a name");
      }
      bug.hunks.push_back({.path = path});
    } else if (bug.hunks.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\": neither a word on the bug nor a patch", line));
    } else if (absl::Status added = AddTo(bug.hunks.back(), line);
               !added.ok()) {
      return added;
    }
  }
  if (bug.plants.empty() || bug.target.empty() || bug.test.empty() ||
      bug.hunks.empty()) {
    return absl::InvalidArgumentError(
        "lacks one of Plants:, Target:, Test: and a patch");
  }
  return bug;
}

}  // namespace cauce::planted
