#include "engine/coord/offset_records.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "cauce/topic_id.h"
#include "cauce/types.h"
#include "tests/engine/coord/golden_records.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using std::string_view_literals::operator""sv;
using test::FieldOr;
using test::GoldenRecord;
using test::GoldenRecordsOf;
using test::HasReason;
using test::IsOkAndHolds;
using test::NullableText;

OffsetCommitKey KeyOf(const GoldenRecord& golden) {
  return {.group = golden.fields["group"],
          .topic = golden.fields["topic"],
          .partition = {golden.fields["partition"]}};
}

OffsetCommitValue ValueOf(const GoldenRecord& golden) {
  const auto& fields = golden.fields;
  OffsetCommitValue value = {
      .offset = {fields["offset"]},
      .leader_epoch = {FieldOr<int32_t>(fields, "leaderEpoch", -1)},
      .metadata = fields["metadata"],
      .commit_timestamp = {fields["commitTimestamp"]},
      .expire_timestamp = {FieldOr<int64_t>(fields, "expireTimestamp", -1)},
      .topic_id = {}};
  const auto id = NullableText(fields, "topicId");
  if (id) value.topic_id = ParseTopicId(*id).value();
  return value;
}

TEST(OffsetRecords, ReadAndWriteKafkasKeys) {
  for (const GoldenRecord& golden : GoldenRecordsOf("OffsetCommitKey")) {
    SCOPED_TRACE(golden.name);

    EXPECT_THAT(DecodeOffsetCommitKey(golden.bytes),
                IsOkAndHolds(KeyOf(golden)));
    EXPECT_EQ(EncodeOffsetCommitKey(KeyOf(golden)), golden.bytes);
  }
}

TEST(OffsetRecords, ReadTheKeysOfOldBrokersToo) {
  for (const GoldenRecord& golden : GoldenRecordsOf("LegacyOffsetCommitKey")) {
    EXPECT_THAT(DecodeOffsetCommitKey(golden.bytes),
                IsOkAndHolds(KeyOf(golden)));
  }
}

TEST(OffsetRecords, ReadAndWriteKafkasValuesOfEveryVersion) {
  for (const GoldenRecord& golden : GoldenRecordsOf("OffsetCommitValue")) {
    SCOPED_TRACE(golden.name);
    const OffsetCommitValue value = ValueOf(golden);

    EXPECT_THAT(DecodeOffsetCommitValue(golden.bytes), IsOkAndHolds(value));
    if (golden.has_unknown_tag()) continue;
    EXPECT_EQ(EncodeOffsetCommitValue(value, golden.version), golden.bytes);
  }
}

TEST(OffsetRecords, AreWrittenInTheVersionThatSaysAll) {
  EXPECT_EQ(OffsetCommitValueVersion({.offset = {7}}), 3);
  EXPECT_EQ(OffsetCommitValueVersion({.topic_id = {{1}}}), 4);
  EXPECT_EQ(
      OffsetCommitValueVersion({.expire_timestamp = {5}, .topic_id = {{1}}}),
      1);
}

TEST(OffsetRecords, RefuseANewerVersion) {
  EXPECT_THAT(DecodeOffsetCommitValue("\0\x05\0\0\0\0\0\0\0\0"sv),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(OffsetRecords, RefuseBytesThatCannotBeOne) {
  const std::string key =
      EncodeOffsetCommitKey({.group = "g", .topic = "t", .partition = {1}});
  const std::string value = EncodeOffsetCommitValue({.offset = {7}}, 3);

  for (size_t size = 0; size < key.size(); ++size) {
    EXPECT_THAT(DecodeOffsetCommitKey(key.substr(0, size)),
                HasReason(Reason::kCorruptBatch));
  }
  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_THAT(DecodeOffsetCommitValue(value.substr(0, size)),
                HasReason(Reason::kCorruptBatch));
  }
  EXPECT_THAT(DecodeOffsetCommitKey(key + "x"),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeOffsetCommitValue(value + "x"),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeOffsetCommitValue("\xff\xff"sv),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
