#include "engine/catalog/checked_text.h"

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "engine/base/crc32c.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/text_lines.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr std::string_view kCrc = "crc32c ";

std::string CrcLine(std::string_view before) {
  return fmt::format("{}{:08x}\n", kCrc, Crc32c(before));
}

absl::Status CheckVersion(std::string_view path, std::string_view text,
                          const TextFormat& format) {
  TextLines lines(path, text);
  const auto version =
      NumberAfter<int32_t>(fmt::format("{} ", format.name), lines.Next());
  if (!version || *version < 1) {
    return lines.Corrupt(fmt::format("\"{} 1\"", format.name));
  }
  if (*version <= format.version) return absl::OkStatus();
  return MakeError(
      Reason::kUnsupportedFormat,
      fmt::format("{}: has version {}, this release knows up to {}; open the "
                  "directory with a newer one",
                  path, *version, format.version));
}

}  // namespace

std::string WithChecksum(std::string text) {
  text += CrcLine(text);
  return text;
}

absl::StatusOr<std::string_view> CheckedText(std::string_view path,
                                             std::string_view bytes,
                                             const TextFormat& format) {
  const size_t last = bytes.rfind(kCrc);
  const bool whole = last != std::string_view::npos && last > 0 &&
                     bytes[last - 1] == '\n' &&
                     bytes.substr(last) == CrcLine(bytes.substr(0, last));
  if (!whole) {
    return MakeError(Reason::kCorruptFile,
                     fmt::format("{}: its checksum is wrong, or its last line "
                                 "is not one; it has {} bytes",
                                 path, bytes.size()));
  }
  const std::string_view text = bytes.substr(0, last);
  CAUCE_RETURN_IF_ERROR(CheckVersion(path, text, format));
  return text;
}

std::optional<std::string_view> TextAfter(
    std::string_view key, std::optional<std::string_view> line) {
  if (!line || !line->starts_with(key)) return std::nullopt;
  return line->substr(key.size());
}

}  // namespace cauce
