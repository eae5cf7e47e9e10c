#include "engine/catalog/quoted.h"

#include "fmt/format.h"

namespace cauce {
namespace {

// Enough to recognise a name by.
constexpr size_t kShownBytesMax = 80;

std::string Escaped(char c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    default:
      if (c >= ' ' && c <= '~') return std::string(1, c);
      return fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

std::string Quoted(std::string_view text) {
  const bool cut = text.size() > kShownBytesMax;
  std::string shown;
  for (const char c : text.substr(0, kShownBytesMax)) shown += Escaped(c);
  if (!cut) return fmt::format("\"{}\"", shown);
  return fmt::format("\"{}...\" ({} bytes)", shown, text.size());
}

}  // namespace cauce
