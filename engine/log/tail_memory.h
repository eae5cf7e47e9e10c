// The memory in which an engine keeps the newest bytes of its logs: blocks of
// one size, so many at most.
//
// Invariant: bytes() is at most what it was made with. Whoever takes a block
// where there is none left takes it from the oldest: that one is freed at
// once, and its owner finds that it is gone the next time it asks. So one
// partition that is read as it is written gets all there is, and of many each
// gets what it has written last. Thread-safe; its lock is a leaf, held for a
// look.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "engine/base/mutex.h"

namespace cauce {

class TailMemory {
 public:
  static constexpr size_t kBlockBytes = 16 << 10;

  struct Block {
    uint64_t number;  // of those that were ever taken
    std::array<char, kBlockBytes> bytes;
  };
  // Whoever has locked one may read it; it is taken from its owner meanwhile,
  // and lives until the last of them lets it go.
  using Ref = std::weak_ptr<Block>;

  // With less than a block there is none.
  explicit TailMemory(size_t bytes_max)
      : blocks_max_(bytes_max / kBlockBytes) {}
  TailMemory(const TailMemory&) = delete;
  TailMemory& operator=(const TailMemory&) = delete;

  // A block whose bytes are anything, the newest of all; null where there are
  // none.
  std::shared_ptr<Block> Take() ABSL_LOCKS_EXCLUDED(mutex_);
  // The block is not needed any more. One that was taken away is nothing to
  // do.
  void GiveBack(const Ref& block) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of the blocks that are taken.
  size_t bytes() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const size_t blocks_max_;
  mutable Mutex mutex_;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  // By their numbers, so oldest first.
  std::map<uint64_t, std::shared_ptr<Block>> blocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cauce
