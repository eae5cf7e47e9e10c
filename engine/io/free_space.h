// Keeps some bytes of a disk free, so that what makes room can still be done
// there when nothing more is taken in.
//
// Whoever is about to write asks first. An answer costs no system call while
// the bytes that were asked for since the last look at the disk stay below what
// that look left to take: so ours stay above the watermark, but for what is on
// its way at that moment, and what others write is seen once per kLookBytes of
// ours. After a refusal it looks again at
// most every kLookInterval, or as soon as room was made here. Where the disk
// cannot tell, it is asked by writing to it. Thread-safe; its lock is a leaf,
// under which the disk is asked and the event sink is told.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/env.h"
#include "cauce/file_system.h"
#include "engine/base/mutex.h"

namespace cauce {

class FreeSpace {
 public:
  // A look takes about a microsecond: once for so many bytes it costs nothing.
  static constexpr int64_t kLookBytes = 4 << 20;
  static constexpr absl::Duration kLookInterval = absl::Milliseconds(100);
  // Of what is to stay free, the part that TakeReserve leaves.
  static constexpr int64_t kReservePart = 4;

  // Keeps `free_bytes_min` free on the file system that holds `path`; with 0
  // nothing is ever refused. `files` and `clock` are borrowed.
  FreeSpace(FileSystem& files, std::string path, int64_t free_bytes_min,
            Clock& clock, EventSink events);

  // OK where `bytes` more may be written, which then count as written.
  // Reason::kDiskFull where they would leave less free than is to stay.
  absl::Status Take(int64_t bytes);
  // The same after a look at the disk: for what takes more than it says.
  absl::Status TakeMuch(int64_t bytes);
  // The same for what reading cannot do without, as where a group is: it may
  // use all but a quarter of what is to stay free. Few bytes, in front of a
  // sync: below the watermark each asks the disk.
  absl::Status TakeReserve(int64_t bytes);
  // Whether there is room by a look now, which counts for nothing else: for
  // what may as well be left out.
  bool HasRoomFor(int64_t bytes) const;

  // The disk has refused a write: what the last look has left is not there.
  void NoteFull();
  // Room was made: whoever asks next gets a new answer.
  void NoteFreed();

  // Whether there is so little room that what is to be removed later had better
  // be removed at once: by a look now, or because the disk has refused a write
  // and no room was made since. A quota of its owner is seen by that alone.
  bool IsShort() const;

 private:
  absl::Status Look(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refuse(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem& files_;
  const std::string path_;
  const int64_t free_bytes_min_;
  Clock& clock_;
  const EventSink events_;

  // What may be taken before the next look; may fall below zero.
  std::atomic<int64_t> left_ = 0;
  std::atomic<bool> refused_ = false;  // by the disk, since room was made
  Mutex mutex_;
  // By the last look.
  int64_t free_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t headroom_ ABSL_GUARDED_BY(mutex_) = 0;
  // Before then what did not fit at the last look is refused without another.
  absl::Duration look_at_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  bool told_ ABSL_GUARDED_BY(mutex_) = false;  // that writes are refused
};

}  // namespace cauce
