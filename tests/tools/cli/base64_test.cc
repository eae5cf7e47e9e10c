#include "tools/cli/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "tests/testing/seed.h"

namespace cauce::cli {
namespace {

using ::testing::Optional;

std::string Base64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, text);
  return text;
}

TEST(Base64, WritesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xfb\xff"), "+/8=");
}

std::optional<std::string> Decoded(std::string_view text) {
  std::string bytes;
  if (!AppendDecodedBase64(text, bytes)) return std::nullopt;
  return bytes;
}

TEST(Base64, ReadsWhatItWrote) {
  const test::Seed seed;
  std::mt19937 random(seed.value());
  for (size_t length = 0; length < 200; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_THAT(Decoded(Base64(bytes)), Optional(bytes));
  }
}

TEST(Base64, RefusesEveryOtherText) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zh==", "Zm9=", "Zm 9",
        "Zm9v\n", "Zm-_", "Z\xffg="}) {
    EXPECT_EQ(Decoded(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cauce::cli
