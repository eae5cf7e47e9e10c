// Kafka's variable-length integers: groups of seven bits, lowest first, each
// byte but the last with its high bit set.
//
// Record batches use signed ones, by zig-zag (0, -1, 1, -2 become 0, 1, 2, 3);
// the compact types of messages use unsigned ones: do not mix the two.
// Pure functions over the caller's memory: any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace cauce {

// The most bytes that a 32-bit and a 64-bit integer take: 5 * 7 >= 32 and
// 10 * 7 >= 64.
inline constexpr size_t kVarint32BytesMax = 5;
inline constexpr size_t kVarint64BytesMax = 10;

inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^
         static_cast<uint64_t>(value >> 63);
}

inline int64_t UndoZigZag(uint64_t raw) {
  return static_cast<int64_t>((raw >> 1) ^ (0 - (raw & 1)));
}

// How many bytes EncodeVarint writes. A 32-bit value takes the same bytes
// whichever width it is passed as.
inline size_t VarintSize(int64_t value) {
  // ceil(bits / 7) for 1 to 64 bits without a division: 9/64 is just above
  // 1/7, and the error stays below the distance to the next whole number.
  const int bits = 64 - std::countl_zero(ZigZag(value) | 1);
  return static_cast<size_t>((bits * 9 + 64) / 64);
}

// Writes `value` at `to`, where there is room for kVarint64BytesMax bytes
// whatever the value is; returns where it ends.
inline char* EncodeVarint(char* to, int64_t value) {
  uint64_t raw = ZigZag(value);
  if (raw < 0x80) [[likely]] {
    *to = static_cast<char>(raw);
    return to + 1;
  }
  if (raw < 0x4000) [[likely]] {
    to[0] = static_cast<char>(raw | 0x80);
    to[1] = static_cast<char>(raw >> 7);
    return to + 2;
  }
  while (raw >= 0x80) {
    *to++ = static_cast<char>(raw | 0x80);
    raw >>= 7;
  }
  *to = static_cast<char>(raw);
  return to + 1;
}

namespace varint_internal {

// What the fast paths below leave over. Null when the varint is cut off,
// too long for `bits` bits, or holds more than these.
[[gnu::noinline]] inline const char* DecodeRaw(const char* at, const char* end,
                                               int bits, uint64_t* raw) {
  uint64_t value = 0;
  for (int shift = 0; shift < bits; shift += 7) {
    if (at == end) return nullptr;
    const uint64_t byte = static_cast<uint8_t>(*at++);
    const uint64_t group = byte & 0x7f;
    // The last group has room for fewer than seven bits.
    if (bits - shift < 7 && (group >> (bits - shift)) != 0) return nullptr;
    value |= group << shift;
    if (byte < 0x80) {
      *raw = value;
      return at;
    }
  }
  return nullptr;
}

// Inlined into every caller: nearly all integers of a record take one or two
// bytes, for which a call costs more than the work.
template <typename Int>
[[gnu::always_inline]] inline const char* Decode(const char* at,
                                                 const char* end, Int* value) {
  if (at != end) [[likely]] {
    const uint32_t first = static_cast<uint8_t>(at[0]);
    if (first < 0x80) [[likely]] {
      *value = static_cast<Int>(UndoZigZag(first));
      return at + 1;
    }
    const uint32_t second = end - at >= 2 ? static_cast<uint8_t>(at[1]) : 0x80;
    if (second < 0x80) [[likely]] {
      *value = static_cast<Int>(UndoZigZag((first & 0x7f) | second << 7));
      return at + 2;
    }
  }
  uint64_t raw = 0;
  at = DecodeRaw(at, end, static_cast<int>(sizeof(Int) * 8), &raw);
  if (at != nullptr) *value = static_cast<Int>(UndoZigZag(raw));
  return at;
}

}  // namespace varint_internal

// Reads one integer from [at, end) and returns where it ends. Null, with
// `value` as it was, when the bytes end inside it, when it is longer than its
// width allows, or when it does not fit. Like Kafka's reader it takes more
// bytes than a small value needs.
inline const char* DecodeVarint(const char* at, const char* end,
                                int32_t* value) {
  return varint_internal::Decode(at, end, value);
}

inline const char* DecodeVarint(const char* at, const char* end,
                                int64_t* value) {
  return varint_internal::Decode(at, end, value);
}

// Writes `value` at `to`, where there is room for kVarint32BytesMax bytes;
// returns how many it took.
inline size_t EncodeUnsignedVarint(char* to, uint32_t value) {
  size_t bytes = 0;
  for (; value >= 0x80; value >>= 7) {
    to[bytes++] = static_cast<char>(value | 0x80);
  }
  to[bytes++] = static_cast<char>(value);
  return bytes;
}

// As DecodeVarint, of what EncodeUnsignedVarint wrote.
inline const char* DecodeUnsignedVarint(const char* at, const char* end,
                                        uint32_t* value) {
  uint64_t raw = 0;
  at = varint_internal::DecodeRaw(at, end, 32, &raw);
  if (at != nullptr) *value = static_cast<uint32_t>(raw);
  return at;
}

}  // namespace cauce
