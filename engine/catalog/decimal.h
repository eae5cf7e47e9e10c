// Whole numbers as Kafka's files write them: decimal, without a plus sign,
// without leading zeros.
//
// One number has one text, so whatever is read is written back the same. Pure:
// any thread.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cauce {

// Nothing unless the whole of `text` is such a number, at least zero, and fits.
template <std::signed_integral T>
std::optional<T> ParseDecimal(std::string_view text) {
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  if (text.front() == '-' || has_leading_zero) return std::nullopt;
  return value;
}

}  // namespace cauce
