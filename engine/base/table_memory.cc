#include "engine/base/table_memory.h"

#include <sys/mman.h>

#include <cstring>

namespace cauce {
namespace {

// Of x86-64, and of arm64 with pages of 4 KiB. Where theirs are larger the
// memory begins at a multiple of this all the same.
constexpr size_t kLargePage = 2 << 20;

}  // namespace

TableMemory::TableMemory(size_t bytes) {
  const bool is_large = bytes >= kLargePage;
  const auto alignment =
      std::align_val_t(is_large ? kLargePage : alignof(std::max_align_t));
  // Whole pages, since the last one is the system's to make large, too.
  const size_t whole =
      is_large ? (bytes + kLargePage - 1) / kLargePage * kLargePage : bytes;
  data_ = std::unique_ptr<void, Free>(::operator new(whole, alignment),
                                      Free{alignment});
  // Who has no such pages to give refuses: that costs time, and no more.
  if (is_large) static_cast<void>(madvise(data_.get(), whole, MADV_HUGEPAGE));
  std::memset(data_.get(), 0, bytes);
}

}  // namespace cauce
