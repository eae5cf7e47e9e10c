// What tables of options are held to: every field of the struct has its row, in
// order, with the default that it has, and takes what the row says.
//
// For each struct a test brings `ForEachField(Options&, visit)`, in namespace
// cauce, which calls `visit(name, field)`; by structured binding, so that a
// field that is added does not compile until it is named there.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/option_keys.h"
#include "tests/testing/matchers.h"

namespace cauce::test {

template <typename Field>
constexpr bool kIsNumber =
    std::is_integral_v<Field> && !std::is_same_v<Field, bool>;
template <typename Field>
constexpr bool kIsDuration = std::is_same_v<Field, absl::Duration>;

// The value that a row's default stands for, where that is a plain one.
template <typename Field>
std::optional<Field> Parsed(const std::string& text) {
  if constexpr (kIsNumber<Field>) {
    Field value{};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return value;
  } else if constexpr (kIsDuration<Field>) {
    absl::Duration value;
    if (absl::ParseDuration(text, &value)) return value;
  } else if constexpr (std::is_same_v<Field, bool>) {
    if (text == "true" || text == "false") return text == "true";
  } else if constexpr (std::is_same_v<Field, std::string>) {
    return text;
  }
  return std::nullopt;
}

template <typename Field>
constexpr bool kIsPlain = kIsNumber<Field> || kIsDuration<Field> ||
                          std::is_same_v<Field, bool> ||
                          std::is_same_v<Field, std::string>;

// "at least 8", also with more behind a comma, "above 0" or "1 to 100000", as
// the numbers that are taken.
struct Range {
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
};
inline std::optional<Range> RangeIn(std::string_view valid) {
  const auto number = [](std::string_view text) {
    return Parsed<int64_t>(std::string(text));
  };
  if (valid.starts_with("at least ")) {
    const auto least = number(valid.substr(9, valid.find(',') - 9));
    if (least) return Range{.least = *least};
  }
  if (valid == "above 0") return Range{.least = 1};
  const size_t to = valid.find(" to ");
  if (to == valid.npos) return std::nullopt;
  const auto least = number(valid.substr(0, to));
  const auto most = number(valid.substr(to + 4));
  if (!least || !most) return std::nullopt;
  return Range{*least, *most};
}

// Options in which no other field's bound is met first.
template <typename Options>
Options WithRoom() {
  return {};
}
// What Validate says of options of which one field has `value`.
template <typename Options>
absl::Status ValidateWith(std::string_view name, int64_t value) {
  Options options = WithRoom<Options>();
  ForEachField(options, [&](std::string_view field, auto& at) {
    using Field = std::remove_reference_t<decltype(at)>;
    if (field != name) return;
    if constexpr (kIsNumber<Field>) at = static_cast<Field>(value);
    if constexpr (kIsDuration<Field>) at = absl::Milliseconds(value);
  });
  return Validate(options);
}

template <typename Options>
void ExpectRange(const OptionKey& key) {
  const auto range = RangeIn(key.valid);
  if (!range) return;
  EXPECT_THAT(ValidateWith<Options>(key.field, range->least), IsOk());
  EXPECT_THAT(ValidateWith<Options>(key.field, range->least - 1),
              ::testing::Not(IsOk()));
  if (range->most == Range().most) return;
  EXPECT_THAT(ValidateWith<Options>(key.field, range->most), IsOk());
  EXPECT_THAT(ValidateWith<Options>(key.field, range->most + 1),
              ::testing::Not(IsOk()));
}

// Every field has its row, in order, with its default.
template <typename Options>
void ExpectRows(const std::vector<OptionKey>& keys) {
  Options options;
  size_t next = 0;
  ForEachField(options, [&](std::string_view name, const auto& value) {
    using Field = std::remove_cvref_t<decltype(value)>;
    SCOPED_TRACE(name);
    ASSERT_LT(next, keys.size()) << "it has no row";
    const OptionKey& key = keys[next++];
    ASSERT_EQ(key.field, name);
    EXPECT_THAT(key.doc, ::testing::Not(::testing::IsEmpty()));
    EXPECT_THAT(key.valid, ::testing::Not(::testing::IsEmpty()));
    if constexpr (kIsPlain<Field>) {
      EXPECT_EQ(Parsed<Field>(key.default_text), value);
    }
  });
  EXPECT_EQ(next, keys.size());
}

// And Validate takes what the row says, and no more.
template <typename Options>
void ExpectRowsAndRanges(const std::vector<OptionKey>& keys) {
  ExpectRows<Options>(keys);
  Options options;
  auto key = keys.begin();
  ForEachField(options, [&](std::string_view name, const auto& value) {
    using Field = std::remove_cvref_t<decltype(value)>;
    if constexpr (kIsNumber<Field> || kIsDuration<Field>) {
      SCOPED_TRACE(name);
      ASSERT_NE(key, keys.end());
      // Of those that are written in another way.
      constexpr std::string_view kOddOnes[] = {"buffer_bytes_max",
                                               "fetch_bytes"};
      EXPECT_TRUE(RangeIn(key->valid) ||
                  std::ranges::find(kOddOnes, name) != std::end(kOddOnes))
          << key->valid;
      ExpectRange<Options>(*key);
    }
    ++key;
  });
}

}  // namespace cauce::test
