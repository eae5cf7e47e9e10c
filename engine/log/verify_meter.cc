#include "engine/log/verify_meter.h"

#include "engine/log/segment_name.h"
#include "fmt/format.h"

namespace cauce {

void VerifyMeter::Measure(FileSystem& files,
                          std::span<const std::string> directories) {
  if (!told_) return;
  for (const std::string& directory : directories) {
    const auto entries = files.List(directory);
    // What cannot be looked at is for the check to say.
    if (!entries.ok()) continue;
    for (const DirectoryEntry& entry : *entries) {
      const auto file = ParseSegmentFileName(entry.name);
      const bool is_log =
          !entry.is_directory && file && file->suffix == kLogSuffix;
      if (!is_log) continue;
      const auto info = files.Info(fmt::format("{}/{}", directory, entry.name));
      if (!info.ok()) continue;
      ++progress_.files_total;
      progress_.file_bytes_total += rounds_ * info->bytes;
    }
  }
}

void VerifyMeter::Pass(int64_t bytes) {
  progress_.file_bytes += bytes;
  if (passes_++ % kPassesBetween == 0) Tell();
}

void VerifyMeter::PassPartition() { Tell(); }

void VerifyMeter::Tell() {
  if (!told_) return;
  progress_.so_far = summary_;
  progress_.files = summary_.segments;
  told_(progress_);
}

}  // namespace cauce
