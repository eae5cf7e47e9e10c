#include "cauce/record_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/errors.h"
#include "engine/base/bytes.h"
#include "tests/testing/matchers.h"
#include "tests/testing/owned_record.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(RecordBatch, ReadsTheRecordsThatKafkaDescribes) {
  const std::string bytes = test::FromHex(test::kThreeRecords);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());

  EXPECT_EQ(batch->base_offset(), Offset{0});
  EXPECT_EQ(batch->next_offset(), Offset{3});
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{0});
  EXPECT_EQ(batch->record_count(), 3);
  EXPECT_EQ(batch->producer_id(), ProducerId{-1});
  EXPECT_EQ(batch->max_timestamp(), Timestamp{1700000000005});
  const test::OwnedRecord first{"k1", "v1", {}, 1700000000000, 0};
  const test::OwnedRecord second{
      std::nullopt, "hello", {{"h", "x"}}, 1700000000005, 1};
  const test::OwnedRecord third{"k1", std::nullopt, {}, 1700000000003, 2};
  EXPECT_THAT(test::ReadAll(*batch),
              test::IsOkAndHolds(ElementsAre(first, second, third)));
}

TEST(RecordBatch, BuildsTheBytesThatKafkaDescribes) {
  BatchFields fields;
  fields.leader_epoch = LeaderEpoch{0};
  BatchBuilder builder(fields);
  EXPECT_TRUE(test::Add(builder, {"k1", "v1", {}, 1700000000000}));
  EXPECT_TRUE(
      test::Add(builder, {std::nullopt, "hello", {{"h", "x"}}, 1700000000005}));
  EXPECT_TRUE(test::Add(builder, {"k1", std::nullopt, {}, 1700000000003}));

  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->bytes(), test::FromHex(test::kThreeRecords));
}

TEST(RecordBatch, TheLeaderEpochIsNotCoveredByTheCrc) {
  std::string bytes = test::FromHex(test::kThreeRecords);
  StoreBig<int32_t>(bytes.data() + 12, -1);
  StoreBig<int64_t>(bytes.data(), 77);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{-1});
  EXPECT_EQ(batch->base_offset(), Offset{77});
}

TEST(RecordBatch, ReadsACommitMarker) {
  const std::string bytes = test::FromHex(test::kCommitMarker);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_TRUE(batch->is_control());
  EXPECT_TRUE(batch->is_transactional());
  EXPECT_EQ(batch->base_offset(), Offset{42});
  EXPECT_EQ(batch->producer_id(), ProducerId{7});
  EXPECT_EQ(batch->producer_epoch(), 3);
  const auto records = test::ReadAll(*batch);
  ASSERT_THAT(records, test::IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(ParseControlKey(*(*records)[0].key),
              test::IsOkAndHolds(ControlType::kCommit));
}

TEST(RecordBatch, ReadsAndBuildsABatchThatCompactionEmptied) {
  const std::string bytes = test::FromHex(test::kEmptiedBatch);
  const auto batch = RecordBatch::Parse(bytes);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->record_count(), 0);
  EXPECT_EQ(batch->next_offset(), Offset{15});
  EXPECT_THAT(test::ReadAll(*batch), test::IsOkAndHolds(IsEmpty()));

  BatchFields fields;
  fields.base_offset = Offset{10};
  fields.leader_epoch = LeaderEpoch{0};
  fields.producer_id = ProducerId{7};
  fields.producer_epoch = 3;
  fields.base_sequence = 0;
  fields.last_offset_delta = 4;
  fields.max_timestamp = batch->max_timestamp();
  BatchBuilder builder(fields);
  const auto built = builder.Finish();
  ASSERT_THAT(built, test::IsOk());
  EXPECT_EQ(built->bytes(), bytes);
}

TEST(RecordBatch, RefusesFormatsThatKafkaDropped) {
  std::string bytes = test::FromHex(test::kThreeRecords);
  for (const char magic : {0, 1}) {
    bytes[16] = magic;
    const auto batch = RecordBatch::Parse(bytes);
    EXPECT_THAT(batch, test::HasReason(Reason::kUnsupportedFormat));
    // An old message set is shorter than a header of ours.
    EXPECT_THAT(RecordBatch::Parse(std::string_view(bytes).substr(0, 34)),
                test::HasReason(Reason::kUnsupportedFormat));
  }
}

TEST(RecordBatch, RefusesWhatIsCutOffAtAnyByte) {
  const std::string bytes = test::FromHex(test::kThreeRecords);
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    const std::string front = bytes.substr(0, size);
    EXPECT_THAT(RecordBatch::Parse(front),
                test::HasReason(Reason::kCorruptBatch));
  }
}

