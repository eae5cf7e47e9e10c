// A client in memory, by the C API, with what tests of it share: records, and
// an error that is freed before the next one is asked for.
//
// For one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/cauce.h"

namespace cauce::test {

// Where a call leaves its error; what was left before is freed.
class Told {
 public:
  Told() = default;
  ~Told() { cauce_error_free(error_); }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;

  cauce_error_t** out() {
    cauce_error_free(error_);
    error_ = nullptr;
    return &error_;
  }
  const cauce_error_t* get() const { return error_; }
  std::string message() const { return cauce_error_message(error_); }

 private:
  cauce_error_t* error_ = nullptr;
};

inline cauce_record_t RecordOf(const char* topic, std::string_view value,
                               int32_t partition = 0) {
  cauce_record_t record = CAUCE_RECORD_INIT;
  record.topic = topic;
  record.partition = partition;
  record.value = value.data();
  record.value_size = value.size();
  return record;
}

inline cauce_place_t PlaceAt(const char* topic, int32_t partition,
                             int64_t offset = -1) {
  cauce_place_t place = CAUCE_PLACE_INIT;
  place.topic = topic;
  place.partition = partition;
  place.offset = offset;
  return place;
}

inline std::string ValueOf(const cauce_record_t& record) {
  return {static_cast<const char*>(record.value), record.value_size};
}

class CapiRig : public ::testing::Test {
 protected:
  CapiRig() {
    // Few partitions of internal topics, and nothing in the background.
    const cauce_config_t options[] = {{"threads", "0"},
                                      {"offsets_topic_partitions", "1"},
                                      {"transaction_topic_partitions", "1"}};
    EXPECT_EQ(cauce_client_open("memory:", options, 3, nullptr, nullptr,
                                &client_, err()),
              CAUCE_OK)
        << told_.message();
  }
  ~CapiRig() override { EXPECT_EQ(cauce_client_free(client_), CAUCE_OK); }

  cauce_error_t** err() { return told_.out(); }

  void MakeTopic(const char* topic, int32_t partitions = 1) {
    ASSERT_EQ(cauce_topic_create(client_, topic, partitions, nullptr, 0, err()),
              CAUCE_OK)
        << told_.message();
  }

  cauce_partition_t* OpenPartition(const char* topic, int32_t number = 0) {
    cauce_partition_t* partition = nullptr;
    EXPECT_EQ(cauce_partition_open(client_, topic, number, &partition, err()),
              CAUCE_OK)
        << told_.message();
    return partition;
  }

  // Appends each as a batch of its own.
  void Append(cauce_partition_t* partition,
              const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      const cauce_record_t record = RecordOf(nullptr, value);
      ASSERT_EQ(cauce_partition_append(partition, &record, 1, CAUCE_ACK_DURABLE,
                                       nullptr, err()),
                CAUCE_OK)
          << told_.message();
    }
  }

  cauce_producer_t* OpenProducer(
      const std::vector<cauce_config_t>& options = {}) {
    cauce_producer_t* producer = nullptr;
    EXPECT_EQ(cauce_producer_open(client_, options.data(), options.size(),
                                  &producer, err()),
              CAUCE_OK)
        << told_.message();
    return producer;
  }

  void Send(cauce_producer_t* producer, const char* topic,
            const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      const cauce_record_t record = RecordOf(topic, value);
      ASSERT_EQ(cauce_producer_send_and_wait(producer, &record, nullptr, err()),
                CAUCE_OK)
          << told_.message();
    }
  }

  cauce_consumer_t* OpenConsumer(
      const std::vector<cauce_config_t>& options = {}) {
    cauce_consumer_t* consumer = nullptr;
    EXPECT_EQ(cauce_consumer_open(client_, options.data(), options.size(),
                                  &consumer, err()),
              CAUCE_OK)
        << told_.message();
    return consumer;
  }

  // Polls until there are so many, as members of groups have to.
  std::vector<std::string> Poll(cauce_consumer_t* consumer, size_t wanted) {
    std::vector<std::string> values;
    while (values.size() < wanted) {
      const cauce_record_t* const* records = nullptr;
      size_t count = 0;
      const cauce_reason_t reason =
          cauce_consumer_poll(consumer, CAUCE_FOREVER, &records, &count, err());
      EXPECT_EQ(reason, CAUCE_OK) << told_.message();
      if (reason != CAUCE_OK) break;
      for (size_t i = 0; i < count; ++i) values.push_back(ValueOf(*records[i]));
    }
    return values;
  }

  cauce_client_t* client_ = nullptr;
  Told told_;
};

}  // namespace cauce::test
