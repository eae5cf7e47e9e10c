#include "engine/log/segment_tail.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace cauce {

void SegmentTail::Want(int64_t position) {
  if (memory_ == nullptr) return;
  const int64_t to = position + kBytesMax;
  // A look spares a write to a line that the writer reads at each append.
  int64_t known = wanted_to_.load(std::memory_order_relaxed);
  while (
      known + kBlockBytes <= to &&
      !wanted_to_.compare_exchange_weak(known, to, std::memory_order_relaxed)) {
  }
}

bool SegmentTail::IsWantedAt(int64_t position) const {
  return position < wanted_to_.load(std::memory_order_relaxed);
}

void SegmentTail::Offer(int64_t position,
                        std::span<const std::string_view> parts) {
  if (!IsWantedAt(position)) {
    if (holds_any_.load(std::memory_order_relaxed)) Drop();
    return;
  }
  int64_t count = 0;
  for (const std::string_view part : parts) {
    count += static_cast<int64_t>(part.size());
  }
  // It would only take the memory of others.
  if (count > kBytesMax) return Drop();
  MutexLock lock(mutex_);
  // What was cut off behind a failed write, or went by while nobody asked.
  if (position != end_) DropAll();
  if (blocks_.empty()) begin_ = end_ = position;
  for (const std::string_view part : parts) Add(part);
  while (!blocks_.empty() && end_ - begin_ - kBlockBytes >= kBytesMax) {
    DropFirst();
  }
}

void SegmentTail::Add(std::string_view bytes) {
  while (!bytes.empty()) {
    const int64_t used = (end_ - begin_) % kBlockBytes;
    std::shared_ptr<TailMemory::Block> block;
    if (used > 0) block = blocks_.back().lock();
    if (block == nullptr) {
      // The last one was taken away, and so were those before it.
      if (used > 0) DropAll();
      if (blocks_.empty()) begin_ = end_;
      block = memory_->Take();
      if (block == nullptr) return;
      blocks_.push_back(block);
      holds_any_.store(true, std::memory_order_relaxed);
    }
    const int64_t at = (end_ - begin_) % kBlockBytes;
    const size_t count =
        std::min(bytes.size(), static_cast<size_t>(kBlockBytes - at));
    std::memcpy(block->bytes.data() + at, bytes.data(), count);
    end_ += static_cast<int64_t>(count);
    bytes.remove_prefix(count);
  }
}

bool SegmentTail::Read(int64_t position, std::span<char> into) {
  if (!holds_any_.load(std::memory_order_relaxed)) return false;
  const int64_t to = position + static_cast<int64_t>(into.size());
  // Most reads lie in one block or in two, for which no memory is asked.
  std::array<std::shared_ptr<TailMemory::Block>, 2> few;
  std::vector<std::shared_ptr<TailMemory::Block>> many;
  std::span<std::shared_ptr<TailMemory::Block>> blocks = few;
  int64_t skip = 0;
  {
    MutexLock lock(mutex_);
    if (position < begin_ || to > end_ || into.empty()) return false;
    const int64_t first = (position - begin_) / kBlockBytes;
    const int64_t last = (to - 1 - begin_) / kBlockBytes;
    skip = (position - begin_) % kBlockBytes;
    const auto count = static_cast<size_t>(last - first + 1);
    if (count > few.size()) {
      many.resize(count);
      blocks = many;
    }
    blocks = blocks.first(count);
    for (size_t i = 0; i < count; ++i) {
      blocks[i] = blocks_[static_cast<size_t>(first) + i].lock();
      if (blocks[i] == nullptr) return false;
    }
  }
  // What stands below end_ changes no more.
  for (const auto& block : blocks) {
    const size_t count =
        std::min(into.size(), static_cast<size_t>(kBlockBytes - skip));
    std::memcpy(into.data(), block->bytes.data() + skip, count);
    into = into.subspan(count);
    skip = 0;
  }
  Want(to);
  return true;
}

void SegmentTail::DropLost() {
  MutexLock lock(mutex_);
  // Of one tail's the oldest goes first.
  const auto kept = std::ranges::find_if(
      blocks_, [](const TailMemory::Ref& block) { return !block.expired(); });
  if (kept == blocks_.end()) return DropAll();
  begin_ += (kept - blocks_.begin()) * kBlockBytes;
  blocks_.erase(blocks_.begin(), kept);
}

void SegmentTail::Drop() {
  MutexLock lock(mutex_);
  DropAll();
}

void SegmentTail::DropFirst() {
  memory_->GiveBack(blocks_.front());
  blocks_.erase(blocks_.begin());
  begin_ += kBlockBytes;
}

void SegmentTail::DropAll() {
  for (const TailMemory::Ref& block : blocks_) memory_->GiveBack(block);
  blocks_ = std::vector<TailMemory::Ref>();  // and its memory
  begin_ = end_;
  holds_any_.store(false, std::memory_order_relaxed);
}

}  // namespace cauce
