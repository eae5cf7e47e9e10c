#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/state_store.h"

namespace cauce::test {
namespace {

using ::testing::Optional;
using std::string_literals::operator""s;

TEST(PrefixEnd, IsTheFirstKeyBehindAllThatBeginSo) {
  EXPECT_THAT(PrefixEnd("ab"), Optional("ac"s));
  EXPECT_THAT(PrefixEnd("a\xff"), Optional("b"s));
  EXPECT_THAT(PrefixEnd("a\x7f"), Optional("a\x80"s));
  EXPECT_THAT(PrefixEnd("\x00"s), Optional("\x01"s));
}

TEST(PrefixEnd, IsNowhereBehindTheLastBytes) {
  EXPECT_EQ(PrefixEnd(""), std::nullopt);
  EXPECT_EQ(PrefixEnd("\xff"), std::nullopt);
  EXPECT_EQ(PrefixEnd("\xff\xff"), std::nullopt);
}

}  // namespace
}  // namespace cauce::test
