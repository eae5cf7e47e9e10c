// The keys and values of the contests of state stores: by number, so that
// nobody has to hold them all. Keys are 8 bytes in no order, values do not
// compress and tell whose they are. Immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/peers/record_key.h"

namespace cauce::bench {

class KeyValues {
 public:
  KeyValues(size_t value_bytes, uint32_t seed);

  // Another number, another key: the numbers' bits, mixed.
  static KeyOf Key(int64_t number);
  std::string_view Value(int64_t number) const;
  int64_t bytes_each() const;

 private:
  const size_t value_bytes_;
  std::string random_bytes_;
};

}  // namespace cauce::bench