TEST(RecordBatch, RefusesAnyFlippedBitThatTheCrcCovers) {
  const std::string good = test::FromHex(test::kThreeRecords);
  for (size_t bit = 17 * 8; bit < good.size() * 8; ++bit) {
    SCOPED_TRACE(bit);
    std::string bytes = good;
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_THAT(RecordBatch::Parse(bytes),
                test::HasReason(Reason::kCorruptBatch));
  }
}

TEST(RecordBatch, RefusesHeadersThatContradictThemselves) {
  const std::string good = test::FromHex(test::kThreeRecords);
  const auto with = [&](int at, int width, int64_t value) {
    std::string bytes = good;
    if (width == 2) StoreBig<int16_t>(bytes.data() + at, value);
    if (width == 4) StoreBig<int32_t>(bytes.data() + at, value);
    if (width == 8) StoreBig<int64_t>(bytes.data() + at, value);
    test::FixCrc(bytes);
    return ReasonOf(RecordBatch::Parse(bytes).status());
  };
  EXPECT_EQ(with(0, 8, -1), Reason::kCorruptBatch);  // base offset
  EXPECT_EQ(with(0, 8, INT64_MAX - 1), Reason::kCorruptBatch);
  EXPECT_EQ(with(23, 4, -1), Reason::kCorruptBatch);  // last delta
  EXPECT_EQ(with(57, 4, -1), Reason::kCorruptBatch);  // count
  EXPECT_EQ(with(57, 4, 4), Reason::kCorruptBatch);
  EXPECT_EQ(with(21, 2, 5), Reason::kUnsupportedCodec);
  EXPECT_EQ(with(57, 4, 3), Reason::kNone);
}

TEST(RecordBatch, ThatWasNeverAssignedHasNothingToRead) {
  const RecordBatch none;
  EXPECT_EQ(none.bytes(), "");
  EXPECT_EQ(none.payload(), "");
  RecordReader reader;
  RecordView record;
  EXPECT_FALSE(reader.Next(&record));
  EXPECT_THAT(reader.Open(none), test::HasReason(Reason::kInvalidRecord));
  EXPECT_FALSE(reader.Next(&record));
  EXPECT_THAT(reader.status(), test::HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(ValidateRecords(none), test::HasReason(Reason::kInvalidRecord));
}

TEST(RecordBatch, ABatchMayBeFollowedByOthers) {
  const std::string one = test::FromHex(test::kThreeRecords);
  const std::string both = one + test::FromHex(test::kCommitMarker);
  const auto batch = RecordBatch::Parse(both);
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_EQ(batch->bytes(), one);
}

TEST(ValidateRecords, TakesWhatABuilderMakes) {
  BatchBuilder builder;
  test::Add(builder, {"a", "1", {}, 5});
  test::Add(builder, {"b", "2", {}, 3});
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_THAT(ValidateRecords(*batch, {.keys_required = true}), test::IsOk());
}

TEST(ValidateRecords, RefusesWhatTheRulesForbid) {
  BatchBuilder builder;
  test::Add(builder, {std::nullopt, "1", {}, 5});
  test::Add(builder, {"b", "2", {}, 30});
  const auto batch = builder.Finish();
  ASSERT_THAT(batch, test::IsOk());
  EXPECT_THAT(ValidateRecords(*batch, {.keys_required = true}),
              test::HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(ValidateRecords(*batch, {.latest = Timestamp{29}}),
              test::HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(ValidateRecords(*batch, {.earliest = Timestamp{6}}),
              test::HasReason(Reason::kInvalidTimestamp));
  EXPECT_THAT(ValidateRecords(
                  *batch, {.earliest = Timestamp{5}, .latest = Timestamp{30}}),
              test::IsOk());
}

TEST(ValidateRecords, RefusesGapsAndAWrongLargestTimestamp) {
  BatchBuilder gaps;
  ASSERT_TRUE(gaps.AddAt(0, {"a", "1"}));
  ASSERT_TRUE(gaps.AddAt(2, {"b", "2"}));
  const auto with_gap = gaps.Finish();
  ASSERT_THAT(with_gap, test::IsOk());
  EXPECT_THAT(ValidateRecords(*with_gap),
              test::HasReason(Reason::kInvalidRecord));

  BatchFields fields;
  fields.max_timestamp = Timestamp{6};
  BatchBuilder lies(fields);
  test::Add(lies, {"a", "1", {}, 5});
  const auto lying = lies.Finish();
  ASSERT_THAT(lying, test::IsOk());
  EXPECT_THAT(ValidateRecords(*lying), test::HasReason(Reason::kInvalidRecord));
}

}  // namespace
}  // namespace cauce
