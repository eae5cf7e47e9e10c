#include "tests/tidy/layers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace cauce::tidy {
namespace {

constexpr std::string_view kDoorstep = "engine/include/cauce";

struct Room {
  std::string_view name;
  int height;
};

// What may include all of the product stands on kTop.
constexpr int kTop = 100;

constexpr Room kRooms[] = {
    {"vocabulary", 0},
    {"engine/base", 1},
    {"engine/record", 2},
    {"engine/io", 2},
    {"engine/catalog", 2},
    {"engine/store", 2},
    {"engine/log", 3},
    {"engine/coord", 4},
    {"facade", 5},
    {"engine/client", 6},
    {"engine/state", 6},
    {"engine/backup", 7},
    {"engine/capi", 7},
    {"tools", 30},
    // The engine's tests pass with everything else deleted.
    {"tests/testing", 8},
    {"tests/engine", 9},
    {"tests", kTop},
    {"bench", kTop},
};

// The headers on the engine's doorstep that open, close and do: the rooms
// below the facade cannot lean on them.
constexpr std::string_view kFacadeHeaders[] = {
    "admin.h", "backup.h", "client.h", "engine.h", "stores.h"};

std::optional<int> HeightOf(std::string_view room) {
  const auto* found = std::ranges::find(kRooms, room, &Room::name);
  if (found == std::end(kRooms)) return std::nullopt;
  return found->height;
}

bool IsProof(std::string_view path) {
  return IsIn(path, "tests") || IsIn(path, "bench");
}

// The first two folders, as in "engine/log".
std::string TwoFolders(std::string_view path) {
  const std::string_view folder = FolderOf(path);
  const size_t first = folder.find('/');
  if (first == std::string_view::npos) return std::string(folder);
  return std::string(folder.substr(0, folder.find('/', first + 1)));
}

// Where one room includes another for the first time.
struct Arrow {
  std::string path;
  int line = 0;
};

using Graph = std::map<std::string, std::map<std::string, Arrow>>;

Graph GraphOf(const Tree& tree) {
  Graph graph;
  for (const Source& source : tree.sources) {
    if (IsProof(source.path)) continue;
    const std::string from = RoomOf(source.path);
    for (const Include& include : source.includes) {
      const std::string to = RoomOf(PathOfInclude(include.path));
      if (include.quoted && !to.empty() && to != from)
        graph[from].try_emplace(to, Arrow{source.path, include.line});
    }
  }
  return graph;
}

// Walks from room to room; a room met again on its own trail closes a circle.
class CycleFinder {
 public:
  explicit CycleFinder(const Graph& graph) : graph_(graph) {}

  std::vector<Finding> Run() {
    for (const auto& [room, arrows] : graph_) Visit(room);
    return std::move(findings_);
  }

 private:
  void Visit(const std::string& room) {
    if (!done_.insert(room).second) return;
    trail_.push_back(room);
    const auto arrows = graph_.find(room);
    if (arrows != graph_.end()) {
      for (const auto& [to, arrow] : arrows->second) Follow(to, arrow);
    }
    trail_.pop_back();
  }

  void Follow(const std::string& to, const Arrow& arrow) {
    const auto begin = std::ranges::find(trail_, to);
    if (begin == trail_.end()) return Visit(to);
    const std::vector<std::string> circle(begin, trail_.end());
    findings_.push_back({"cycle", arrow.path, arrow.line,
                         fmt::format("{} -> {}: move the shared word down",
                                     fmt::join(circle, " -> "), to)});
  }

  const Graph& graph_;
  std::set<std::string> done_;
  std::vector<std::string> trail_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string RoomOf(std::string_view path) {
  if (FolderOf(path) == kDoorstep) {
    const bool facade = std::ranges::find(kFacadeHeaders, NameOf(path)) !=
                        std::end(kFacadeHeaders);
    return facade ? "facade" : "vocabulary";
  }
  if (FolderOf(path) == "engine" || IsIn(path, "engine/facade"))
    return "facade";
  if (IsIn(path, "engine")) return TwoFolders(path);
  if (IsIn(path, "tests/engine")) return "tests/engine";
  if (IsIn(path, "tests/testing")) return "tests/testing";
  return std::string(path.substr(0, path.find('/')));
}

std::string PathOfInclude(std::string_view written) {
  if (IsIn(written, "cauce"))
    return fmt::format("{}/{}", kDoorstep, NameOf(written));
  for (std::string_view top : {"engine", "tools", "tests", "bench"}) {
    if (IsIn(written, top)) return std::string(written);
  }
  return "";
}

std::vector<Finding> CheckDirections(const Tree& tree) {
  std::vector<Finding> findings;
  for (const Source& source : tree.sources) {
    const std::string from = RoomOf(source.path);
    const std::optional<int> height = HeightOf(from);
    if (!height) {
      findings.push_back({"direction", source.path, 0,
                          fmt::format("{} has no place in the table of "
                                      "tests/tidy/layers.cc",
                                      from)});
      continue;
    }
    for (const Include& include : source.includes) {
      const std::string target = PathOfInclude(include.path);
      if (!include.quoted || target.empty()) continue;
      const std::string to = RoomOf(target);
      const bool proof = IsProof(target) && !IsProof(source.path);
      if (proof || HeightOf(to).value_or(kTop) > *height) {
        findings.push_back(
            {"direction", source.path, include.line,
             fmt::format("{} lies below {} and cannot include {}", from, to,
                         include.path)});
      }
    }
  }
  return findings;
}

std::vector<Finding> CheckCycles(const Tree& tree) {
  const Graph graph = GraphOf(tree);
  return CycleFinder(graph).Run();
}

std::vector<Finding> CheckDoorstep(const Tree& tree) {
  std::vector<Finding> findings;
  for (const Source& source : tree.sources) {
    if (!IsHeader(source.path)) continue;
    if (FolderOf(source.path) != kDoorstep) continue;
    for (const Include& include : source.includes) {
      if (!include.quoted || IsIn(include.path, "cauce") ||
          IsIn(include.path, "absl"))
        continue;
      findings.push_back(
          {"doorstep", source.path, include.line,
           fmt::format("{} is not installed beside it", include.path)});
    }
  }
  return findings;
}

}  // namespace cauce::tidy
