#include "cauce/partitioner.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace cauce {
namespace {

constexpr uint32_t kSeed = 0x9747b28c;
constexpr uint32_t kMultiplier = 0x5bd1e995;

// The hash reads its words little-endian on every machine.
uint32_t LoadLittle(const char* from) {
  static_assert(std::endian::native == std::endian::little);
  uint32_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

uint32_t Mix(uint32_t word) {
  word *= kMultiplier;
  word ^= word >> 24;
  return word * kMultiplier;
}

}  // namespace

uint32_t Murmur2(std::string_view bytes) {
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    hash = (hash * kMultiplier) ^ Mix(LoadLittle(bytes.data()));
  }
  if (!bytes.empty()) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      hash ^= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  return hash ^ (hash >> 15);
}

PartitionId PartitionForKey(std::string_view key, int32_t partitions) {
  if (partitions <= 0) return {-1};
  // The sign is masked away, as in Kafka, not turned.
  const auto positive = static_cast<int32_t>(Murmur2(key) & 0x7fffffff);
  return {positive % partitions};
}

}  // namespace cauce
