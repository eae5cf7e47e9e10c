#include "tools/cli/json_text.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace cauce::cli {
namespace {

TEST(Utf8, IsWhatTheStandardSays) {
  for (const std::string_view text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "long enough for a word \xc3\xa9 and more"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  for (const std::string_view text :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80",
        "\xff", "long enough for a word\x80"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

std::string JsonOf(const std::optional<std::string_view>& bytes) {
  std::string text;
  AppendJsonBytes(bytes, text);
  return text;
}

TEST(JsonText, IsTextWhereItCanBe) {
  EXPECT_EQ(JsonOf(std::nullopt), "null");
  EXPECT_EQ(JsonOf(""), "\"\"");
  EXPECT_EQ(JsonOf("caf\xc3\xa9 \"\\\n\x01\x7f"),
            "\"caf\xc3\xa9 \\\"\\\\\\n\\u0001\\u007f\"");
  EXPECT_EQ(JsonOf("\xff"), "{\"base64\":\"/w==\"}");
}

}  // namespace
}  // namespace cauce::cli
