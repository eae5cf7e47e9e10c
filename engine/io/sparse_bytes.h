// A file's content in memory: bytes in blocks of their own, so that a file
// grows without being copied, and gaps and runs of zeros take no room. A block
// takes no more than it holds, so that ten thousand small files stay small.
// Invariant: no block reaches past the size. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace cauce {

class SparseBytes {
 public:
  // Copies what there is from `position` on; returns how many bytes that were.
  size_t Read(int64_t position, std::span<char> into) const;

  // Grows as needed. The range must end within an int64_t.
  void Write(int64_t position, std::string_view bytes);

  // From `position` on, where the first byte is that takes memory; INT64_MAX
  // where there is none: zeros stand in front of it.
  int64_t NextHeld(int64_t position) const;

  // Cuts, or extends with zeros.
  void Resize(int64_t size);

  int64_t size() const { return size_; }
  // The memory that the blocks take.
  int64_t held_bytes() const;

 private:
  // What a block's vector does not reach reads as zeros.
  using Block = std::vector<char>;

  // Large enough that finding a block is nothing against copying it, small
  // enough that the allocator keeps it and does not map pages each time.
  static constexpr int64_t kBlockBytes = 64 << 10;

  void WriteInBlock(int64_t index, size_t at, std::string_view bytes);

  std::map<int64_t, Block> blocks_;  // by position / kBlockBytes
  int64_t size_ = 0;
};

}  // namespace cauce
