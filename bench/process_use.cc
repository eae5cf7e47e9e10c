#include "bench/process_use.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "fmt/format.h"

namespace cauce::bench {

absl::StatusOr<ProcessUse> ProcessUse::Now() {
  constexpr char kMemory[] = "/proc/self/smaps_rollup";
  constexpr char kDescriptors[] = "/proc/self/fd";
  ProcessUse use;
  std::ifstream words(kMemory);
  // "Private_Dirty:     812 kB", among others of the same shape.
  for (std::string word; words >> word;) {
    int64_t kib = 0;
    if (word.starts_with("Private_") && words >> kib) {
      use.private_bytes += kib << 10;
      if (word == "Private_Dirty:") use.written_bytes += kib << 10;
    }
  }
  if (use.private_bytes == 0) {
    return absl::UnavailableError(
        fmt::format("{}: says nothing of private memory", kMemory));
  }
  std::error_code error;
  std::filesystem::directory_iterator at(kDescriptors, error);
  while (!error && at != std::filesystem::directory_iterator()) {
    ++use.descriptors;
    at.increment(error);
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("{}: {}", kDescriptors, error.message()));
  }
  --use.descriptors;  // the one that listed them
  return use;
}

}  // namespace cauce::bench
