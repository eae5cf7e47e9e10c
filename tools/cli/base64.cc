#include "tools/cli/base64.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cauce::cli {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> DecodeTable() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return table;
}

constexpr std::array<int8_t, 256> kDecode = DecodeTable();

}  // namespace

void AppendBase64(std::string_view bytes, std::string& to) {
  while (!bytes.empty()) {
    const size_t count = std::min<size_t>(bytes.size(), 3);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      group <<= 8;
      if (i < count) group |= static_cast<unsigned char>(bytes[i]);
    }
    for (size_t i = 0; i < 4; ++i) {
      to += i <= count ? kAlphabet[(group >> (18 - 6 * i)) & 0x3f] : '=';
    }
    bytes.remove_prefix(count);
  }
}

bool AppendDecodedBase64(std::string_view text, std::string& to) {
  if (text.size() % 4 != 0) return false;
  for (; !text.empty(); text.remove_prefix(4)) {
    const bool last = text.size() == 4;
    const size_t padding = !last                  ? 0
                           : text.ends_with("==") ? 2
                           : text.ends_with("=")  ? 1
                                                  : 0;
    uint32_t group = 0;
    for (size_t i = 0; i < 4; ++i) {
      const bool padded = i >= 4 - padding;
      const int digit =
          padded ? 0 : kDecode[static_cast<unsigned char>(text[i])];
      if (digit < 0) return false;
      group = group << 6 | static_cast<uint32_t>(digit);
    }
    // Bits that no byte takes must be zero: one text for the same bytes.
    if ((group & ((uint32_t{1} << (8 * padding)) - 1)) != 0) {
      return false;
    }
    for (size_t i = 0; i < 3 - padding; ++i) {
      to += static_cast<char>(group >> (16 - 8 * i));
    }
  }
  return true;
}

}  // namespace cauce::cli
