#include "cauce/topic_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

TEST(TopicName, TakesKafkasCharactersUpToKafkasLength) {
  for (const std::string& name :
       {std::string("orders"), std::string("A-z_0.9"), std::string("..."),
        std::string("-"), std::string(249, 'a')}) {
    EXPECT_THAT(ValidateTopicName(name), IsOk()) << name;
  }
}

TEST(TopicName, RefusesWhatKafkaRefuses) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."),
        std::string(250, 'a'), std::string("a b"), std::string("a/b"),
        std::string("a\0", 2), std::string("gar\xc3\xa7on")}) {
    EXPECT_THAT(ValidateTopicName(name), HasReason(Reason::kInvalidTopicName))
        << name;
  }
}

TEST(TopicName, IsShownEscapedAndCutInTheMessage) {
  EXPECT_THAT(ValidateTopicName("a\n" + std::string(100'000, 'b')),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("\"a\\nbbb"), HasSubstr("100002"),
                             HasSubstr("249"), Not(HasSubstr("\n")))));
}

TEST(TopicName, CollidesWhereADotReadsAsAnUnderscore) {
  EXPECT_TRUE(TopicNamesCollide("a.b_c", "a_b.c"));
  EXPECT_TRUE(TopicNamesCollide("a", "a"));
  EXPECT_FALSE(TopicNamesCollide("a.b", "a-b"));
  EXPECT_FALSE(TopicNamesCollide("a.b", "a.bc"));
}

TEST(TopicName, IsInternalWhereACoordinatorWrites) {
  EXPECT_TRUE(IsInternalTopic("__consumer_offsets"));
  EXPECT_TRUE(IsInternalTopic("__transaction_state"));
  EXPECT_TRUE(IsInternalTopic("__share_group_state"));
  EXPECT_FALSE(IsInternalTopic("__orders"));
  EXPECT_FALSE(IsInternalTopic(""));
}

TEST(TopicPartitionName, IsReadBackAsItIsWritten) {
  for (const TopicPartition& name :
       {TopicPartition{"orders", PartitionId{0}},
        TopicPartition{"orders-3.x", PartitionId{2147483647}},
        TopicPartition{"a-7", PartitionId{12}}}) {
    EXPECT_THAT(ParseTopicPartition(name.ToString()), Optional(name));
  }
}

TEST(TopicPartitionName, IsNoOtherDirectorysName) {
  for (const char* name :
       {"", "-", "orders", "-3", "orders-", "orders-03", "orders-+3",
        "orders-3 ", "orders--1x", "orders-2147483648", "a b-1", "..-1",
        "orders-3.0123456789abcdef0123456789abcdef-delete",
        "orders-3.0123456789abcdef0123456789abcdef-future",
        "orders-3.0123456789abcdef0123456789abcdef-stray"}) {
    EXPECT_THAT(ParseTopicPartition(name), Eq(std::nullopt)) << name;
  }
}

TEST(TopicPartitionName, FitsAFileNameForTheLastPartitionOfTheLongestTopic) {
  const TopicPartition longest{std::string(kTopicNameBytesMax, 'a'),
                               PartitionId{kTopicPartitionsMax - 1}};
  EXPECT_EQ(longest.ToString().size(), 255u);
}

}  // namespace
}  // namespace cauce
