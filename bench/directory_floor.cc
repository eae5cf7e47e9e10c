#include "bench/directory_floor.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "bench/floor.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

absl::Status ErrnoError(std::string_view call, const std::string& path) {
  return absl::UnavailableError(
      fmt::format("{}: {}: {}", path, call, std::strerror(errno)));
}

absl::Status List(const std::string& path) {
  DIR* const directory = opendir(path.c_str());
  if (directory == nullptr) return ErrnoError("opendir", path);
  const absl::Cleanup done = [directory] { closedir(directory); };
  for (;;) {
    errno = 0;
    if (readdir(directory) != nullptr) continue;
    return errno == 0 ? absl::OkStatus() : ErrnoError("readdir", path);
  }
}

absl::Status WriteTo(const std::string& path, std::string_view bytes,
                     int64_t at) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path);
  const absl::Cleanup done = [fd] { close(fd); };
  const ssize_t wrote = pwrite(fd, bytes.data(), bytes.size(), at);
  if (wrote == static_cast<ssize_t>(bytes.size())) return absl::OkStatus();
  return ErrnoError("pwrite", path);
}

absl::Status SyncOne(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path);
  const absl::Cleanup done = [fd] { close(fd); };
  return fdatasync(fd) == 0 ? absl::OkStatus() : ErrnoError("fdatasync", path);
}

}  // namespace

absl::StatusOr<double> RunFloorReadWhole(const std::string& path) {
  const double begin = MonotonicSeconds();
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path);
  const absl::Cleanup done = [fd] { close(fd); };
  struct stat info = {};
  if (fstat(fd, &info) != 0) return ErrnoError("fstat", path);
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  if (got != info.st_size) return ErrnoError("pread", path);
  const uint32_t crc = Crc32c(bytes);
  asm volatile("" : : "r"(crc));  // is wanted
  return MonotonicSeconds() - begin;
}

absl::StatusOr<double> RunFloorList(std::span<const std::string> directories) {
  const double begin = MonotonicSeconds();
  for (const std::string& path : directories) {
    CAUCE_RETURN_IF_ERROR(List(path));
  }
  return MonotonicSeconds() - begin;
}

absl::StatusOr<double> RunFloorWriteToEach(std::span<const std::string> paths,
                                           std::string_view bytes, int64_t at) {
  const double begin = MonotonicSeconds();
  for (const std::string& path : paths) {
    CAUCE_RETURN_IF_ERROR(WriteTo(path, bytes, at));
  }
  return MonotonicSeconds() - begin;
}

absl::StatusOr<double> RunFloorSyncEach(std::span<const std::string> paths) {
  const double begin = MonotonicSeconds();
  for (const std::string& path : paths) {
    CAUCE_RETURN_IF_ERROR(SyncOne(path));
  }
  return MonotonicSeconds() - begin;
}

absl::StatusOr<double> RunFloorSyncAll(const std::string& path) {
  const double begin = MonotonicSeconds();
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", path);
  const absl::Cleanup done = [fd] { close(fd); };
  if (syncfs(fd) != 0) return ErrnoError("syncfs", path);
  return MonotonicSeconds() - begin;
}

}  // namespace cauce::bench
