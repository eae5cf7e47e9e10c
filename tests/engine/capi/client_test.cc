#include "engine/capi/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"
#include "tests/testing/temp_dir.h"

namespace cauce::test {
namespace {

using ::testing::HasSubstr;

using CapiClient = CapiRig;

TEST_F(CapiClient, KnowsItsVersion) {
  EXPECT_STREQ(cauce_version(), "0.1.0");
  EXPECT_EQ(cauce_version_number(), CAUCE_VERSION);
}

TEST_F(CapiClient, OpensADirectoryOnce) {
  const TempDir scratch;
  const std::string name = "dir:" + (scratch / "data");
  cauce_client_t* first = nullptr;
  ASSERT_EQ(cauce_client_open(name.c_str(), nullptr, 0, nullptr, nullptr,
                              &first, err()),
            CAUCE_OK)
      << told_.message();

  cauce_client_t* second = nullptr;
  EXPECT_EQ(cauce_client_open(name.c_str(), nullptr, 0, nullptr, nullptr,
                              &second, err()),
            CAUCE_LOCKED);
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(cauce_client_close(first, err()), CAUCE_OK);
  EXPECT_EQ(cauce_client_close(first, err()), CAUCE_OK) << "once more";
  EXPECT_EQ(cauce_client_free(first), CAUCE_OK);
}

TEST_F(CapiClient, AnswersClosedOnceItIs) {
  MakeTopic("orders");
  ASSERT_EQ(cauce_client_close(client_, err()), CAUCE_OK);
  EXPECT_EQ(cauce_topic_create(client_, "more", 1, nullptr, 0, err()),
            CAUCE_CLOSED);
}

TEST_F(CapiClient, TakesOptionsByNameAndTellsOfWrongOnes) {
  const cauce_config_t options[] = {{"thread", "1"}};
  cauce_client_t* client = nullptr;
  EXPECT_EQ(cauce_client_open("memory:", options, 1, nullptr, nullptr, &client,
                              err()),
            CAUCE_INVALID_OPTION);
  EXPECT_THAT(told_.message(), HasSubstr("did you mean threads"));
  const cauce_config_t range[] = {{"open_files_max", "1"}};
  EXPECT_EQ(cauce_client_open("memory:", range, 1, nullptr, nullptr, &client,
                              err()),
            CAUCE_INVALID_OPTION);
  EXPECT_EQ(cauce_client_open("nowhere", nullptr, 0, nullptr, nullptr, &client,
                              err()),
            CAUCE_INVALID_OPTION);
}

TEST_F(CapiClient, OfNullIsMisuse) {
  cauce_client_t* client = nullptr;
  EXPECT_EQ(
      cauce_client_open(nullptr, nullptr, 0, nullptr, nullptr, &client, err()),
      CAUCE_MISUSE);
  EXPECT_EQ(cauce_client_open("memory:", nullptr, 0, nullptr, nullptr, nullptr,
                              err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_client_open("memory:", nullptr, 2, nullptr, nullptr, &client,
                              err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_client_close(nullptr, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_client_free(nullptr), CAUCE_OK);
}

TEST_F(CapiClient, DoesWhatIsDue) {
  EXPECT_EQ(cauce_client_upkeep(client_, CAUCE_FOREVER, err()), CAUCE_OK);
  EXPECT_EQ(cauce_client_upkeep(client_, -5, err()), CAUCE_MISUSE);
}

TEST_F(CapiClient, TellsWhatCompactionDoes) {
  cauce_compaction_t* compaction = nullptr;
  ASSERT_EQ(cauce_client_compaction(client_, &compaction, err()), CAUCE_OK);
  EXPECT_EQ(compaction->passes, 0);
  EXPECT_EQ(compaction->running, nullptr);
  EXPECT_STREQ(compaction->last_failure, "");
  EXPECT_EQ(cauce_compaction_free(compaction), CAUCE_OK);
}

TEST_F(CapiClient, EventsAreToldAndTheirCallbackMayCallNothing) {
  const TempDir scratch;
  struct Seen {
    cauce_client_t* other;
    std::vector<std::string> lines;
    std::vector<cauce_reason_t> reasons;
  } seen{client_, {}, {}};
  const auto on_event = [](void* user, cauce_severity_t, const char* line) {
    auto* const to = static_cast<Seen*>(user);
    to->lines.emplace_back(line);
    to->reasons.push_back(
        cauce_topic_create(to->other, "events", 1, nullptr, 0, nullptr));
  };
  const cauce_config_t options[] = {{"threads", "0"}};
  const std::string name = "dir:" + (scratch / "data");
  cauce_client_t* client = nullptr;
  ASSERT_EQ(cauce_client_open(name.c_str(), options, 1, on_event, &seen,
                              &client, err()),
            CAUCE_OK)
      << told_.message();
  // A group's position that the log does not have is told of.
  ASSERT_EQ(cauce_topic_create(client, "orders", 1, nullptr, 0, err()),
            CAUCE_OK);
  cauce_consumer_t* consumer = nullptr;
  const cauce_config_t group[] = {{"group.id", "g"},
                                  {"auto.offset.reset", "earliest"}};
  ASSERT_EQ(cauce_consumer_open(client, group, 2, &consumer, err()), CAUCE_OK);
  const cauce_place_t at = PlaceAt("orders", 0, 100);
  ASSERT_EQ(cauce_consumer_assign(consumer, &at, 1, err()), CAUCE_OK);
  ASSERT_EQ(cauce_consumer_commit(consumer, &at, 1, err()), CAUCE_OK)
      << told_.message();
  const cauce_record_t* const* records = nullptr;
  size_t count = 0;
  ASSERT_EQ(cauce_consumer_poll(consumer, 0, &records, &count, err()),
            CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
  EXPECT_EQ(cauce_client_free(client), CAUCE_OK);

  EXPECT_THAT(seen.lines, ::testing::Not(::testing::IsEmpty()));
  EXPECT_THAT(seen.reasons, ::testing::Each(CAUCE_MISUSE));
}

}  // namespace
}  // namespace cauce::test
