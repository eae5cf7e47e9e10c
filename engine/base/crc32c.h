// CRC-32C (Castagnoli), the checksum of Kafka's batches and of our own files:
// reflected polynomial 0x82F63B78, all ones at the start, inverted at the end.
//
// Runs at the speed of the CPU's widest suitable instructions, chosen once and
// then by length. Pure functions: any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace cauce {

// Returns the checksum of `first` followed by `more`, given that of `first`.
uint32_t Crc32cExtend(uint32_t crc, std::string_view more);

inline uint32_t Crc32c(std::string_view bytes) {
  return Crc32cExtend(0, bytes);
}

}  // namespace cauce
