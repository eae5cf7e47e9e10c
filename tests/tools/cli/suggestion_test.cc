#include "tools/cli/suggestion.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cauce::cli {
namespace {

TEST(Suggestion, CountsTheLettersToChange) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("produce", "prduce"), 1u);
  EXPECT_EQ(EditDistance("acks", "acsk"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(Suggestion, IsTheNearestWord) {
  const std::vector<std::string> known = {"create", "describe", "delete"};
  EXPECT_EQ(Nearest("descrbe", known), "describe");
  EXPECT_EQ(Nearest("desc", known), "describe");
  EXPECT_EQ(Nearest("crate", known), "create");
}

TEST(Suggestion, IsNoneForAnotherWord) {
  const std::vector<std::string> known = {"create", "all", "1", "0"};
  EXPECT_EQ(Nearest("yesterday", known), "");
  EXPECT_EQ(Nearest("", known), "");
  EXPECT_EQ(Nearest("2", known), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'a'), known), "");
}

}  // namespace
}  // namespace cauce::cli
