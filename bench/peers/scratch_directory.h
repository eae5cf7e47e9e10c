// A directory that goes, with all that is in it, with the object that has it.
// For one thread.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace cauce::bench {

class ScratchDirectory {
 public:
  // Makes it; a failure is told by whoever then looks for it.
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {
    std::error_code ignored;
    std::filesystem::create_directories(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;  // the run's own directory goes at its end
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace cauce::bench
