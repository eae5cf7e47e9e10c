#include "bench/floor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/record/layout.h"
#include "fmt/format.h"

namespace cauce::bench {
namespace {

absl::Status ErrnoError(std::string_view call, const std::string& path) {
  return absl::UnavailableError(
      fmt::format("{}: {}: {}", path, call, std::strerror(errno)));
}

absl::Status WriteAll(int fd, const char* bytes, size_t size, off_t at,
                      const std::string& path) {
  while (size > 0) {
    const ssize_t wrote = pwrite(fd, bytes, size, at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return ErrnoError("pwrite", path);
    bytes += wrote;
    size -= static_cast<size_t>(wrote);
    at += wrote;
  }
  return absl::OkStatus();
}

// Fills the file with what `kind` says, down to the disk.
absl::Status Prepare(int fd, const FloorAppend& work, const Payload& payload) {
  if (work.file == FloorFile::kGrowing) return absl::OkStatus();
  std::string batch(payload.batch());
  if (work.file == FloorFile::kZeroed) batch.assign(batch.size(), '\0');
  const auto size = static_cast<off_t>(batch.size());
  for (int64_t i = 0; i < work.batches; ++i) {
    CAUCE_RETURN_IF_ERROR(
        WriteAll(fd, batch.data(), batch.size(), i * size, work.path));
  }
  if (fsync(fd) != 0) return ErrnoError("fsync", work.path);
  return absl::OkStatus();
}

void Gather(FloorGather how, const Payload& payload, char* batch) {
  if (how == FloorGather::kBatch) {
    std::memcpy(batch, payload.batch().data(), payload.batch().size());
    return;
  }
  const RecordPlace* place = payload.places().data();
  for (const Record& record : payload.records()) {
    std::memcpy(batch + place->key_at, record.key->data(), record.key->size());
    std::memcpy(batch + place->value_at, record.value->data(),
                record.value->size());
    ++place;
  }
}

// Keeps `value` from being left out as unused.
void Use(uint32_t value) { asm volatile("" : : "r"(value)); }

absl::Status ReadLoop(int fd, const std::string& path, char* buffer,
                      size_t read_bytes) {
  for (off_t at = 0;;) {
    const ssize_t got = pread(fd, buffer, read_bytes, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError("pread", path);
    if (got == 0) return absl::OkStatus();
    Use(Crc32c({buffer, static_cast<size_t>(got)}));
    at += got;
  }
}

}  // namespace

double MonotonicSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

absl::StatusOr<std::unique_ptr<FloorWriter>> FloorWriter::Create(
    const FloorAppend& work, const Payload& payload) {
  const int fd =
      open(work.path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoError("open", work.path);
  std::unique_ptr<FloorWriter> writer(new FloorWriter(work, payload, fd));
  CAUCE_RETURN_IF_ERROR(Prepare(fd, work, payload));
  return writer;
}

FloorWriter::FloorWriter(FloorAppend work, const Payload& payload, int fd)
    : work_(std::move(work)),
      payload_(payload),
      fd_(fd),
      // Framing and header stand in it already; only keys and values are
      // copied.
      batch_(payload.batch()) {}

FloorWriter::~FloorWriter() {
  close(fd_);
  unlink(work_.path.c_str());
}

absl::Status FloorWriter::Append() {
  const size_t size = batch_.size();
  Gather(work_.gather, payload_, batch_.data());
  const uint32_t crc = __builtin_bswap32(
      Crc32c({batch_.data() + layout::kAttributes,
              size - static_cast<size_t>(layout::kAttributes)}));
  std::memcpy(batch_.data() + layout::kCrc, &crc, sizeof crc);
  CAUCE_RETURN_IF_ERROR(WriteAll(fd_, batch_.data(), size, at_, work_.path));
  at_ += static_cast<int64_t>(size);
  return absl::OkStatus();
}

absl::Status FloorWriter::Sync() {
  if (fdatasync(fd_) != 0) return ErrnoError("fdatasync", work_.path);
  return absl::OkStatus();
}

absl::StatusOr<double> RunFloorAppend(const FloorAppend& work,
                                      const Payload& payload) {
  CAUCE_ASSIGN_OR_RETURN(const auto writer, FloorWriter::Create(work, payload));
  const double begin = MonotonicSeconds();
  for (int64_t i = 0; i < work.batches; ++i) {
    CAUCE_RETURN_IF_ERROR(writer->Append());
  }
  return MonotonicSeconds() - begin;
}

absl::StatusOr<double> RunFloorRead(const std::vector<std::string>& paths,
                                    size_t read_bytes) {
  const auto buffer = std::make_unique<char[]>(read_bytes);
  const double begin = MonotonicSeconds();
  for (const std::string& path : paths) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ErrnoError("open", path);
    const absl::Cleanup done = [fd] { close(fd); };
    CAUCE_RETURN_IF_ERROR(ReadLoop(fd, path, buffer.get(), read_bytes));
  }
  return MonotonicSeconds() - begin;
}

absl::Status SettleDisk(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoError("open", directory);
  const absl::Cleanup done = [fd] { close(fd); };
  if (syncfs(fd) != 0) return ErrnoError("syncfs", directory);
  return absl::OkStatus();
}

}  // namespace cauce::bench
