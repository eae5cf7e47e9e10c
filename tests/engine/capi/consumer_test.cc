#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

class CapiConsumer : public CapiRig {
 protected:
  CapiConsumer() {
    MakeTopic("orders");
    cauce_producer_t* const producer = OpenProducer();
    Send(producer, "orders", {"a", "b", "c"});
    EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
  }

  cauce_consumer_t* OpenInGroup() {
    return OpenConsumer({{"group.id", "billing"},
                         {"auto.offset.reset", "earliest"},
                         {"enable.auto.commit", "false"}});
  }

  const cauce_place_t orders_ = PlaceAt("orders", 0);
};

TEST_F(CapiConsumer, ReadsWhatItIsAssigned) {
  cauce_consumer_t* const consumer =
      OpenConsumer({{"auto.offset.reset", "earliest"}});
  ASSERT_EQ(cauce_consumer_assign(consumer, &orders_, 1, err()), CAUCE_OK);
  EXPECT_THAT(Poll(consumer, 3), ElementsAre("a", "b", "c"));

  cauce_places_t* assigned = nullptr;
  ASSERT_EQ(cauce_consumer_assignment(consumer, &assigned, err()), CAUCE_OK);
  ASSERT_EQ(assigned->count, 1u);
  EXPECT_STREQ(assigned->items[0]->topic, "orders");
  EXPECT_EQ(cauce_places_free(assigned), CAUCE_OK);
  const cauce_place_t unknown = PlaceAt("others", 0);
  EXPECT_EQ(cauce_consumer_assign(consumer, &unknown, 1, err()),
            CAUCE_UNKNOWN_TOPIC);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

TEST_F(CapiConsumer, SeeksPausesAndTellsHowFarItIs) {
  cauce_consumer_t* const consumer = OpenConsumer();
  ASSERT_EQ(cauce_consumer_assign(consumer, &orders_, 1, err()), CAUCE_OK);
  ASSERT_EQ(cauce_consumer_seek(consumer, "orders", 0, 1, err()), CAUCE_OK);
  int64_t number = -1;
  ASSERT_EQ(cauce_consumer_position(consumer, "orders", 0, &number, err()),
            CAUCE_OK);
  EXPECT_EQ(number, 1);
  ASSERT_EQ(cauce_consumer_lag(consumer, "orders", 0, &number, err()),
            CAUCE_OK);
  EXPECT_EQ(number, 2);
  ASSERT_EQ(cauce_consumer_seek_to_start(consumer, "orders", 0, err()),
            CAUCE_OK);
  EXPECT_THAT(Poll(consumer, 3), ElementsAre("a", "b", "c"));
  ASSERT_EQ(cauce_consumer_seek_to_time(consumer, "orders", 0, 1, err()),
            CAUCE_OK);
  ASSERT_EQ(cauce_consumer_pause(consumer, "orders", 0, err()), CAUCE_OK);
  const cauce_record_t* const* records = nullptr;
  size_t count = 9;
  ASSERT_EQ(cauce_consumer_poll(consumer, 0, &records, &count, err()),
            CAUCE_OK);
  EXPECT_EQ(count, 0u);
  ASSERT_EQ(cauce_consumer_resume(consumer, "orders", 0, err()), CAUCE_OK);
  EXPECT_THAT(Poll(consumer, 3), ElementsAre("a", "b", "c"));
  ASSERT_EQ(cauce_consumer_seek_to_end(consumer, "orders", 0, err()), CAUCE_OK);
  EXPECT_EQ(
      cauce_consumer_skip_damage(consumer, "orders", 0, &number, err()),
      CAUCE_OK);
  EXPECT_EQ(number, 3);
  EXPECT_EQ(cauce_consumer_seek(consumer, "others", 0, 1, err()),
            CAUCE_UNKNOWN_PARTITION);
  EXPECT_EQ(cauce_consumer_seek(consumer, nullptr, 0, 1, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

TEST_F(CapiConsumer, GoesOnWhereItsGroupHasCommitted) {
  cauce_consumer_t* consumer = OpenInGroup();
  const char* const topics[] = {"orders"};
  ASSERT_EQ(cauce_consumer_subscribe(consumer, topics, 1, nullptr, err()),
            CAUCE_OK);
  EXPECT_THAT(Poll(consumer, 3), ElementsAre("a", "b", "c"));
  const cauce_place_t at = PlaceAt("orders", 0, 2);
  ASSERT_EQ(cauce_consumer_commit(consumer, &at, 1, err()), CAUCE_OK)
      << told_.message();
  EXPECT_EQ(cauce_consumer_close(consumer, err()), CAUCE_OK);
  const cauce_record_t* const* records = nullptr;
  size_t count = 0;
  EXPECT_EQ(cauce_consumer_poll(consumer, 0, &records, &count, err()),
            CAUCE_CLOSED);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);

  consumer = OpenInGroup();
  ASSERT_EQ(
      cauce_consumer_subscribe_pattern(consumer, "ord.*", nullptr, err()),
      CAUCE_OK);
  EXPECT_THAT(Poll(consumer, 1), ElementsAre("c"));
  ASSERT_EQ(cauce_consumer_commit(consumer, nullptr, 0, err()), CAUCE_OK);
  cauce_places_t* committed = nullptr;
  ASSERT_EQ(cauce_consumer_committed(consumer, &orders_, 1, &committed, err()),
            CAUCE_OK);
  ASSERT_EQ(committed->count, 1u);
  EXPECT_EQ(committed->items[0]->offset, 3);
  EXPECT_EQ(cauce_places_free(committed), CAUCE_OK);
  ASSERT_EQ(cauce_consumer_unsubscribe(consumer, err()), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

struct Rebalances {
  cauce_consumer_t* consumer = nullptr;
  std::vector<std::string> seen;
  std::vector<cauce_reason_t> reasons;
};

TEST_F(CapiConsumer, ItsListenerMayCommitAndNeitherPollNorFree) {
  Rebalances told{.consumer = OpenInGroup(), .seen = {}, .reasons = {}};
  cauce_rebalance_listener_t listener = CAUCE_REBALANCE_LISTENER_INIT;
  listener.user = &told;
  listener.on_assigned = [](void* user, const cauce_places_t* places) {
    auto* const to = static_cast<Rebalances*>(user);
    for (size_t i = 0; i < places->count; ++i)
      to->seen.push_back(std::string("+") + places->items[i]->topic);
    const cauce_record_t* const* records = nullptr;
    size_t count = 0;
    to->reasons.push_back(
        cauce_consumer_poll(to->consumer, 0, &records, &count, nullptr));
    to->reasons.push_back(cauce_consumer_free(to->consumer));
    to->reasons.push_back(
        cauce_places_free(const_cast<cauce_places_t*>(places)));
  };
  listener.on_revoked = [](void* user, const cauce_places_t* places) {
    auto* const to = static_cast<Rebalances*>(user);
    for (size_t i = 0; i < places->count; ++i)
      to->seen.push_back(std::string("-") + places->items[i]->topic);
    to->reasons.push_back(
        cauce_consumer_commit(to->consumer, nullptr, 0, nullptr));
  };
  const char* const topics[] = {"orders"};
  ASSERT_EQ(
      cauce_consumer_subscribe(told.consumer, topics, 1, &listener, err()),
      CAUCE_OK);
  Poll(told.consumer, 3);
  ASSERT_EQ(cauce_consumer_unsubscribe(told.consumer, err()), CAUCE_OK);

  EXPECT_THAT(told.seen, ElementsAre("+orders", "-orders"));
  EXPECT_THAT(told.reasons,
              ElementsAre(CAUCE_REBALANCE_IN_PROGRESS, CAUCE_MISUSE,
                          CAUCE_MISUSE, CAUCE_OK));
  EXPECT_EQ(cauce_consumer_free(told.consumer), CAUCE_OK);
}

TEST_F(CapiConsumer, CommitsWithoutWaitingAndIsTold) {
  cauce_consumer_t* const consumer = OpenInGroup();
  ASSERT_EQ(cauce_consumer_assign(consumer, &orders_, 1, err()), CAUCE_OK);
  Poll(consumer, 3);
  std::vector<cauce_reason_t> reasons;
  const auto told = [](void* user, const cauce_error_t* error) {
    static_cast<std::vector<cauce_reason_t>*>(user)->push_back(
        cauce_error_reason(error));
  };
  ASSERT_EQ(cauce_consumer_commit_async(consumer, nullptr, 0, told, &reasons,
                                        err()),
            CAUCE_OK);
  const cauce_place_t wrong = PlaceAt("others", 0, 2);
  ASSERT_EQ(
      cauce_consumer_commit_async(consumer, &wrong, 1, told, &reasons, err()),
      CAUCE_OK);
  ASSERT_EQ(cauce_consumer_commit_async(consumer, nullptr, 0, nullptr, nullptr,
                                        err()),
            CAUCE_OK);
  EXPECT_EQ(cauce_consumer_close(consumer, err()), CAUCE_OK);
  EXPECT_THAT(reasons, ElementsAre(CAUCE_OK, CAUCE_UNKNOWN_TOPIC));
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

TEST_F(CapiConsumer, IsWokenUpAndHasADescriptorWhereItWasAskedFor) {
  cauce_consumer_t* const consumer =
      OpenConsumer({{"wants_event_descriptor", "true"}});
  ASSERT_EQ(cauce_consumer_wakeup(consumer, err()), CAUCE_OK);
  const cauce_record_t* const* records = nullptr;
  size_t count = 0;
  EXPECT_EQ(
      cauce_consumer_poll(consumer, CAUCE_FOREVER, &records, &count, err()),
      CAUCE_WOKEN_UP);
  int descriptor = -1;
  ASSERT_EQ(cauce_consumer_event_descriptor(consumer, &descriptor, err()),
            CAUCE_OK);
  EXPECT_GE(descriptor, 0);
  int64_t due = 0;
  ASSERT_EQ(cauce_consumer_until_due(consumer, &due, err()), CAUCE_OK);
  EXPECT_TRUE(due == CAUCE_FOREVER || due >= 0) << due;
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_wakeup(nullptr, err()), CAUCE_MISUSE);
}

TEST_F(CapiConsumer, TellsAsWhomItReads) {
  cauce_consumer_t* const consumer = OpenInGroup();
  cauce_group_metadata_t* metadata = nullptr;
  ASSERT_EQ(cauce_consumer_group_metadata(consumer, &metadata, err()),
            CAUCE_OK);
  EXPECT_STREQ(metadata->group, "billing");
  EXPECT_EQ(metadata->instance, nullptr);
  EXPECT_EQ(cauce_group_metadata_free(metadata), CAUCE_OK);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

TEST_F(CapiConsumer, OfWrongValuesIsMisuse) {
  cauce_consumer_t* const consumer = OpenInGroup();
  const char* const topics[] = {"orders", nullptr};
  EXPECT_EQ(cauce_consumer_subscribe(consumer, topics, 2, nullptr, err()),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_subscribe(consumer, nullptr, 2, nullptr, err()),
            CAUCE_MISUSE);
  cauce_rebalance_listener_t listener = CAUCE_REBALANCE_LISTENER_INIT;
  listener.struct_size = 3;
  EXPECT_EQ(cauce_consumer_subscribe(consumer, topics, 1, &listener, err()),
            CAUCE_MISUSE);
  size_t count = 0;
  EXPECT_EQ(cauce_consumer_poll(consumer, 0, nullptr, &count, err()),
            CAUCE_MISUSE);
  cauce_place_t place = PlaceAt("orders", 0);
  place.struct_size = 0;
  EXPECT_EQ(cauce_consumer_assign(consumer, &place, 1, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_assign(nullptr, &orders_, 1, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::test
