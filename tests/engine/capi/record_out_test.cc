#include "engine/capi/record_out.h"

#include <gtest/gtest.h>

#include <string_view>

namespace cauce::capi {
namespace {

const TopicPartition kOrders{"orders", PartitionId{3}};

TEST(CapiRecordOut, TellsNullFromEmpty) {
  RecordsOut out;
  out.Add({.offset = Offset{7},
           .timestamp = Timestamp{9},
           .key = std::nullopt,
           .value = std::string_view(),
           .headers = {}},
          kOrders, TimestampType::kLogAppendTime);

  ASSERT_EQ(out.count(), 1u);
  const cauce_record_t& record = *out.items()[0];
  EXPECT_EQ(record.key, nullptr);
  EXPECT_NE(record.value, nullptr);
  EXPECT_EQ(record.value_size, 0u);
  EXPECT_STREQ(record.topic, "orders");
  EXPECT_EQ(record.partition, 3);
  EXPECT_EQ(record.offset, 7);
  EXPECT_EQ(record.timestamp, 9);
  EXPECT_EQ(record.is_append_time, 1);
  EXPECT_EQ(record.headers, nullptr);
}

TEST(CapiRecordOut, DecodesHeadersAsTheyAreStored) {
  // A key of one byte with a value of two, and a key with none.
  constexpr std::string_view kEncoded("\x02k\x04vw\x02n\x01", 8);
  RecordsOut out;
  out.Add({.offset = Offset{0},
           .timestamp = {},
           .key = "k",
           .value = "v",
           .headers = HeaderList(kEncoded.data(), 2)},
          kOrders, TimestampType::kCreateTime);

  const cauce_record_t& record = *out.items()[0];
  ASSERT_EQ(record.header_count, 2u);
  EXPECT_EQ(record.headers[0].key_size, 1u);
  EXPECT_EQ(std::string_view(
                static_cast<const char*>(record.headers[0].value),
                record.headers[0].value_size),
            "vw");
  EXPECT_EQ(record.headers[1].value, nullptr);
}

TEST(CapiRecordOut, UsesItsMemoryAgain) {
  RecordsOut out;
  for (int round = 0; round < 2; ++round) {
    out.Clear();
    EXPECT_EQ(out.items(), nullptr);
    for (int64_t offset = 0; offset < 3; ++offset) {
      out.Add({.offset = Offset{offset},
               .timestamp = {},
               .key = {},
               .value = {},
               .headers = {}},
              kOrders, TimestampType::kCreateTime);
    }
    EXPECT_EQ(out.count(), 3u);
    EXPECT_EQ(out.items()[2]->offset, 2);
  }
}

}  // namespace
}  // namespace cauce::capi
