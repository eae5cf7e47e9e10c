#include "tests/damage/damaged_directory.h"

#include "fmt/format.h"
#include "tests/damage/sight.h"

namespace cauce::test {
namespace {

FileTree Damaged(FileTree tree, const std::function<void(FileTree&)>& damage) {
  damage(tree);
  return tree;
}

}  // namespace

std::string CaseName(std::string_view name, Stop stop) {
  const auto word = [stop]() -> std::string_view {
    switch (stop) {
      case Stop::kClean:
        return "Closed";
      case Stop::kKilled:
        return "Killed";
      case Stop::kGrown:
        return "GrownAndKilled";
      case Stop::kRolled:
        return "RolledAndKilled";
    }
    return "";
  };
  return fmt::format("{}_{}", name, word());
}

DamagedDirectory::DamagedDirectory(Stop stop,
                                   const std::function<void(FileTree&)>& damage)
    : laid_(Damaged(Remains::Of(stop).files(), damage)),
      files_(NewMemoryFileSystem()) {
  Lay(laid_, *files_, kDirectory);
}

absl::StatusOr<Engine> DamagedDirectory::Open(Access access) {
  events_.clear();
  return Engine::Open(kDirectory,
                      {.access = access,
                       .file_system = files_.get(),
                       .clock = &clock_,
                       .events = [this](Severity, std::string_view line) {
                         events_.emplace_back(line);
                       }});
}

std::vector<Finding> DamagedDirectory::VerifyAll() {
  return test::VerifyAll(*files_, kDirectory);
}

absl::StatusOr<RepairSummary> DamagedDirectory::Repair() {
  return RepairDirectory(*files_, kDirectory, {});
}

std::string DamagedDirectory::PathOf(std::string_view name) {
  return fmt::format("{}/{}", kDirectory, name);
}

}  // namespace cauce::test
