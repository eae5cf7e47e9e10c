#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "cauce/topic_name.h"
#include "tests/engine/client/admin_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::Orders;
using ::testing::SizeIs;

using Kind = OffsetSpec::Kind;

class LocalAdmin : public test::AdminRig {};

TEST_F(LocalAdmin, MakesShowsChangesAndDeletesTopics) {
  ASSERT_THAT(admin_->CreateTopic("a", {.partitions = 2}), IsOk());
  EXPECT_THAT(admin_->AlterConfigs("a", {{"retention.ms", "-1"}}), IsOk());
  EXPECT_THAT(admin_->CreatePartitions("a", 3), IsOk());

  const auto described = admin_->DescribeTopic("a");
  ASSERT_THAT(described, IsOk());
  EXPECT_EQ(described->partitions, 3);
  EXPECT_EQ(described->configs.at("retention.ms"), "-1");
  EXPECT_THAT(admin_->ListTopics().value(), SizeIs(2));

  EXPECT_THAT(admin_->DeleteTopic("a"), IsOk());
  EXPECT_THAT(admin_->ListTopics().value(), SizeIs(1));
}

TEST_F(LocalAdmin, SaysWhatNoTopicCanBe) {
  EXPECT_THAT(admin_->CreateTopic("orders"), HasReason(Reason::kTopicExists));
  EXPECT_THAT(admin_->CreateTopic("a/b"),
              HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(admin_->CreateTopic("a", {.partitions = 0}),
              HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(admin_->AlterConfigs("orders", {{"no.such", "1"}}),
              HasReason(Reason::kInvalidConfig));
  EXPECT_THAT(admin_->CreatePartitions("orders", 1),
              HasReason(Reason::kInvalidPartitions));
  EXPECT_THAT(admin_->DescribeTopic("none"), HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(admin_->AlterConfigs("none", {}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(admin_->CreatePartitions("none", 9),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(admin_->DeleteTopic("none"), HasReason(Reason::kUnknownTopic));
}

// ---- Records

TEST_F(LocalAdmin, ForgetsRecordsBelowAnOffsetOrAll) {
  for (int i = 0; i < 3; ++i) AppendToAll("v");
  const auto starts =
      admin_->DeleteRecords({{Orders(0), Offset{1}}, {Orders(1), Offset{-1}}});
  EXPECT_EQ(starts.at(Orders(0)).value(), Offset{1});
  EXPECT_EQ(starts.at(Orders(1)).value(), Offset{3});
  EXPECT_EQ(OffsetOf(0, Kind::kStart), 1);
  EXPECT_EQ(OffsetOf(1, Kind::kStart), 3);
  EXPECT_EQ(OffsetOf(2, Kind::kStart), 0);
}

TEST_F(LocalAdmin, SaysWhichRecordsItCannotForget) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{0}}), IsOk());
  EXPECT_THAT(DeleteRecords(Orders(0), 1),
              HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(DeleteRecords(Orders(4), 0),
              HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(DeleteRecords({"none", PartitionId{0}}, 0),
              HasReason(Reason::kUnknownTopic));
  EXPECT_THAT(
      DeleteRecords({std::string(kConsumerOffsetsTopic), PartitionId{0}}, 0),
      HasReason(Reason::kInvalidTopicName));
}

TEST_F(LocalAdmin, ListsStartEndAndTheRecordOfATime) {
  Append(0, "a");
  Append(0, "b");
  EXPECT_EQ(OffsetOf(0, Kind::kStart), 0);
  EXPECT_EQ(OffsetOf(0, Kind::kEnd), 2);
  EXPECT_EQ(OffsetOf(0, Kind::kStableEnd), 2);
  const auto found = List(Orders(0), {Kind::kTime, Timestamp{500}});
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->offset, Offset{0});
  EXPECT_EQ(found->timestamp, Timestamp{1000});
  EXPECT_EQ(OffsetOf(0, Kind::kTime, 1001), -1) << "no record has it";
  EXPECT_THAT(List(Orders(4), {}), HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(List({"none", PartitionId{0}}, {}),
              HasReason(Reason::kUnknownTopic));
}

TEST_F(LocalAdmin, TellsTheStableEndFromTheEnd) {
  Append(0, "a");
  const auto producer = Open("x");
  EXPECT_EQ(OffsetOf(0, Kind::kEnd), 2);
  EXPECT_EQ(OffsetOf(0, Kind::kStableEnd), 1);
  EXPECT_THAT(producer->CommitTransaction(), IsOk());
  EXPECT_EQ(OffsetOf(0, Kind::kStableEnd), 3);
}

TEST_F(LocalAdmin, ChangesNothingWhereItOnlyReads) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{0}}), IsOk());
  const auto reader = Reader();
  admin_ = AdminOf(*reader);
  EXPECT_THAT(admin_->CreateTopic("a"), HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin_->AlterConfigs("orders", {{"retention.ms", "-1"}}),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin_->CreatePartitions("orders", 9),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin_->DeleteTopic("orders"), HasReason(Reason::kReadOnly));
  EXPECT_THAT(DeleteRecords(Orders(0), 0), HasReason(Reason::kReadOnly));
  EXPECT_THAT(Alter("g", Orders(0), {Offset{0}}),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT(Forget("g", Orders(0)), HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin_->DeleteGroup("g"), HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin_->FindHangingTransactions(),
              HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin_->AbortTransaction({}), HasReason(Reason::kReadOnly));
}

TEST_F(LocalAdmin, IsClosedWithItsClient) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{0}}), IsOk());
  ASSERT_THAT(client_->Close(), IsOk());
  EXPECT_THAT(admin_->ListTopics(), HasReason(Reason::kClosed));
  EXPECT_THAT(admin_->ListGroups(), HasReason(Reason::kClosed));
  EXPECT_THAT(admin_->DescribeGroup("g"), HasReason(Reason::kClosed));
  EXPECT_THAT(admin_->ListGroupOffsets("g"), HasReason(Reason::kClosed));
  EXPECT_THAT(Alter("g", Orders(0), {Offset{0}}), HasReason(Reason::kClosed));
  EXPECT_THAT(Forget("g", Orders(0)), HasReason(Reason::kClosed));
  EXPECT_THAT(admin_->DeleteGroup("g"), HasReason(Reason::kClosed));
  EXPECT_THAT(admin_->ListTransactions(), HasReason(Reason::kClosed));
  EXPECT_THAT(admin_->FindHangingTransactions(), HasReason(Reason::kClosed));
  EXPECT_THAT(List(Orders(0), {}), HasReason(Reason::kClosed));
  EXPECT_THAT(DeleteRecords(Orders(0), 0), HasReason(Reason::kClosed));
}

}  // namespace
}  // namespace cauce
