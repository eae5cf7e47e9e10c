#include "engine/coord/state_partition.h"

#include <cstddef>
#include <limits>

#include "engine/base/check.h"

namespace cauce {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

// The character at the front of `text`, which is shortened by it.
uint32_t TakeCharacter(std::string_view& text) {
  const auto byte = [&](size_t at) -> uint32_t {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
  };
  const uint32_t head = byte(0);
  size_t more = 0;
  uint32_t least = 0;
  uint32_t character = head;
  if (head >= 0xf0 && head < 0xf8) {
    more = 3, least = 0x10000, character = head & 0x07;
  } else if (head >= 0xe0) {
    more = 2, least = 0x800, character = head & 0x0f;
  } else if (head >= 0xc0) {
    more = 1, least = 0x80, character = head & 0x1f;
  }
  bool is_one = head < 0x80 || (more > 0 && head < 0xf8);
  for (size_t i = 1; i <= more && is_one; ++i) {
    is_one = (byte(i) & 0xc0) == 0x80;
    character = (character << 6) | (byte(i) & 0x3f);
  }
  const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
  is_one = is_one && character >= least && character <= 0x10ffff &&
           !is_surrogate;
  text.remove_prefix(is_one ? 1 + more : 1);
  return is_one ? character : kReplacement;
}

}  // namespace

int32_t JavaHashOf(std::string_view text) {
  uint32_t hash = 0;
  while (!text.empty()) {
    const uint32_t character = TakeCharacter(text);
    if (character >= 0x10000) {
      // Two units of UTF-16.
      hash = hash * 31 + (0xd800 + ((character - 0x10000) >> 10));
      hash = hash * 31 + (0xdc00 + ((character - 0x10000) & 0x3ff));
    } else {
      hash = hash * 31 + character;
    }
  }
  return static_cast<int32_t>(hash);
}

PartitionId StatePartitionOf(std::string_view id, int32_t partitions) {
  CAUCE_CHECK(partitions > 0);
  const int32_t hash = JavaHashOf(id);
  // Kafka's Utils.abs: of the number that has no opposite it is 0.
  if (hash == std::numeric_limits<int32_t>::min()) return PartitionId{0};
  return PartitionId{(hash < 0 ? -hash : hash) % partitions};
}

}  // namespace cauce
