// A scratch directory of a test's own below TEST_TMPDIR (below /tmp without
// one), removed with everything in it at the end. For one thread.
#pragma once

#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace cauce::test {

class TempDir {
 public:
  TempDir() {
    const char* const above = std::getenv("TEST_TMPDIR");
    path_ = std::string(above != nullptr ? above : "/tmp") + "/cauce-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) {
      // No test can go on without; a wrong directory would be worse.
      std::perror(path_.c_str());
      std::abort();
    }
  }
  // What cannot be removed is left to whoever clears TEST_TMPDIR.
  ~TempDir() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    if (error) std::fprintf(stderr, "%s: not removed\n", path_.c_str());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

  // The path of `name` within it.
  std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

}  // namespace cauce::test
