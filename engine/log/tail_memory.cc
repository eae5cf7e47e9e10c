#include "engine/log/tail_memory.h"

#include <utility>

namespace cauce {

std::shared_ptr<TailMemory::Block> TailMemory::Take() {
  if (blocks_max_ == 0) return nullptr;
  // Not in one piece with its counts, as make_shared has it: they stay for as
  // long as its owner has not asked, and so would its memory.
  std::shared_ptr<Block> block(new Block);
  std::shared_ptr<Block> oldest;  // let go of under no lock
  MutexLock lock(mutex_);
  if (blocks_.size() == blocks_max_) {
    oldest = std::move(blocks_.begin()->second);
    blocks_.erase(blocks_.begin());
  }
  block->number = taken_++;
  blocks_.emplace_hint(blocks_.end(), block->number, block);
  return block;
}

void TailMemory::GiveBack(const Ref& block) {
  const auto held = block.lock();
  if (held == nullptr) return;
  MutexLock lock(mutex_);
  blocks_.erase(held->number);
}

size_t TailMemory::bytes() const {
  MutexLock lock(mutex_);
  return blocks_.size() * kBlockBytes;
}

}  // namespace cauce
