#include "tools/cli/plain_text.h"

#include <gtest/gtest.h>

namespace cauce::cli {
namespace {

TEST(PlainText, IsTheTextWhereThatIsPlain) {
  EXPECT_EQ(PlainText(""), "");
  EXPECT_EQ(PlainText("a caf\xc3\xa9, \"b\"\xc2\xa0"),
            "a caf\xc3\xa9, \"b\"\xc2\xa0");
}

TEST(PlainText, EscapesWhatATerminalObeys) {
  EXPECT_EQ(PlainText("a\nb\tc\r\x1b[31m\x7f"),
            "a\\nb\\tc\\r\\x1b[31m\\x7f");
  EXPECT_EQ(PlainText({"\0", 1}), "\\x00");
  EXPECT_EQ(PlainText("\xc2\x9b"), "\\xc2\\x9b") << "U+009B is one too";
}

TEST(PlainText, IsDifferentForDifferentBytes) {
  EXPECT_EQ(PlainText("\xff"), "\\xff");
  EXPECT_EQ(PlainText("\xfe"), "\\xfe");
  EXPECT_EQ(PlainText("\\xff"), "\\\\xff");
  EXPECT_EQ(PlainText("\xe2\x82x"), "\\xe2\\x82x");
}

TEST(PlainText, OfLinesKeepsThem) {
  EXPECT_EQ(PlainLines("a\n\tb\\c\x1b\r\xff"), "a\n\tb\\c\\x1b\\r\\xff");
}

}  // namespace
}  // namespace cauce::cli
