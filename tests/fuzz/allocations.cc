#include "tests/fuzz/allocations.h"

#include <atomic>
#include <cstdlib>

namespace cauce::fuzz {
namespace {

std::atomic<size_t> largest{0};

void Note(size_t bytes) {
  if (bytes > largest.load(std::memory_order_relaxed)) largest.store(bytes);
}

}  // namespace
}  // namespace cauce::fuzz

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CAUCE_FUZZ_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CAUCE_FUZZ_SANITIZED
#endif

#if defined(CAUCE_FUZZ_SANITIZED)

extern "C" int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void*, size_t),
    void (*free_hook)(const volatile void*));

namespace cauce::fuzz {
namespace {

void OnMalloc(const volatile void*, size_t bytes) { Note(bytes); }
void OnFree(const volatile void*) {}

[[maybe_unused]] const int kInstalled =
    __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree);

}  // namespace
}  // namespace cauce::fuzz

#else

// What the C library calls its own.
extern "C" void* __libc_malloc(size_t bytes);
extern "C" void* __libc_calloc(size_t count, size_t bytes);
extern "C" void* __libc_realloc(void* at, size_t bytes);

extern "C" void* malloc(size_t bytes) noexcept {
  cauce::fuzz::Note(bytes);
  return __libc_malloc(bytes);
}

extern "C" void* calloc(size_t count, size_t bytes) noexcept {
  cauce::fuzz::Note(count * bytes);
  return __libc_calloc(count, bytes);
}

extern "C" void* realloc(void* at, size_t bytes) noexcept {
  cauce::fuzz::Note(bytes);
  return __libc_realloc(at, bytes);
}

#endif

namespace cauce::fuzz {

size_t LargestAllocation() { return largest.load(); }

void ForgetLargestAllocation() { largest.store(0); }

}  // namespace cauce::fuzz
