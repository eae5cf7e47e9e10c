#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::HasSubstr;

using CapiTopic = CapiRig;

TEST_F(CapiTopic, IsMadeListedAndDescribed) {
  const cauce_config_t config = {"cleanup.policy", "compact"};
  ASSERT_EQ(cauce_topic_create(client_, "orders", 3, &config, 1, err()),
            CAUCE_OK)
      << told_.message();
  EXPECT_EQ(cauce_topic_create(client_, "orders", 3, nullptr, 0, err()),
            CAUCE_TOPIC_EXISTS);

  cauce_topics_t* topics = nullptr;
  ASSERT_EQ(cauce_topics_list(client_, &topics, err()), CAUCE_OK);
  ASSERT_EQ(topics->count, 1u);
  const cauce_topic_t& topic = *topics->items[0];
  EXPECT_STREQ(topic.name, "orders");
  EXPECT_EQ(topic.partitions, 3);
  EXPECT_EQ(topic.is_internal, 0);
  EXPECT_EQ(topic.is_imported, 0);
  ASSERT_EQ(topic.config_count, 1u);
  EXPECT_STREQ(topic.configs[0].name, "cleanup.policy");
  EXPECT_STREQ(topic.configs[0].value, "compact");
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_OK);

  ASSERT_EQ(cauce_topic_describe(client_, "orders", &topics, err()), CAUCE_OK);
  EXPECT_EQ(topics->count, 1u);
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_OK);
  EXPECT_EQ(cauce_topic_describe(client_, "others", &topics, err()),
            CAUCE_UNKNOWN_TOPIC);
  EXPECT_EQ(topics, nullptr);
}

TEST_F(CapiTopic, IsAlteredGrownAndDeleted) {
  MakeTopic("orders");
  const cauce_config_t set = {"retention.ms", "1000"};
  EXPECT_EQ(cauce_topic_alter(client_, "orders", &set, 1, err()), CAUCE_OK);
  const cauce_config_t unset = {"retention.ms", nullptr};
  EXPECT_EQ(cauce_topic_alter(client_, "orders", &unset, 1, err()), CAUCE_OK);
  EXPECT_EQ(cauce_topic_grow(client_, "orders", 4, err()), CAUCE_OK);

  cauce_topics_t* topics = nullptr;
  ASSERT_EQ(cauce_topic_describe(client_, "orders", &topics, err()), CAUCE_OK);
  EXPECT_EQ(topics->items[0]->config_count, 0u);
  EXPECT_EQ(topics->items[0]->configs, nullptr);
  EXPECT_EQ(topics->items[0]->partitions, 4);
  EXPECT_EQ(cauce_topics_free(topics), CAUCE_OK);

  EXPECT_EQ(cauce_topic_delete(client_, "orders", err()), CAUCE_OK);
  EXPECT_EQ(cauce_topic_delete(client_, "orders", err()), CAUCE_UNKNOWN_TOPIC);
}

TEST_F(CapiTopic, SaysWhichConfigIsWrong) {
  const cauce_config_t config = {"retention.mss", "1"};
  EXPECT_EQ(cauce_topic_create(client_, "orders", 1, &config, 1, err()),
            CAUCE_INVALID_CONFIG);
  EXPECT_THAT(told_.message(), HasSubstr("retention.ms"));
  EXPECT_EQ(cauce_error_action(told_.get()), CAUCE_ACTION_GIVE_UP);
  const cauce_config_t twice[] = {{"retention.ms", "1"}, {"retention.ms", "2"}};
  EXPECT_EQ(cauce_topic_create(client_, "orders", 1, twice, 2, err()),
            CAUCE_MISUSE);
  const cauce_config_t null = {"retention.ms", nullptr};
  EXPECT_EQ(cauce_topic_create(client_, "orders", 1, &null, 1, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_topic_create(client_, nullptr, 1, nullptr, 0, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_topic_create(client_, "a/b", 1, nullptr, 0, err()),
            CAUCE_INVALID_TOPIC_NAME);
  EXPECT_EQ(cauce_topic_create(client_, "orders", -1, nullptr, 0, err()),
            CAUCE_INVALID_PARTITIONS);
}

TEST_F(CapiTopic, OffsetsAreListedByEachWay) {
  MakeTopic("orders");
  cauce_partition_t* const partition = OpenPartition("orders");
  cauce_record_t record = RecordOf(nullptr, "a");
  for (int64_t time = 1000; time < 1004; ++time) {
    record.timestamp = time;
    ASSERT_EQ(cauce_partition_append(partition, &record, 1, CAUCE_ACK_DURABLE,
                                     nullptr, err()),
              CAUCE_OK);
  }
  EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);
  const struct {
    int64_t which;
    int64_t offset;
  } cases[] = {{CAUCE_AT_START, 0},
               {CAUCE_AT_END, 4},
               {CAUCE_AT_STABLE_END, 4},
               {CAUCE_AT_TIME, 2}};
  for (const auto& [which, offset] : cases) {
    cauce_place_t wanted = PlaceAt("orders", 0, which);
    wanted.timestamp = 1002;
    cauce_places_t* answers = nullptr;
    ASSERT_EQ(cauce_offsets_list(client_, &wanted, 1, &answers, err()),
              CAUCE_OK)
        << told_.message();
    ASSERT_EQ(answers->count, 1u);
    EXPECT_EQ(answers->items[0]->offset, offset) << which;
    EXPECT_EQ(cauce_places_free(answers), CAUCE_OK);
  }
  const cauce_place_t odd = PlaceAt("orders", 0, 7);
  cauce_places_t* answers = nullptr;
  EXPECT_EQ(cauce_offsets_list(client_, &odd, 1, &answers, err()),
            CAUCE_MISUSE);
}

TEST_F(CapiTopic, RecordsAreDeletedAndOneErrorIsNoOthers) {
  MakeTopic("orders");
  cauce_partition_t* const partition = OpenPartition("orders");
  Append(partition, {"a", "b", "c"});
  EXPECT_EQ(cauce_partition_free(partition), CAUCE_OK);

  const cauce_place_t before[] = {PlaceAt("orders", 0, 2),
                                  PlaceAt("orders", 5, 1)};
  cauce_places_t* answers = nullptr;
  ASSERT_EQ(cauce_records_delete(client_, before, 2, &answers, err()),
            CAUCE_OK);
  ASSERT_EQ(answers->count, 2u);
  EXPECT_EQ(answers->items[0]->reason, CAUCE_OK);
  EXPECT_EQ(answers->items[0]->log_start, 2);
  EXPECT_EQ(answers->items[0]->message, nullptr);
  EXPECT_EQ(answers->items[1]->reason, CAUCE_UNKNOWN_PARTITION);
  EXPECT_THAT(answers->items[1]->message, HasSubstr("orders"));
  EXPECT_EQ(cauce_places_free(answers), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::test
