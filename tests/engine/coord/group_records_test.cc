#include "engine/coord/group_records.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "cauce/errors.h"
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
using test::NullableBytes;
using test::NullableText;

GroupMetadataValue ValueOf(const nlohmann::json& fields) {
  GroupMetadataValue value = {
      .protocol_type = fields["protocolType"],
      .generation = fields["generation"],
      .protocol = NullableText(fields, "protocol"),
      .leader = NullableText(fields, "leader"),
      .current_state_timestamp = {FieldOr<int64_t>(
          fields, "currentStateTimestamp", -1)},
      .members = {}};
  for (const auto& member : fields["members"]) {
    value.members.push_back(
        {.member_id = member["memberId"],
         .group_instance_id = NullableText(member, "groupInstanceId"),
         .client_id = member["clientId"],
         .client_host = member["clientHost"],
         .rebalance_timeout = absl::Milliseconds(
             FieldOr<int32_t>(member, "rebalanceTimeout", -1)),
         .session_timeout =
             absl::Milliseconds(member["sessionTimeout"].get<int32_t>()),
         .subscription = NullableBytes(member, "subscription").value(),
         .assignment = NullableBytes(member, "assignment").value()});
  }
  return value;
}

TEST(GroupRecords, ReadAndWriteKafkasKeys) {
  for (const GoldenRecord& golden : GoldenRecordsOf("GroupMetadataKey")) {
    const GroupMetadataKey key = {.group = golden.fields["group"]};

    EXPECT_THAT(DecodeGroupMetadataKey(golden.bytes), IsOkAndHolds(key));
    EXPECT_EQ(EncodeGroupMetadataKey(key), golden.bytes);
  }
}

TEST(GroupRecords, ReadAndWriteKafkasValuesOfEveryVersion) {
  for (const GoldenRecord& golden : GoldenRecordsOf("GroupMetadataValue")) {
    SCOPED_TRACE(golden.name);
    const GroupMetadataValue value = ValueOf(golden.fields);

    EXPECT_THAT(DecodeGroupMetadataValue(golden.bytes), IsOkAndHolds(value));
    if (golden.has_unknown_tag()) continue;
    EXPECT_EQ(EncodeGroupMetadataValue(value, golden.version), golden.bytes);
  }
}

TEST(GroupRecords, AreWrittenInTheVersionOfClassicGroups) {
  EXPECT_EQ(EncodeGroupMetadataValue({}).substr(0, 2), "\0\x03"sv);
}

TEST(GroupRecords, HaveNoRebalanceTimeoutInTheFirstVersion) {
  const GroupMetadataValue value = {
      .members = {{.rebalance_timeout = absl::Minutes(5)}}};

  const auto read =
      DecodeGroupMetadataValue(EncodeGroupMetadataValue(value, 0));

  EXPECT_LT(read->members[0].rebalance_timeout, absl::ZeroDuration());
}

TEST(GroupRecords, RefuseANewerVersion) {
  EXPECT_THAT(DecodeGroupMetadataValue("\0\x05"sv),
              HasReason(Reason::kUnsupportedFormat));
}

TEST(GroupRecords, RefuseBytesThatCannotBeOne) {
  const std::string value =
      EncodeGroupMetadataValue({.members = {{.member_id = "one"}}});

  for (size_t size = 0; size < value.size(); ++size) {
    EXPECT_THAT(DecodeGroupMetadataValue(value.substr(0, size)),
                HasReason(Reason::kCorruptBatch));
  }
  EXPECT_THAT(DecodeGroupMetadataValue(value + "x"),
              HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(DecodeGroupMetadataKey("\0\x02\0"sv),
              HasReason(Reason::kCorruptBatch));
}

}  // namespace
}  // namespace cauce
