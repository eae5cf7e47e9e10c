#include "cauce/topic_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

std::string ValueIn(const std::vector<TopicConfigEntry>& entries,
                    std::string_view name) {
  for (const TopicConfigEntry& entry : entries) {
    if (entry.name == name) return entry.value;
  }
  return "(absent)";
}

TEST(TopicConfig, HasKafkasDefaults) {
  const TopicConfig config;
  EXPECT_EQ(config.retention_age, absl::Milliseconds(604'800'000));
  EXPECT_EQ(config.segment_bytes, 1'073'741'824);
  EXPECT_EQ(config.segment_age_max, absl::Milliseconds(604'800'000));
  EXPECT_EQ(config.segment_index_bytes, 10'485'760);
  EXPECT_EQ(config.max_message_bytes, 1'048'588);
  EXPECT_EQ(config.timestamp_after_max, absl::Milliseconds(3'600'000));
  EXPECT_EQ(config.delete_retention, absl::Milliseconds(86'400'000));
}

// What the table shows as defaults, and what the fields hold, are one thing.
TEST(TopicConfig, HasTheDefaultsThatItsTableShows) {
  TopicConfigOverrides all;
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    all.emplace(key.name, key.default_text);
  }
  EXPECT_THAT(ParseTopicConfig(all), IsOkAndHolds(TopicConfig{}));
  EXPECT_THAT(NormalizeTopicConfig(all), IsOkAndHolds(all));
}

TEST(TopicConfig, ReadsEveryField) {
  const auto config = ParseTopicConfig({
      {"cauce.flush", "os"},
      {"cleanup.policy", "compact, delete"},
      {"compression.gzip.level", "7"},
      {"compression.lz4.level", "12"},
      {"compression.type", "zstd"},
      {"compression.zstd.level", "-5"},
      {"delete.retention.ms", "1"},
      {"file.delete.delay.ms", "2"},
      {"flush.messages", "3"},
      {"flush.ms", "4"},
      {"index.interval.bytes", "5"},
      {"max.compaction.lag.ms", "6"},
      {"max.message.bytes", "7"},
      {"message.timestamp.after.max.ms", "8"},
      {"message.timestamp.before.max.ms", "9"},
      {"message.timestamp.type", "LogAppendTime"},
      {"min.cleanable.dirty.ratio", "0.25"},
      {"min.compaction.lag.ms", "5"},
      {"min.insync.replicas", "2"},
      {"preallocate", "TRUE"},
      {"retention.bytes", "10"},
      {"retention.ms", "11"},
      {"segment.bytes", "1048576"},
      {"segment.index.bytes", "12"},
      {"segment.jitter.ms", "13"},
      {"segment.ms", "14"},
      {"unclean.leader.election.enable", "true"},
  });

  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->flush, FlushPolicy::kOs);
  EXPECT_EQ(config->cleanup, (CleanupPolicy{.remove = true, .compact = true}));
  EXPECT_EQ(config->gzip_level, 7);
  EXPECT_EQ(config->lz4_level, 12);
  EXPECT_EQ(config->compression, Codec::kZstd);
  EXPECT_EQ(config->zstd_level, -5);
  EXPECT_EQ(config->compression_level(), -5);
  EXPECT_EQ(config->delete_retention, absl::Milliseconds(1));
  EXPECT_EQ(config->file_delete_delay, absl::Milliseconds(2));
  EXPECT_EQ(config->flush_messages, 3);
  EXPECT_EQ(config->flush_interval, absl::Milliseconds(4));
  EXPECT_EQ(config->index_interval_bytes, 5);
  EXPECT_EQ(config->max_compaction_lag, absl::Milliseconds(6));
  EXPECT_EQ(config->max_message_bytes, 7);
  EXPECT_EQ(config->timestamp_after_max, absl::Milliseconds(8));
  EXPECT_EQ(config->timestamp_before_max, absl::Milliseconds(9));
  EXPECT_EQ(config->timestamp_type, TimestampType::kLogAppendTime);
  EXPECT_EQ(config->min_cleanable_dirty_ratio, 0.25);
  EXPECT_EQ(config->min_compaction_lag, absl::Milliseconds(5));
  EXPECT_EQ(config->min_insync_replicas, 2);
  EXPECT_TRUE(config->preallocate);
  EXPECT_EQ(config->retention_bytes, 10);
  EXPECT_EQ(config->retention_age, absl::Milliseconds(11));
  EXPECT_EQ(config->segment_bytes, 1'048'576);
  EXPECT_EQ(config->segment_index_bytes, 12);
  EXPECT_EQ(config->segment_jitter, absl::Milliseconds(13));
  EXPECT_EQ(config->segment_age_max, absl::Milliseconds(14));
  EXPECT_TRUE(config->unclean_leader_election_enable);
}

