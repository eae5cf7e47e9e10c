#include "engine/catalog/quoted.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace cauce {
namespace {

TEST(Quoted, ShowsPlainTextAsItIs) { EXPECT_EQ(Quoted("a b"), "\"a b\""); }

TEST(Quoted, EscapesWhatCannotBePrinted) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(Quoted("\"\\\n\r\t\0\x7f\xff"sv), R"("\"\\\n\r\t\x00\x7f\xff")");
}

TEST(Quoted, CutsLongTextAndTellsItsLength) {
  EXPECT_EQ(Quoted(std::string(1'000'000, 'a')),
            "\"" + std::string(80, 'a') + "...\" (1000000 bytes)");
}

}  // namespace
}  // namespace cauce
