#include "bench/batch_floor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "cauce/record_batch.h"
#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce::bench {
absl::StatusOr<std::unique_ptr<BatchFloor>> BatchFloor::Create(
    const std::vector<std::string>& log_paths) {
  std::unique_ptr<BatchFloor> floor(new BatchFloor());
  for (const std::string& path : log_paths) {
    CAUCE_RETURN_IF_ERROR(floor->Index(path));
  }
  if (floor->places_.empty()) return absl::NotFoundError("there is no batch");
  return floor;
}

BatchFloor::~BatchFloor() {
  for (const int fd : files_) close(fd);
}

absl::Status BatchFloor::Index(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::UnavailableError(
        fmt::format("{}: open: {}", path, std::strerror(errno)));
  }
  const auto file = static_cast<int32_t>(files_.size());
  files_.push_back(fd);
  char header[kBatchHeaderBytes];
  for (int64_t at = 0;;) {
    const ssize_t got = pread(fd, header, sizeof header, at);
    if (got == 0) return absl::OkStatus();
    const bool whole = got == sizeof header;
    const int64_t bytes = whole ? layout::ClaimedBytes(header) : 0;
    if (bytes < kBatchHeaderBytes || bytes > INT32_MAX) {
      return absl::DataLossError(
          fmt::format("{}: no batch at position {}", path, at));
    }
    const int64_t before = places_.empty() ? 0 : places_.back().max_time;
    const auto max_time = LoadBig<int64_t>(header + layout::kMaxTimestamp);
    places_.push_back({LoadBig<int64_t>(header + layout::kBaseOffset),
                       std::max(before, max_time), at, file,
                       static_cast<int32_t>(bytes)});
    at += places_.back().bytes;
  }
}

absl::Status BatchFloor::ReadOffset(int64_t offset) {
  const auto behind =
      std::ranges::upper_bound(places_, offset, {}, &Place::base_offset);
  if (behind == places_.begin()) return absl::NotFoundError("no such offset");
  return Read(*std::prev(behind));
}

absl::Status BatchFloor::ReadTime(int64_t time) {
  const auto found =
      std::ranges::lower_bound(places_, time, {}, &Place::max_time);
  if (found == places_.end()) return absl::NotFoundError("no such time");
  return Read(*found);
}

absl::Status BatchFloor::Read(const Place& place) {
  const auto bytes = static_cast<size_t>(place.bytes);
  if (buffer_.size() < bytes) buffer_.resize(bytes);
  const ssize_t got = pread(files_[static_cast<size_t>(place.file)],
                            buffer_.data(), bytes, place.at);
  if (got != static_cast<ssize_t>(bytes)) {
    return absl::DataLossError(
        fmt::format("{} of {} bytes were read", got, bytes));
  }
  const auto from = static_cast<size_t>(layout::kAttributes);
  const auto wanted = LoadBig<uint32_t>(buffer_.data() + layout::kCrc);
  if (Crc32c({buffer_.data() + from, bytes - from}) == wanted) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      fmt::format("the batch at offset {} is damaged", place.base_offset));
}

}  // namespace cauce::bench
