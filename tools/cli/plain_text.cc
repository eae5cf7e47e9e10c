#include "tools/cli/plain_text.h"

#include <iterator>

#include "fmt/format.h"
#include "tools/cli/json_text.h"

namespace cauce::cli {
namespace {

void AppendEscape(char c, std::string& to) {
  switch (c) {
    case '\n':
      to += "\\n";
      break;
    case '\t':
      to += "\\t";
      break;
    case '\r':
      to += "\\r";
      break;
    case '\\':
      to += "\\\\";
      break;
    default:
      fmt::format_to(std::back_inserter(to), "\\x{:02x}",
                     static_cast<unsigned char>(c));
  }
}

// U+0000 to U+001F, and U+007F to U+009F, of which terminals know some too.
bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string Escaped(std::string_view bytes, std::string_view kept,
                    std::string_view escaped) {
  std::string text;
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    const std::string_view character = bytes.substr(0, length);
    const bool is_plain =
        length > 0 && (kept.find(character) != kept.npos ||
                       (escaped.find(character) == escaped.npos &&
                        !IsControl(character)));
    if (is_plain) {
      text += character;
    } else {
      const size_t taken = length > 0 ? length : 1;
      for (const char c : bytes.substr(0, taken)) AppendEscape(c, text);
    }
    bytes.remove_prefix(length > 0 ? length : 1);
  }
  return text;
}

}  // namespace

std::string PlainText(std::string_view bytes) {
  return Escaped(bytes, "", "\\");
}

std::string PlainLines(std::string_view text) {
  return Escaped(text, "\n\t", "");
}

}  // namespace cauce::cli
