#include "cauce/topic_id.h"

#include <cstdint>

#include "engine/base/bytes.h"

namespace cauce {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// 128 bits in sixes: 21 whole characters and one of two bits.
constexpr size_t kTextBytes = 22;

// The six bits that '-' stands for.
constexpr uint8_t kDash = 62;

}  // namespace

std::string TopicIdText(const TopicId& id) {
  std::string text;
  uint32_t bits = 0;
  int held = 0;  // how many of the low ones are yet to be written
  for (const uint8_t byte : id.bytes) {
    bits = bits << 8 | byte;
    held += 8;
    for (; held >= 6; held -= 6) text += kAlphabet[bits >> (held - 6) & 0x3f];
  }
  text += kAlphabet[bits << (6 - held) & 0x3f];
  return text;
}

std::optional<TopicId> ParseTopicId(std::string_view text) {
  if (text.size() != kTextBytes) return std::nullopt;
  TopicId id;
  uint32_t bits = 0;
  int held = 0;
  size_t next = 0;
  for (const char c : text) {
    const size_t six = kAlphabet.find(c);
    if (six == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(six);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    id.bytes[next++] = static_cast<uint8_t>(bits >> held);
  }
  // The last character's low bits belong to no byte.
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return id;
}

TopicId NewTopicId(Random& random) {
  TopicId id;
  for (size_t at = 0; at < id.bytes.size(); at += 8) {
    StoreBig<uint64_t>(reinterpret_cast<char*>(id.bytes.data()) + at,
                       random.Next());
  }
  id.bytes[6] = (id.bytes[6] & 0x0f) | 0x40;  // version 4
  id.bytes[8] = (id.bytes[8] & 0x3f) | 0x80;  // variant of RFC 4122
  if (id.bytes[0] >> 2 == kDash) id.bytes[0] &= 0x7f;
  return id;
}

}  // namespace cauce
