#include "engine/coord/consumer_protocol.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

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
using test::PartitionsOf;

ConsumerProtocolSubscription SubscriptionOf(const nlohmann::json& fields) {
  ConsumerProtocolSubscription subscription = {
      .topics = fields["topics"].get<std::vector<std::string>>(),
      .user_data = NullableBytes(fields, "userData"),
      .owned_partitions = {},
      .generation = FieldOr<int32_t>(fields, "generationId", -1),
      .rack_id = NullableText(fields, "rackId")};
  const auto owned = fields.find("ownedPartitions");
  if (owned != fields.end()) {
    subscription.owned_partitions = PartitionsOf(*owned, "partitions");
  }
  return subscription;
}

ConsumerProtocolAssignment AssignmentOf(const nlohmann::json& fields) {
  return {.assigned_partitions =
              PartitionsOf(fields["assignedPartitions"], "partitions"),
          .user_data = NullableBytes(fields, "userData")};
}

TEST(ConsumerProtocol, ReadsAndWritesKafkasSubscriptions) {
  for (const GoldenRecord& golden :
       GoldenRecordsOf("ConsumerProtocolSubscription")) {
    SCOPED_TRACE(golden.name);
    const auto subscription = SubscriptionOf(golden.fields);

    EXPECT_THAT(DecodeSubscription(golden.bytes), IsOkAndHolds(subscription));
    EXPECT_EQ(EncodeSubscription(subscription, golden.version), golden.bytes);
  }
}

TEST(ConsumerProtocol, ReadsAndWritesKafkasAssignments) {
  for (const GoldenRecord& golden :
       GoldenRecordsOf("ConsumerProtocolAssignment")) {
    SCOPED_TRACE(golden.name);
    const auto assignment = AssignmentOf(golden.fields);

    EXPECT_THAT(DecodeAssignment(golden.bytes), IsOkAndHolds(assignment));
    EXPECT_EQ(EncodeAssignment(assignment, golden.version), golden.bytes);
  }
}

TEST(ConsumerProtocol, ReadsANewerVersionAsTheNewestItKnows) {
  const ConsumerProtocolSubscription subscription = {
      .topics = {"a"}, .generation = 4, .rack_id = "rack"};
  std::string newer = EncodeSubscription(subscription) + "fields to come";
  newer[1] = 4;

  EXPECT_THAT(DecodeSubscription(newer), IsOkAndHolds(subscription));
}

TEST(ConsumerProtocol, RefusesANegativeVersion) {
  EXPECT_THAT(DecodeSubscription("\xff\xff\0\0\0\0\xff\xff\xff\xff"sv),
              HasReason(Reason::kInvalidRecord));
  EXPECT_THAT(DecodeAssignment("\xff\xff\0\0\0\0\xff\xff\xff\xff"sv),
              HasReason(Reason::kInvalidRecord));
}

TEST(ConsumerProtocol, RefusesBytesThatAreCutOff) {
  const std::string subscription = EncodeSubscription(
      {.topics = {"a"}, .owned_partitions = {{"a", {{1}, {2}}}}});
  const std::string assignment =
      EncodeAssignment({.assigned_partitions = {{"a", {{1}, {2}}}}});

  for (size_t size = 0; size < subscription.size(); ++size) {
    EXPECT_THAT(DecodeSubscription(subscription.substr(0, size)),
                HasReason(Reason::kInvalidRecord));
  }
  for (size_t size = 0; size < assignment.size(); ++size) {
    EXPECT_THAT(DecodeAssignment(assignment.substr(0, size)),
                HasReason(Reason::kInvalidRecord));
  }
}

}  // namespace
}  // namespace cauce
