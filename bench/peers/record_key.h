// The key of a number in a store that is ordered by bytes: 8 of them, whose
// order is that of the numbers. Immutable: any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "bench/payload.h"

namespace cauce::bench {

class KeyOf {
 public:
  explicit KeyOf(uint64_t number) {
    const uint64_t big_endian = __builtin_bswap64(number);
    std::memcpy(bytes_, &big_endian, sizeof bytes_);
  }

  // Valid as long as the key is.
  std::string_view view() const { return {bytes_, sizeof bytes_}; }

 private:
  char bytes_[Payload::kKeyBytes];
};

}  // namespace cauce::bench
