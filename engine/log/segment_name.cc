#include "engine/log/segment_name.h"

#include <charconv>

#include "fmt/format.h"

namespace cauce {
namespace {

constexpr size_t kDigits = 20;

}  // namespace

std::string SegmentFileName(Offset base, std::string_view suffix) {
  return fmt::format("{:020}{}", base.value, suffix);
}

std::optional<SegmentFile> ParseSegmentFileName(std::string_view name) {
  if (name.size() <= kDigits || name[kDigits] != '.') return std::nullopt;
  Offset base{0};
  for (const char digit : name.substr(0, kDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
  }
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + kDigits, base.value);
  if (error != std::errc() || end != name.data() + kDigits) return std::nullopt;
  return SegmentFile{base, name.substr(kDigits)};
}

}  // namespace cauce
