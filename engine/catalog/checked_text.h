// The frame of our own small files of text: a first line "NAME VERSION", and a
// last one, "crc32c XXXXXXXX", over all bytes in front of it.
//
// Every version ends in that line, so a newer one is told from a damaged one.
// Pure: any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/catalog/decimal.h"

namespace cauce {

struct TextFormat {
  std::string_view name;
  int32_t version;  // the greatest that is known, from one
};

// `text` with the line of its checksum behind it.
std::string WithChecksum(std::string text);

// The text in front of the checksum, of a version that is known; its first
// line is the version's. `path` is for the messages. Reason::kCorruptFile, and
// kUnsupportedFormat for a greater version whose checksum is right.
absl::StatusOr<std::string_view> CheckedText(std::string_view path,
                                             std::string_view bytes,
                                             const TextFormat& format);

// What follows `key`, as in "12" for "generation 12".
std::optional<std::string_view> TextAfter(std::string_view key,
                                          std::optional<std::string_view> line);

template <std::signed_integral T>
std::optional<T> NumberAfter(std::string_view key,
                             std::optional<std::string_view> line) {
  const auto text = TextAfter(key, line);
  return text ? ParseDecimal<T>(*text) : std::nullopt;
}

}  // namespace cauce
