#include "engine/record/records_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

const TopicPartition kPartition{"orders", PartitionId{3}};

TEST(RecordsBatch, HoldsAllOfThemAndGivesATimeToThoseWithoutOne) {
  BatchBuilder builder({}, kRecordBytesMax);
  const std::vector<Record> records = {{.value = "a", .timestamp = {7}},
                                       {.value = "b"}};

  const auto batch =
      RecordsBatch(kPartition, records, Timestamp{1000}, builder);

  ASSERT_THAT(batch, IsOk());
  RecordReader reader;
  ASSERT_THAT(reader.Open(*batch), IsOk());
  RecordView record;
  ASSERT_TRUE(reader.Next(&record));
  EXPECT_EQ(record.value, "a");
  EXPECT_EQ(record.timestamp, Timestamp{7});
  ASSERT_TRUE(reader.Next(&record));
  EXPECT_EQ(record.value, "b");
  EXPECT_EQ(record.timestamp, Timestamp{1000});
  EXPECT_FALSE(reader.Next(&record));
  EXPECT_THAT(reader.status(), IsOk());
}

TEST(RecordsBatch, RefusesNoneTimesBefore1970AndTooMuch) {
  BatchBuilder builder({}, kRecordBytesMax);
  EXPECT_THAT(RecordsBatch(kPartition, {}, Timestamp{0}, builder),
              HasReason(Reason::kInvalidRecord));
  const Record early{.value = "a", .timestamp = {-2}};
  EXPECT_THAT(RecordsBatch(kPartition, {&early, 1}, Timestamp{0}, builder),
              HasReason(Reason::kInvalidTimestamp));
  // A first one is taken whatever its size.
  BatchBuilder small({}, 100);
  const std::string value(101, 'v');
  const std::vector<Record> large = {{.value = value}, {.value = value}};
  EXPECT_THAT(RecordsBatch(kPartition, large, Timestamp{0}, small),
              HasReason(Reason::kBatchTooLarge));
}

}  // namespace
}  // namespace cauce::test
