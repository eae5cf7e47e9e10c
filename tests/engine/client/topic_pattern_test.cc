#include "engine/client/topic_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;

TEST(TopicPattern, MatchesWholeNames) {
  const TopicPattern pattern = TopicPattern::Parse("orders|pay.*").value();
  EXPECT_TRUE(pattern.Matches("orders"));
  EXPECT_TRUE(pattern.Matches("payments"));
  EXPECT_FALSE(pattern.Matches("orders-2"));
  EXPECT_FALSE(pattern.Matches("repay"));
}

TEST(TopicPattern, PassesByInternalTopics) {
  const TopicPattern pattern = TopicPattern::Parse(".*").value();
  EXPECT_TRUE(pattern.Matches("_orders"));
  EXPECT_FALSE(pattern.Matches("__consumer_offsets"));
}

TEST(TopicPattern, IsRefusedWhereItIsNone) {
  for (const std::string& bad :
       {std::string(), std::string("("), std::string("[a"),
        std::string(TopicPattern::kBytesMax + 1, 'a')}) {
    EXPECT_THAT(TopicPattern::Parse(bad), HasReason(Reason::kInvalidOption));
  }
}

}  // namespace
}  // namespace cauce
