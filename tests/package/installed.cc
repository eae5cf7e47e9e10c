#include "tests/package/installed.h"

#include <filesystem>

#include "engine/base/check.h"
#include "fmt/format.h"

namespace cauce::test {
namespace {

std::string TheTarball() {
  std::string found;
  for (const auto& entry :
       std::filesystem::directory_iterator("tools/package")) {
    if (entry.path().string().ends_with(".tar.gz"))
      found = std::filesystem::absolute(entry.path()).string();
  }
  CAUCE_CHECK(!found.empty());
  return found;
}

}  // namespace

Installed::Installed() {
  const std::string put = scratch_ / "put";
  std::filesystem::create_directory(put);
  std::filesystem::create_directory(work());
  const Process::Result unpacked =
      test::Run({"/bin/tar", "-xzf", TheTarball(), "-C", put});
  CAUCE_CHECK(unpacked.exit == 0);
  top_ = std::filesystem::directory_iterator(put)->path().string();
}

Process::Result Installed::Run(const std::string& script) const {
  return test::Run(
      {"/bin/bash", "-c",
       fmt::format("set -euo pipefail; T='{}' S='{}'; cd '{}'; {}", top_,
                   std::filesystem::current_path().string(), work(), script)});
}

}  // namespace cauce::test
