// The newest bytes of a segment's log in memory, for those who read at its end:
// they get them without a system call.
//
// Kept only while somebody reads there. A reader at the end asks for what is
// appended next, and each one that finds its bytes here asks anew; where nobody
// has for kBytesMax bytes the writer stops keeping them. So appends that nobody
// follows cost a look at a number.
// Invariant: what is here stands in the file at the same position. Offer() is
// for the segment's one writer, once the file has the bytes; all else is
// thread-safe. Its lock comes before that of the memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "engine/base/mutex.h"
#include "engine/log/tail_memory.h"

namespace cauce {

class SegmentTail {
 public:
  // Of one segment at most.
  static constexpr int64_t kBytesMax = 1 << 20;

  // `memory` is borrowed; null where nothing is kept.
  explicit SegmentTail(TailMemory* memory) : memory_(memory) {}
  ~SegmentTail() { Drop(); }
  SegmentTail(const SegmentTail&) = delete;
  SegmentTail& operator=(const SegmentTail&) = delete;

  // Somebody reads at `position`: what is appended from there on is worth
  // keeping.
  void Want(int64_t position);
  bool IsWantedAt(int64_t position) const;

  // For the writer: `parts`, back to back, have been written at `position`.
  void Offer(int64_t position, std::span<const std::string_view> parts)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether all of `into` was here, from `position` on, and is read.
  bool Read(int64_t position, std::span<char> into) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of blocks that were taken away, forgets what is left: a word each.
  void DropLost() ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives the memory back, until somebody wants it again.
  void Drop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static constexpr int64_t kBlockBytes = TailMemory::kBlockBytes;

  void Add(std::string_view bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  TailMemory* const memory_;
  // Behind which nobody has asked for anything.
  std::atomic<int64_t> wanted_to_ = 0;
  std::atomic<bool> holds_any_ = false;  // for the look of a writer

  Mutex mutex_;
  // Back to back; all but the last are full. The oldest may have been taken.
  std::vector<TailMemory::Ref> blocks_ ABSL_GUARDED_BY(mutex_);
  int64_t begin_ ABSL_GUARDED_BY(mutex_) = 0;  // where the first one stands
  int64_t end_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace cauce
