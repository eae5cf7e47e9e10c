// Fixed-width integers in network byte order, read from and written to raw
// memory, and a look at bytes that may all be zeros. Pure; of memory that the
// caller has checked to be there.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace cauce {

static_assert(std::endian::native == std::endian::little,
              "only little-endian machines are supported");

inline uint8_t ByteSwap(uint8_t value) { return value; }
inline uint16_t ByteSwap(uint16_t value) { return __builtin_bswap16(value); }
inline uint32_t ByteSwap(uint32_t value) { return __builtin_bswap32(value); }
inline uint64_t ByteSwap(uint64_t value) { return __builtin_bswap64(value); }

// Reads a big-endian integer, as in LoadBig<int32_t>(header + 8).
template <std::integral T>
T LoadBig(const char* at) {
  std::make_unsigned_t<T> raw;
  std::memcpy(&raw, at, sizeof raw);
  return static_cast<T>(ByteSwap(raw));
}

// Writes `value` at `at`; the width is the type's: StoreBig<int16_t>(at, 2).
template <std::integral T>
void StoreBig(char* at, std::type_identity_t<T> value) {
  const auto raw = ByteSwap(static_cast<std::make_unsigned_t<T>>(value));
  std::memcpy(at, &raw, sizeof raw);
}

// Puts `value` behind what `to` holds.
template <std::integral T>
void AppendBig(std::string& to, std::type_identity_t<T> value) {
  char bytes[sizeof(T)];
  StoreBig<T>(bytes, value);
  to.append(bytes, sizeof bytes);
}

// Whether there is nothing but zeros in `bytes`; so for none at all.
inline bool IsZeros(std::string_view bytes) {
  if (bytes.empty()) return true;
  // All are like the first: one comparison of the bytes with themselves.
  return bytes[0] == '\0' &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace cauce