TEST(TopicConfig, TakesKafkasWordsForNoLimit) {
  const auto config = ParseTopicConfig({
      {"flush.messages", "9223372036854775807"},
      {"flush.ms", "9223372036854775807"},
      {"max.compaction.lag.ms", "9223372036854775807"},
      {"message.timestamp.before.max.ms", "9223372036854775807"},
      {"retention.bytes", "-1"},
      {"retention.ms", "-1"},
  });
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->flush_messages, std::nullopt);
  EXPECT_EQ(config->flush_interval, std::nullopt);
  EXPECT_EQ(config->max_compaction_lag, std::nullopt);
  EXPECT_EQ(config->timestamp_before_max, std::nullopt);
  EXPECT_EQ(config->retention_bytes, std::nullopt);
  EXPECT_EQ(config->retention_age, std::nullopt);
}

TEST(TopicConfig, HoldsTheLongestTimeThatKafkaTakes) {
  constexpr int64_t kLongMax = std::numeric_limits<int64_t>::max();
  const auto config =
      ParseTopicConfig({{"retention.ms", std::to_string(kLongMax)}});
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(absl::ToInt64Milliseconds(*config->retention_age), kLongMax);
}

TEST(TopicConfig, KeepsForEverWithNoCleanupPolicy) {
  const auto config = ParseTopicConfig({{"cleanup.policy", ""}});
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->cleanup,
            (CleanupPolicy{.remove = false, .compact = false}));
}

TEST(TopicConfig, HasTheLevelOfItsCodec) {
  const auto level_of = [](const char* codec) {
    return ParseTopicConfig({{"compression.type", codec}})->compression_level();
  };
  EXPECT_EQ(level_of("gzip"), -1);
  EXPECT_EQ(level_of("lz4"), 9);
  EXPECT_EQ(level_of("zstd"), 3);
  EXPECT_EQ(level_of("snappy"), std::nullopt);
  EXPECT_EQ(level_of("uncompressed"), std::nullopt);
  EXPECT_EQ(level_of("producer"), std::nullopt);
}

// Each pair is just outside of what the key takes.
TEST(TopicConfig, RefusesWhatKafkaRefuses) {
  const std::vector<std::pair<std::string, std::string>> kBad = {
      {"cauce.flush", "never"},
      {"cauce.store", "map"},
      {"cleanup.policy", "delete,delete"},
      {"cleanup.policy", "delete,"},
      {"cleanup.policy", "shred"},
      {"compression.gzip.level", "0"},
      {"compression.gzip.level", "10"},
      {"compression.lz4.level", "18"},
      {"compression.type", "none"},
      {"compression.type", "GZIP"},
      {"compression.zstd.level", "23"},
      {"delete.retention.ms", "-1"},
      {"flush.messages", "0"},
      {"follower.replication.throttled.replicas", "1:2,x"},
      {"index.interval.bytes", "2147483648"},
      {"leader.replication.throttled.replicas", "*,*"},
      {"local.retention.ms", "-3"},
      {"max.compaction.lag.ms", "0"},
      {"max.message.bytes", "-1"},
      {"message.timestamp.type", "createtime"},
      {"min.cleanable.dirty.ratio", "1.1"},
      {"min.cleanable.dirty.ratio", "nan"},
      {"min.cleanable.dirty.ratio", ""},
      {"min.insync.replicas", "0"},
      {"preallocate", "yes"},
      {"retention.bytes", "1g"},
      {"retention.ms", "-2"},
      {"retention.ms", "9223372036854775808"},
      {"retention.ms", ""},
      {"retention.ms", "+-1"},
      {"segment.bytes", "1048575"},
      {"segment.index.bytes", "3"},
      {"segment.ms", "0"},
  };
  for (const auto& [name, value] : kBad) {
    EXPECT_THAT(
        ParseTopicConfig({{name, value}}),
        AllOf(HasReason(Reason::kInvalidConfig),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(name))))
        << value;
  }
}

TEST(TopicConfig, NamesEveryBadEntryWithItsRange) {
  EXPECT_THAT(ParseTopicConfig({{"retention.ms", "soon"},
                                {"segment.ms", "0"},
                                {"retention.byte", "5"},
                                {"colour", "red"},
                                {"segment.bytes", "2000000"}})
                  .status()
                  .message(),
              AllOf(Eq("retention.ms is \"soon\", must be at least -1; "
                       "segment.ms is \"0\", must be at least 1; "
                       "\"colour\" is no topic config; "
                       "\"retention.byte\" is no topic config, did you mean "
                       "retention.bytes?")));
}

TEST(TopicConfig, SaysToATooLargeNumberHowLargeItMayBe) {
  const auto said = [](std::string name, std::string value) {
    return std::string(ParseTopicConfig({{name, value}}).status().message());
  };
  EXPECT_EQ(said("segment.bytes", "2147483648"),
            "segment.bytes is \"2147483648\", must be at least 1048576 and at "
            "most 2147483647");
  EXPECT_EQ(said("retention.ms", " +99999999999999999999"),
            "retention.ms is \" +99999999999999999999\", must be at least -1 "
            "and at most 9223372036854775807");
  EXPECT_EQ(said("retention.bytes", "99999999999999999999"),
            "retention.bytes is \"99999999999999999999\", must be a whole "
            "number from -9223372036854775808 to 9223372036854775807");
  EXPECT_EQ(said("compression.lz4.level", "99999999999"),
            "compression.lz4.level is \"99999999999\", must be 1 to 17");
}

