#include "tests/testing/allocated_bytes.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> allocated = 0;

void* Allocate(size_t bytes, size_t alignment) {
  void* const made =
      alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
          ? std::malloc(bytes)
          : std::aligned_alloc(alignment,
                               (bytes + alignment - 1) / alignment * alignment);
  allocated += static_cast<int64_t>(malloc_usable_size(made));
  return made;
}

void* AllocateOrThrow(size_t bytes, size_t alignment) {
  void* const made = Allocate(bytes, alignment);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

void Free(void* made) {
  allocated -= static_cast<int64_t>(malloc_usable_size(made));
  std::free(made);
}

}  // namespace

void* operator new(size_t bytes) { return AllocateOrThrow(bytes, 1); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return Allocate(bytes, 1);
}
void operator delete(void* made) noexcept { Free(made); }
void operator delete(void* made, size_t) noexcept { Free(made); }
void operator delete(void* made, std::align_val_t) noexcept { Free(made); }
void operator delete(void* made, size_t, std::align_val_t) noexcept {
  Free(made);
}
void operator delete(void* made, const std::nothrow_t&) noexcept { Free(made); }

namespace cauce::test {

int64_t AllocatedBytes() { return allocated; }

}  // namespace cauce::test
