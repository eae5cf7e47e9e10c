// What a program may do wrong with its handles: all of it is answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "cauce/cauce.h"
#include "tests/engine/capi/capi_rig.h"

namespace cauce::test {
namespace {

using ::testing::HasSubstr;

using CapiMisuse = CapiRig;

TEST_F(CapiMisuse, OfNullHandlesIsAnswered) {
  int64_t number = 0;
  int32_t small = 0;
  int descriptor = 0;
  size_t count = 0;
  const char* const topics[] = {"orders"};
  const cauce_record_t record = RecordOf("orders", "a");
  const cauce_record_t* read = nullptr;
  const cauce_record_t* const* records = nullptr;
  const cauce_place_t place = PlaceAt("orders", 0);
  cauce_partition_info_t info = CAUCE_PARTITION_INFO_INIT;
  cauce_places_t* places = nullptr;
  cauce_topics_t* list = nullptr;
  cauce_cursor_t* cursor = nullptr;
  cauce_watch_t* watch = nullptr;
  cauce_partition_t* partition = nullptr;
  cauce_producer_t* producer = nullptr;
  cauce_consumer_t* consumer = nullptr;
  cauce_group_metadata_t* metadata = nullptr;
  const auto moved = [](void*) {};

  const cauce_reason_t answers[] = {
      cauce_client_close(nullptr, err()),
      cauce_client_upkeep(nullptr, 0, err()),
      cauce_topics_list(nullptr, &list, err()),
      cauce_topic_grow(nullptr, "orders", 2, err()),
      cauce_topic_restore(nullptr, "backup", nullptr, 0, nullptr, nullptr,
                          nullptr, err()),
      cauce_partition_open(nullptr, "orders", 0, &partition, err()),
      cauce_partition_append(nullptr, &record, 1, 1, nullptr, err()),
      cauce_partition_append_async(nullptr, &record, 1, 1, nullptr, nullptr,
                                   err()),
      cauce_partition_flush(nullptr, err()),
      cauce_partition_info(nullptr, &info, err()),
      cauce_partition_last_stable_offset(nullptr, &number, err()),
      cauce_partition_find_by_time(nullptr, 0, 0, &number, nullptr, err()),
      cauce_partition_wait_for(nullptr, 0, 0, 0, &small, err()),
      cauce_partition_watch(nullptr, 0, moved, nullptr, &watch, err()),
      cauce_partition_truncate(nullptr, 0, nullptr, err()),
      cauce_partition_delete_before(nullptr, 0, err()),
      cauce_partition_compact(nullptr, err()),
      cauce_cursor_open(nullptr, 0, nullptr, 0, &cursor, err()),
      cauce_cursor_next(nullptr, &read, err()),
      cauce_cursor_position(nullptr, &number, err()),
      cauce_cursor_seek(nullptr, 0, err()),
      cauce_cursor_skip_damage(nullptr, nullptr, err()),
      cauce_producer_open(nullptr, nullptr, 0, &producer, err()),
      cauce_producer_send(nullptr, &record, nullptr, nullptr, err()),
      cauce_producer_flush(nullptr, 0, err()),
      cauce_producer_commit(nullptr, err()),
      cauce_consumer_open(nullptr, nullptr, 0, &consumer, err()),
      cauce_consumer_assign(nullptr, &place, 1, err()),
      cauce_consumer_subscribe(nullptr, topics, 1, nullptr, err()),
      cauce_consumer_poll(nullptr, 0, &records, &count, err()),
      cauce_consumer_commit(nullptr, nullptr, 0, err()),
      cauce_consumer_committed(nullptr, &place, 1, &places, err()),
      cauce_consumer_group_metadata(nullptr, &metadata, err()),
      cauce_consumer_event_descriptor(nullptr, &descriptor, err()),
      cauce_consumer_close(nullptr, err()),
      cauce_group_offsets(nullptr, "billing", &places, err()),
      cauce_group_delete(nullptr, "billing", err())};
  EXPECT_THAT(answers, ::testing::Each(CAUCE_MISUSE));
  EXPECT_THAT(told_.message(), HasSubstr("cauce_client_t is null"));
}

TEST_F(CapiMisuse, OfOneHandleAsAnotherIsAnswered) {
  cauce_producer_t* const producer = OpenProducer();
  auto* const as_client = reinterpret_cast<cauce_client_t*>(producer);

  EXPECT_EQ(cauce_client_close(as_client, err()), CAUCE_MISUSE);
  EXPECT_EQ(cauce_client_free(as_client), CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_free(reinterpret_cast<cauce_consumer_t*>(producer)),
            CAUCE_MISUSE);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiMisuse, HandlesOutliveTheirClient) {
  MakeTopic("orders");
  cauce_client_t* client = nullptr;
  ASSERT_EQ(cauce_client_open("memory:", nullptr, 0, nullptr, nullptr, &client,
                              err()),
            CAUCE_OK);
  cauce_producer_t* producer = nullptr;
  ASSERT_EQ(cauce_producer_open(client, nullptr, 0, &producer, err()),
            CAUCE_OK);
  ASSERT_EQ(cauce_client_close(client, err()), CAUCE_OK);
  ASSERT_EQ(cauce_client_free(client), CAUCE_OK);
  const cauce_record_t record = RecordOf("orders", "a");
  EXPECT_NE(cauce_producer_send_and_wait(producer, &record, nullptr, err()),
            CAUCE_OK);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

TEST_F(CapiMisuse, AThreadThatComesBetweenIsTold) {
  cauce_consumer_t* const consumer = OpenConsumer();
  // A thread waits within a poll, for which nothing comes.
  std::thread polls([&] {
    const cauce_record_t* const* records = nullptr;
    size_t count = 0;
    cauce_reason_t reason = CAUCE_MISUSE;
    // It may itself come between two calls of the other thread.
    while (reason == CAUCE_MISUSE) {
      reason = cauce_consumer_poll(consumer, CAUCE_FOREVER, &records, &count,
                                   nullptr);
    }
    EXPECT_EQ(reason, CAUCE_WOKEN_UP);
  });
  // Whoever asks sees it sooner or later.
  cauce_reason_t reason = CAUCE_OK;
  while (reason == CAUCE_OK) {
    int64_t due = 0;
    reason = cauce_consumer_until_due(consumer, &due, err());
  }
  EXPECT_EQ(reason, CAUCE_MISUSE);
  EXPECT_THAT(told_.message(), HasSubstr("another thread"));
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_MISUSE);
  EXPECT_EQ(cauce_consumer_wakeup(consumer, err()), CAUCE_OK);
  polls.join();
  EXPECT_EQ(cauce_consumer_free(consumer), CAUCE_OK);
}

TEST_F(CapiMisuse, ManyThreadsShareAClientAndAProducer) {
  MakeTopic("orders");
  cauce_producer_t* const producer = OpenProducer();
  std::atomic<int> stored = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        const cauce_record_t record = RecordOf("orders", "a");
        if (cauce_producer_send_and_wait(producer, &record, nullptr, nullptr) ==
            CAUCE_OK)
          ++stored;
        Told told;
        EXPECT_EQ(cauce_topic_delete(client_, "nothing", told.out()),
                  CAUCE_UNKNOWN_TOPIC);
        EXPECT_THAT(told.message(), HasSubstr("nothing"));
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(stored, 200);
  EXPECT_EQ(cauce_producer_free(producer), CAUCE_OK);
}

}  // namespace
}  // namespace cauce::test