TEST(TopicConfig, SaysThatTieredStorageIsNotSupported) {
  EXPECT_THAT(ParseTopicConfig({{"remote.storage.enable", "true"}}),
              AllOf(HasReason(Reason::kInvalidConfig),
                    StatusIs(absl::StatusCode::kInvalidArgument,
                             HasSubstr("not supported"))));
  EXPECT_THAT(ParseTopicConfig({{"remote.storage.enable", "false"}}), IsOk());
}

TEST(TopicConfig, RefusesALeastLagAboveTheMost) {
  EXPECT_THAT(ParseTopicConfig({{"min.compaction.lag.ms", "10"},
                                {"max.compaction.lag.ms", "9"}}),
              HasReason(Reason::kInvalidConfig));
  EXPECT_THAT(ParseTopicConfig({{"min.compaction.lag.ms", "10"},
                                {"max.compaction.lag.ms", "10"}}),
              IsOk());
}

TEST(TopicConfig, HasSmallSegmentsForThoseWhoKnow) {
  const TopicConfigOverrides small = {{"internal.segment.bytes", "1"},
                                      {"segment.bytes", "2000000"}};
  const auto config = ParseTopicConfig(small);
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->segment_bytes, 1);
  EXPECT_EQ(ValueIn(DescribeTopicConfig({}), "internal.segment.bytes"),
            "(absent)");
  EXPECT_EQ(ValueIn(DescribeTopicConfig(small), "internal.segment.bytes"), "1");
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    EXPECT_NE(key.name, "internal.segment.bytes");
  }
}

TEST(TopicConfig, IsWrittenInOneForm) {
  EXPECT_THAT(NormalizeTopicConfig({{"retention.ms", " +007\t"},
                                    {"preallocate", " True "},
                                    {"cleanup.policy", " compact ,delete"},
                                    {"min.cleanable.dirty.ratio", "1"}}),
              IsOkAndHolds(ElementsAre(Pair("cleanup.policy", "compact,delete"),
                                       Pair("min.cleanable.dirty.ratio", "1.0"),
                                       Pair("preallocate", "true"),
                                       Pair("retention.ms", "7"))));
  EXPECT_THAT(NormalizeTopicConfig({{"retention.ms", "x"}}),
              HasReason(Reason::kInvalidConfig));
}

TEST(DescribeTopicConfig, ShowsEveryKeyByNameAndWhatIsSet) {
  const auto entries =
      DescribeTopicConfig({{"retention.ms", "+5"}, {"segment.ms", "x"}});

  ASSERT_EQ(entries.size(), TopicConfigKeys().size());
  EXPECT_TRUE(std::ranges::is_sorted(entries, {}, &TopicConfigEntry::name));
  for (const TopicConfigEntry& entry : entries) {
    const bool set = entry.name == "retention.ms" || entry.name == "segment.ms";
    EXPECT_EQ(entry.is_default, !set) << entry.name;
    EXPECT_NE(entry.doc, "") << entry.name;
  }
  EXPECT_EQ(ValueIn(entries, "retention.ms"), "5");
  EXPECT_EQ(ValueIn(entries, "segment.ms"), "x");
  EXPECT_EQ(ValueIn(entries, "segment.bytes"), "1073741824");
}

TEST(DescribeTopicConfig, ShowsAKeyThatItDoesNotKnow) {
  const auto entries = DescribeTopicConfig({{"a.newer.key", "5"}});
  EXPECT_THAT(entries.front(),
              AllOf(Field(&TopicConfigEntry::name, "a.newer.key"),
                    Field(&TopicConfigEntry::value, "5"),
                    Field(&TopicConfigEntry::is_default, false)));
}

TEST(TopicConfigKeys, SayWhichHaveNoEffectYet) {
  const std::set<std::string_view> without = {
      "errors.deadletterqueue.group.enable",
      "follower.replication.throttled.replicas",
      "leader.replication.throttled.replicas",
      "local.retention.bytes",
      "local.retention.ms",
      "min.insync.replicas",
      "preallocate",
      "remote.log.copy.disable",
      "remote.log.delete.on.disable",
      "unclean.leader.election.enable",
  };
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    const bool says = key.doc.find("without effect here") != key.doc.npos;
    EXPECT_EQ(says, without.contains(key.name)) << key.name;
  }
}

TEST(TopicConfigKeys, ExplainThemselves) {
  for (const TopicConfigKey& key : TopicConfigKeys()) {
    EXPECT_NE(key.doc, "") << key.name;
    EXPECT_NE(key.valid, "") << key.name;
    EXPECT_NE(ConfigTypeName(key.type), "unknown") << key.name;
    // An unknown word is none of the values of any but the numbers' ranges.
    EXPECT_THAT(ParseTopicConfig({{std::string(key.name), "no such value"}}),
                Not(IsOk()))
        << key.name;
  }
}

}  // namespace
}  // namespace cauce
