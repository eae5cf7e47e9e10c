#include "tools/cli/json_text.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "fmt/format.h"
#include "tools/cli/base64.h"

namespace cauce::cli {

size_t Utf8Length(std::string_view bytes) {
  const auto at = [bytes](size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  const auto continues = [&at](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(1) < 0xA0;
    const bool surrogate = lead == 0xED && at(1) > 0x9F;
    const bool whole = continues(1) && continues(2);
    return whole && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(1) < 0x90;
    const bool too_high = lead == 0xF4 && at(1) > 0x8F;
    const bool whole = continues(1) && continues(2) && continues(3);
    return whole && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    // Most text is ASCII: a word at a time.
    while (bytes.size() >= 8) {
      uint64_t word = 0;
      bytes.copy(reinterpret_cast<char*>(&word), sizeof word);
      if ((word & 0x8080808080808080) != 0) break;
      bytes.remove_prefix(8);
    }
    if (bytes.empty()) return true;
    const size_t length = Utf8Length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void AppendJsonString(std::string_view text, std::string& to) {
  to += '"';
  size_t plain = 0;  // from where on nothing was escaped
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) continue;
    to.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(to), "\\u{:04x}", c);
    }
  }
  to.append(text.substr(plain));
  to += '"';
}

void AppendJsonBytes(const std::optional<std::string_view>& bytes,
                     std::string& to) {
  if (!bytes) {
    to += "null";
  } else if (IsUtf8(*bytes)) {
    AppendJsonString(*bytes, to);
  } else {
    to += "{\"base64\":\"";
    AppendBase64(*bytes, to);
    to += "\"}";
  }
}

}  // namespace cauce::cli
