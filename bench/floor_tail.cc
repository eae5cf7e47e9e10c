#include "bench/floor_tail.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"

namespace cauce::bench {
namespace {

absl::Status Failed(const std::string& path) {
  return absl::ErrnoToStatus(errno, path);
}

// Not FUTEX_PRIVATE_FLAG, as of std::atomic: the other one may be another
// process.
void SleepWhile(const std::atomic<uint32_t>& word, uint32_t value) {
  constexpr auto kNanos = static_cast<int64_t>(kTailWaitSeconds * 1e9);
  const timespec most = {.tv_sec = 0, .tv_nsec = kNanos};
  syscall(SYS_futex, &word, FUTEX_WAIT, value, &most, nullptr, 0);
}

void WakeOne(const std::atomic<uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FloorTail>> FloorTail::Create(
    std::string path, size_t message_bytes, TailNews news) {
  const int fd =
      open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(path);
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    const absl::Status failed = Failed("mmap");
    close(fd);
    return failed;
  }
  return std::unique_ptr<FloorTail>(new FloorTail(
      std::move(path), message_bytes, news, fd, new (memory) Shared()));
}

FloorTail::FloorTail(std::string path, size_t message_bytes, TailNews news,
                     int fd, Shared* shared)
    : path_(std::move(path)),
      news_(news),
      fd_(fd),
      shared_(shared),
      written_(message_bytes + sizeof(uint32_t), '\0'),
      read_(written_) {}

FloorTail::~FloorTail() {
  if (inotify_ >= 0) close(inotify_);
  munmap(shared_, sizeof(Shared));
  close(fd_);
  unlink(path_.c_str());
}

absl::Status FloorTail::Write(std::string_view message) {
  std::memcpy(written_.data() + sizeof(uint32_t), message.data(),
              written_.size() - sizeof(uint32_t));
  const uint32_t crc = Crc32c(message);
  std::memcpy(written_.data(), &crc, sizeof crc);
  const ssize_t wrote =
      pwrite(fd_, written_.data(), written_.size(),
             static_cast<off_t>(count_) * std::ssize(written_));
  if (wrote != std::ssize(written_)) {
    Tell(kFailed);
    return Failed(path_);
  }
  ++count_;
  if (news_ != TailNews::kInotify) Tell(count_);
  return absl::OkStatus();
}

void FloorTail::Tell(uint32_t count) {
  shared_->count.store(count);
  const bool wakes = news_ == TailNews::kFutex && shared_->sleeping.load() != 0;
  if (wakes) WakeOne(shared_->count);
}

absl::Status FloorTail::Read(VisitMessage visit) {
  CAUCE_ASSIGN_OR_RETURN(const uint32_t count, Wait());
  for (; seen_ < count; ++seen_) {
    const ssize_t got = pread(fd_, read_.data(), read_.size(),
                              static_cast<off_t>(seen_) * std::ssize(read_));
    if (got != std::ssize(read_)) return Failed(path_);
    uint32_t crc = 0;
    std::memcpy(&crc, read_.data(), sizeof crc);
    const auto message = std::string_view(read_).substr(sizeof crc);
    if (Crc32c(message) != crc) return absl::DataLossError(path_);
    visit(message);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> FloorTail::Wait() {
  if (news_ == TailNews::kInotify) return WaitForFile();
  if (news_ == TailNews::kFutex) {
    shared_->sleeping.store(1);
    SleepWhile(shared_->count, seen_);
    shared_->sleeping.store(0);
  }
  const uint32_t count = shared_->count.load();
  if (count == kFailed) return absl::AbortedError("the writer failed");
  return count;
}

absl::StatusOr<uint32_t> FloorTail::WaitForFile() {
  if (inotify_ < 0) {
    inotify_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify_ < 0) return Failed("inotify");
    if (inotify_add_watch(inotify_, path_.c_str(), IN_MODIFY) < 0)
      return Failed(path_);
  }
  CAUCE_ASSIGN_OR_RETURN(const uint32_t before, CountInFile());
  if (before > seen_) return before;
  if (shared_->count.load() == kFailed)
    return absl::AbortedError("the writer failed");
  pollfd ready = {.fd = inotify_, .events = POLLIN, .revents = 0};
  poll(&ready, 1, static_cast<int>(kTailWaitSeconds * 1e3));
  alignas(inotify_event) char events[4096];
  while (read(inotify_, events, sizeof events) > 0) continue;
  return CountInFile();
}

absl::StatusOr<uint32_t> FloorTail::CountInFile() const {
  struct stat info = {};
  if (fstat(fd_, &info) != 0) return Failed(path_);
  return static_cast<uint32_t>(info.st_size / std::ssize(read_));
}

}  // namespace cauce::bench
