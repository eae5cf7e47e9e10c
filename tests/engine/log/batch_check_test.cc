#include "engine/log/batch_check.h"

#include <gtest/gtest.h>

#include <string>

#include "cauce/append.h"
#include "cauce/errors.h"
#include "tests/testing/batches.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::Batch;
using test::BatchOf;
using test::BatchOfBytes;
using test::HasReason;
using test::IsOk;
using test::OwnedBatch;

constexpr Timestamp kNow{1'700'000'000'000};

absl::Status Check(const OwnedBatch& batch, const TopicConfig& topic) {
  return CheckBatch({"orders", PartitionId{3}}, batch.view(), topic, kNow);
}

TEST(BatchCheck, TakesABatchThatBreaksNoRule) {
  EXPECT_THAT(Check(Batch({"a", "b"}, kNow), {}), IsOk());
}

TEST(BatchCheck, NamesThePartitionAndBothSizes) {
  TopicConfig topic;
  topic.max_message_bytes = 100;
  const OwnedBatch batch = BatchOfBytes(200, kNow);
  const absl::Status refused = Check(batch, topic);
  EXPECT_THAT(refused, HasReason(Reason::kBatchTooLarge));
  const std::string message(MessageOf(refused));
  EXPECT_NE(message.find("orders-3"), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(batch.bytes().size())),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("100"), std::string::npos) << message;
}

TEST(BatchCheck, ALimitOfZeroBytesTakesNothing) {
  TopicConfig topic;
  topic.max_message_bytes = 0;
  EXPECT_THAT(Check(Batch({""}, kNow), topic),
              HasReason(Reason::kBatchTooLarge));
}

TEST(BatchCheck, RefusesABatchThatClaimsTheTimeOfAnAppend) {
  BatchFields fields;
  fields.timestamp_type = TimestampType::kLogAppendTime;
  const OwnedBatch batch = Batch({"a"}, kNow, fields);
  EXPECT_THAT(Check(batch, {}), HasReason(Reason::kInvalidTimestamp));
  // Here it gets the time of this append in its place.
  TopicConfig topic;
  topic.timestamp_type = TimestampType::kLogAppendTime;
  EXPECT_THAT(Check(batch, topic), IsOk());
}

TEST(BatchCheck, RefusesWhatOnlyTheLogItselfMayWrite) {
  BatchFields gap;
  gap.last_offset_delta = 5;
  EXPECT_THAT(Check(test::ControlBatch(), {}),
              HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(Check(Batch({"a"}, kNow, gap), {}),
              HasReason(Reason::kInvalidRecord));
}

TEST(BatchCheck, BoundsTheTimesOfRecordsUnlessTheLogGivesThem) {
  TopicConfig topic;
  topic.timestamp_after_max = absl::Seconds(10);
  topic.timestamp_before_max = absl::Seconds(5);
  EXPECT_THAT(Check(Batch({"a"}, {kNow.ms + 10'000}), topic), IsOk());
  EXPECT_THAT(Check(Batch({"a"}, {kNow.ms + 10'001}), topic),
              HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(Check(Batch({"a"}, {kNow.ms - 5'000}), topic), IsOk());
  EXPECT_THAT(Check(Batch({"a"}, {kNow.ms - 5'001}), topic),
              HasReason(Reason::kInvalidTimestamp));

  topic.timestamp_type = TimestampType::kLogAppendTime;
  EXPECT_THAT(Check(Batch({"a"}, {kNow.ms + 10'001}), topic), IsOk());
  EXPECT_THAT(Check(Batch({"a"}, {kNow.ms - 5'001}), topic), IsOk());
}

TEST(BatchCheck, ACompactedTopicNeedsKeys) {
  const OwnedBatch keyless = BatchOf({{.value = "no key", .timestamp = kNow}});
  EXPECT_THAT(Check(keyless, {}), IsOk());
  TopicConfig topic;
  topic.cleanup.compact = true;
  EXPECT_THAT(Check(keyless, topic), HasReason(Reason::kInvalidRecord));
}

TEST(BatchCheck, TakesABatchWithoutASequenceFromACoordinatorAlone) {
  BatchFields fields;
  fields.transactional = true;
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 1;
  const OwnedBatch batch = Batch({"a"}, kNow, fields);

  EXPECT_THAT(Check(batch, {}), HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(CheckBatch({"orders", PartitionId{3}}, batch.view(), {}, kNow,
                         AppendOrigin::kCoordinator),
              IsOk());
}

}  // namespace
}  // namespace cauce
