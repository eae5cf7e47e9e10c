#include "engine/io/sparse_bytes.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "engine/base/bytes.h"

namespace cauce {

size_t SparseBytes::Read(int64_t position, std::span<char> into) const {
  if (position >= size_) return 0;
  const auto wanted = static_cast<size_t>(
      std::min<uint64_t>(into.size(), static_cast<uint64_t>(size_ - position)));
  auto block = blocks_.lower_bound(position / kBlockBytes);
  for (size_t done = 0; done < wanted;) {
    const int64_t index = (position + static_cast<int64_t>(done)) / kBlockBytes;
    const auto at = static_cast<size_t>(
        (position + static_cast<int64_t>(done)) % kBlockBytes);
    const size_t piece = std::min(wanted - done, kBlockBytes - at);
    size_t held = 0;
    if (block != blocks_.end() && block->first == index) {
      const Block& bytes = block->second;
      held = at < bytes.size() ? std::min(piece, bytes.size() - at) : 0;
      if (held > 0) std::memcpy(into.data() + done, bytes.data() + at, held);
      ++block;
    }
    std::memset(into.data() + done + held, 0, piece - held);
    done += piece;
  }
  return wanted;
}

int64_t SparseBytes::NextHeld(int64_t position) const {
  for (auto block = blocks_.lower_bound(position / kBlockBytes);
       block != blocks_.end(); ++block) {
    const int64_t from = block->first * kBlockBytes;
    const int64_t end = from + static_cast<int64_t>(block->second.size());
    if (end > position) return std::max(from, position);
  }
  return INT64_MAX;
}

void SparseBytes::Write(int64_t position, std::string_view bytes) {
  if (bytes.empty()) return;
  size_ = std::max(size_, position + static_cast<int64_t>(bytes.size()));
  while (!bytes.empty()) {
    const auto at = static_cast<size_t>(position % kBlockBytes);
    const std::string_view piece = bytes.substr(0, kBlockBytes - at);
    WriteInBlock(position / kBlockBytes, at, piece);
    position += static_cast<int64_t>(piece.size());
    bytes.remove_prefix(piece.size());
  }
}

void SparseBytes::WriteInBlock(int64_t index, size_t at,
                               std::string_view bytes) {
  auto found = blocks_.find(index);
  const size_t held = found == blocks_.end() ? 0 : found->second.size();
  if (at >= held && IsZeros(bytes)) return;  // what is not there is zero
  if (found == blocks_.end()) found = blocks_.try_emplace(index).first;

  Block& block = found->second;
  const size_t end = at + bytes.size();
  if (end > block.capacity()) {
    // What goes on from a block that is full will fill this one too.
    const bool goes_on = block.empty() && at == 0 &&
                         found != blocks_.begin() &&
                         std::prev(found)->first == index - 1 &&
                         std::prev(found)->second.size() == kBlockBytes;
    block.reserve(goes_on ? kBlockBytes
                          : std::min<size_t>(kBlockBytes,
                                             std::max(end,
                                                      2 * block.capacity())));
  }
  if (at > held) block.resize(at);
  const size_t over = std::min(bytes.size(), block.size() - at);
  std::copy_n(bytes.data(), over, block.data() + at);
  block.insert(block.end(), bytes.begin() + static_cast<ptrdiff_t>(over),
               bytes.end());
}

void SparseBytes::Resize(int64_t size) {
  if (size < size_) {
    const int64_t last = size / kBlockBytes;
    const auto kept = static_cast<size_t>(size % kBlockBytes);
    auto from = blocks_.lower_bound(last);
    if (from != blocks_.end() && from->first == last && kept > 0) {
      from->second.resize(std::min(from->second.size(), kept));
      ++from;
    }
    blocks_.erase(from, blocks_.end());
  }
  size_ = size;
}

int64_t SparseBytes::held_bytes() const {
  int64_t held = 0;
  for (const auto& [index, block] : blocks_) {
    held += static_cast<int64_t>(block.capacity());
  }
  return held;
}

}  // namespace cauce
