#include "engine/base/growing_output.h"

#include <algorithm>

#include "engine/base/check.h"

namespace cauce {

GrowingOutput::GrowingOutput(std::string* target, size_t bytes_max,
                             size_t first_bytes)
    : target_(*target),
      base_(target->size()),
      bytes_max_(bytes_max),
      first_bytes_(std::max<size_t>(first_bytes, 1)) {}

GrowingOutput::~GrowingOutput() {
  if (!committed_) target_.resize(base_);
}

std::span<char> GrowingOutput::Room() {
  const bool full = base_ + written_ == target_.size();
  return Room(full ? std::max(first_bytes_, written_) : 1);
}

std::span<char> GrowingOutput::Room(size_t bytes) {
  const size_t have = target_.size() - base_ - written_;
  const size_t wanted = std::min(std::max(bytes, have), room_bytes_max());
  if (wanted > have) target_.resize(base_ + written_ + wanted);
  return {target_.data() + base_ + written_, wanted};
}

void GrowingOutput::Commit() {
  CAUCE_CHECK(!overflowed());
  target_.resize(base_ + written_);
  committed_ = true;
}

}  // namespace cauce
