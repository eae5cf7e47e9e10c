#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cauce/errors.h"
#include "engine/state/changelog_topic.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(ChangelogTopic, IsNamedAsKafkaStreamsNamesIt) {
  EXPECT_EQ(ChangelogTopicName("shop", "counts"), "shop-counts-changelog");
  EXPECT_EQ(ChangelogTopicName("", "counts"), "counts-changelog");
  EXPECT_THAT(StoreOfChangelog("shop", "shop-counts-changelog"),
              Optional(Eq("counts")));
  EXPECT_THAT(StoreOfChangelog("", "a-b-changelog"), Optional(Eq("a-b")));
  EXPECT_EQ(StoreOfChangelog("shop", "other-counts-changelog"), std::nullopt);
  EXPECT_EQ(StoreOfChangelog("", "-changelog"), std::nullopt);
  EXPECT_EQ(StoreOfChangelog("", "orders"), std::nullopt);
}

TEST(ChangelogTopic, SaysHowLongWindowsAreKept) {
  const auto configs =
      ChangelogConfigs(StoreKind::kWindow, absl::Hours(2), {});
  EXPECT_EQ(configs.at("retention.ms"), "93600000");
  EXPECT_EQ(RetentionOfChangelog(ParseTopicConfig(configs).value()),
            absl::Hours(2));
  EXPECT_GT(RetentionOfChangelog(
                ParseTopicConfig({{"cleanup.policy", "compact"}}).value()),
            absl::Hours(24 * 365));
}

TEST(ChangelogTopic, KeepsAKeyValueStoreFromAPolicyThatDeletes) {
  TopicDescription topic{.name = "s-changelog"};
  TopicConfig config;
  EXPECT_THAT(CheckChangelog(topic, config, StoreKind::kKeyValue),
              HasReason(Reason::kInvalidConfig));
  EXPECT_THAT(CheckChangelog(topic, config, StoreKind::kWindow), IsOk());
  config.cleanup = {.remove = false, .compact = true};
  EXPECT_THAT(CheckChangelog(topic, config, StoreKind::kKeyValue), IsOk());
  topic.configs["cauce.store"] = "session";
  EXPECT_THAT(CheckChangelog(topic, config, StoreKind::kKeyValue),
              HasReason(Reason::kInvalidConfig));
}

}  // namespace
}  // namespace cauce::test
