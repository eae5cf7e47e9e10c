#include "tests/planted/planted_bug.h"

#include <algorithm>
#include <utility>

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

// A hunk as it is read, and of each of its lines whether it is kept, removed or
// added: ' ', '-' or '+'.
struct Reading {
  Hunk hunk;
  std::string kinds;
};

// Without lines that stay around it git takes a change for one at an end of the
// file.
absl::Status CheckKept(const Reading& reading) {
  const std::string& kinds = reading.kinds;
  if (!kinds.empty() && kinds.front() == ' ' && kinds.back() == ' ') {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("a hunk of {} does not begin and end with lines that stay",
                  reading.hunk.path));
}

absl::Status AddTo(Reading& reading, std::string_view line) {
  auto& [hunk, kinds] = reading;
  const char kind = line.empty() ? ' ' : line.front();
  if (!line.empty()) line.remove_prefix(1);
  if (kind != ' ' && kind != '-' && kind != '+') {
    return absl::InvalidArgumentError(
        fmt::format("\"{}{}\" is no line of a patch", kind, line));
  }
  kinds += kind;
  if (kind != '+') hunk.before += fmt::format("{}\n", line);
  if (kind != '-') hunk.after += fmt::format("{}\n", line);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlantedBug> ParsePlantedBug(std::string_view text) {
  PlantedBug bug;
  std::string path;
  std::vector<Reading> read;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (read.empty() && Take(line, "Plants: ")) {
      bug.plants = line;
    } else if (read.empty() && Take(line, "Target: ")) {
      bug.target = line;
    } else if (read.empty() && Take(line, "Test: ")) {
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
      read.push_back({.hunk = {.path = path}});
    } else if (read.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\": neither a word on the bug nor a patch", line));
    } else if (absl::Status added = AddTo(read.back(), line); !added.ok()) {
      return added;
    }
  }
  for (Reading& each : read) {
    if (absl::Status kept = CheckKept(each); !kept.ok()) return kept;
    bug.hunks.push_back(std::move(each.hunk));
  }
  if (bug.plants.empty() || bug.target.empty() || bug.test.empty() ||
      bug.hunks.empty()) {
    return absl::InvalidArgumentError(
        "lacks one of Plants:, Target:, Test: and a patch");
  }
  return bug;
}

}  // namespace cauce::planted
