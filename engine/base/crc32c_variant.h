// The ways this library can compute CRC-32C, one for each kind of CPU.
//
// All give the same answer for every input; they differ in speed alone. Callers
// want crc32c.h: this list is for it, for the tests that hold the variants
// against each other, and for benches. Immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cauce {

struct Crc32cVariant {
  std::string_view name;

  // Takes and returns the register as the hardware keeps it, without the
  // inversions at the start and at the end.
  uint32_t (*extend_raw)(uint32_t raw, const char* data, size_t size);
};

// Those that this machine can run, slowest first; the first is portable.
std::span<const Crc32cVariant> Crc32cVariants();

}  // namespace cauce
