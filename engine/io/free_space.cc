#include "engine/io/free_space.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "cauce/errors.h"
#include "fmt/format.h"

namespace cauce {

FreeSpace::FreeSpace(FileSystem& files, std::string path,
                     int64_t free_bytes_min, Clock& clock, EventSink events)
    : files_(files),
      path_(std::move(path)),
      free_bytes_min_(free_bytes_min),
      clock_(clock),
      events_(std::move(events)) {}

absl::Status FreeSpace::Take(int64_t bytes) {
  if (free_bytes_min_ == 0) return absl::OkStatus();
  if (left_.fetch_sub(bytes, std::memory_order_relaxed) >= bytes) {
    return absl::OkStatus();
  }
  MutexLock lock(mutex_);
  // Another may have looked meanwhile, and left enough.
  int64_t left = left_.load(std::memory_order_relaxed);
  while (left >= bytes) {
    if (left_.compare_exchange_weak(left, left - bytes,
                                    std::memory_order_relaxed)) {
      return absl::OkStatus();
    }
  }
  return Look(bytes);
}

absl::Status FreeSpace::TakeMuch(int64_t bytes) {
  if (free_bytes_min_ == 0) return absl::OkStatus();
  MutexLock lock(mutex_);
  return Look(bytes);
}

absl::Status FreeSpace::TakeReserve(int64_t bytes) {
  if (free_bytes_min_ == 0) return absl::OkStatus();
  if (left_.fetch_sub(bytes, std::memory_order_relaxed) >= bytes) {
    return absl::OkStatus();
  }
  const int64_t stays = free_bytes_min_ / kReservePart;
  const auto free = files_.FreeBytes(path_);
  if (!free.ok() || *free - stays >= bytes) return absl::OkStatus();
  return MakeError(
      Reason::kDiskFull,
      fmt::format("{}: {} bytes are free and {} are to stay free, a quarter of "
                  "free_bytes_min, so {} more are not written; delete records "
                  "or topics, lower retention.bytes or retention.ms, or make "
                  "room, and try again",
                  path_, *free, stays, bytes));
}

bool FreeSpace::HasRoomFor(int64_t bytes) const {
  if (free_bytes_min_ == 0) return true;
  const auto free = files_.FreeBytes(path_);
  return !free.ok() || *free - free_bytes_min_ >= bytes;
}

void FreeSpace::NoteFull() {
  left_.store(0, std::memory_order_relaxed);
  refused_.store(true, std::memory_order_relaxed);
}

void FreeSpace::NoteFreed() {
  refused_.store(false, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  left_.store(0, std::memory_order_relaxed);
  look_at_ = -absl::InfiniteDuration();
}

bool FreeSpace::IsShort() const {
  if (refused_.load(std::memory_order_relaxed)) return true;
  const auto free = files_.FreeBytes(path_);
  return free.ok() && *free < std::max(free_bytes_min_, kLookBytes);
}

absl::Status FreeSpace::Look(int64_t bytes) {
  const absl::Duration now = clock_.Monotonic();
  if (now < look_at_ && bytes > headroom_) return Refuse(bytes);
  const auto free = files_.FreeBytes(path_);
  free_bytes_ = free.value_or(std::numeric_limits<int64_t>::max());
  headroom_ = std::max<int64_t>(free_bytes_ - free_bytes_min_, 0);
  if (bytes > headroom_) {
    left_.store(0, std::memory_order_relaxed);
    look_at_ = now + kLookInterval;
    return Refuse(bytes);
  }
  left_.store(std::min(headroom_ - bytes, kLookBytes),
              std::memory_order_relaxed);
  // Not where a small write fits by chance and the next one may not.
  if (told_ && headroom_ >= kLookBytes) {
    told_ = false;
    if (events_) {
      events_(Severity::kInfo,
              fmt::format("{}: {} bytes are free again, writes go on", path_,
                          free_bytes_));
    }
  }
  return absl::OkStatus();
}

absl::Status FreeSpace::Refuse(int64_t bytes) {
  const std::string why = fmt::format(
      "{}: {} bytes are free and {} are to stay free (free_bytes_min), so {} "
      "more are not written; delete records or topics, lower retention.bytes "
      "or retention.ms, or make room, and try again",
      path_, free_bytes_, free_bytes_min_, bytes);
  // No warning: whoever is refused is told by the error, in the same words.
  if (!std::exchange(told_, true) && events_) events_(Severity::kInfo, why);
  return MakeError(Reason::kDiskFull, why);
}

}  // namespace cauce
