#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cauce/errors.h"
#include "engine/coord/group_coordinator.h"
#include "tests/engine/coord/coordinator_rig.h"
#include "tests/engine/coord/group_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::CoordinatorRig;
using test::HasReason;
using test::IsOk;
using test::Newcomer;
using test::Told;
using testing::IsEmpty;

absl::Status Delete(CoordinatorRig& rig, const std::string& group) {
  Told<absl::Status> told;
  rig.coordinator->Delete(group, told.Callback());
  EXPECT_TRUE(told.is_there());
  return *told;
}

std::vector<std::string> Groups(CoordinatorRig& rig) {
  std::vector<std::string> ids;
  const auto all = rig.coordinator->List().value();
  EXPECT_THAT(all.unread, ::testing::IsEmpty());
  for (const GroupListing& each : all.groups) ids.push_back(each.id);
  return ids;
}

TEST(GroupCoordinatorOffsets, CountOnceTheyAreDurable) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.log->Hold();
  const auto committed = rig.Commit("g", 0, 6);
  EXPECT_FALSE(committed.is_there());
  // Who takes over the partition gets what was accepted, not what was before.
  const auto fetched = rig.Fetch("g", 0);
  EXPECT_FALSE(fetched.is_there());

  rig.log->Finish(absl::OkStatus());

  EXPECT_THAT(committed->status, IsOk());
  EXPECT_EQ(fetched->offsets.at(0).offset, Offset{6});
}

TEST(GroupCoordinatorOffsets, AreRefusedOfWhatNoTopicIsCalled) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  const TopicPartition endless{std::string(40'000, 'x'), PartitionId{0}};
  OffsetCommit commit;
  commit.group = "g";
  commit.offsets.push_back({.partition = endless, .offset = {5}});
  Told<OffsetCommitReply> committed;
  rig.coordinator->Commit(commit, committed.Callback());
  Told<OffsetCommitReply> deleted;
  rig.coordinator->DeleteOffsets("g", {endless}, deleted.Callback());

  EXPECT_THAT(committed->offsets.at(0), HasReason(Reason::kInvalidTopicName));
  EXPECT_THAT(deleted->offsets.at(0), HasReason(Reason::kInvalidTopicName));
}

// As while a disk stands still, and whoever commits does not wait.
TEST(GroupCoordinatorOffsets, AreRefusedWhereTenThousandRequestsWait) {
  constexpr Reason kTryLater = Reason::kCoordinatorNotAvailable;
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.log->Hold();
  std::vector<Told<OffsetCommitReply>> commits;
  for (int i = 0; i < 10'000; ++i) commits.push_back(rig.Commit("g", 0, i));

  EXPECT_THAT(rig.Commit("g", 0, 5)->status, HasReason(kTryLater));
  EXPECT_THAT(rig.Fetch("g", 0)->status, HasReason(kTryLater));
  EXPECT_THAT(Delete(rig, "g"), HasReason(kTryLater));
  Told<OffsetCommitReply> deleted;
  rig.coordinator->DeleteOffsets("g", {}, deleted.Callback());
  EXPECT_THAT(deleted->status, HasReason(kTryLater));
  EXPECT_THAT(rig.Heartbeat("g", "m", 1), HasReason(kTryLater));

  while (rig.log->waiting() > 0) rig.log->Finish(absl::OkStatus());
  for (const auto& each : commits) EXPECT_THAT(each->status, IsOk());
  EXPECT_EQ(rig.Fetched("g", 0), 9'999);
}

TEST(GroupCoordinatorOffsets, StayAsTheyWereWhereACommitFails) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.log->Hold();
  const auto committed = rig.Commit("g", 0, 6);

  rig.log->Finish(MakeError(Reason::kDiskFailed, "no disk"));

  EXPECT_THAT(committed->status, HasReason(Reason::kNotCoordinator));
  EXPECT_EQ(rig.Fetched("g", 0), 5);
}

TEST(GroupCoordinatorOffsets, AreNotCommittedByAFormerMember) {
  CoordinatorRig rig;
  const auto joined = rig.Join("g", Newcomer("a"));
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});
  EXPECT_THAT(rig.Commit("g", 0, 5,
                         {.member_id = "a", .generation = joined->generation})
                  ->status,
              IsOk());
  EXPECT_THAT(rig.Commit("g", 0, 1,
                         {.member_id = "b", .generation = joined->generation})
                  ->status,
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(rig.Commit("g", 0, 1,
                         {.member_id = "a",
                          .generation = joined->generation - 1})
                  ->status,
              HasReason(Reason::kIllegalGeneration));
  EXPECT_EQ(rig.Fetched("g", 0), 5);
}

TEST(GroupCoordinatorOffsets, OfATransactionCountWithItsEnd) {
  const ProducerInstance producer{{1000}, 1};
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  EXPECT_THAT(rig.Commit("g", 0, 6, {}, producer)->status, IsOk());
  EXPECT_EQ(rig.Fetched("g", 0), 5);

  Told<absl::Status> ended;
  rig.coordinator->EndTransaction(rig.coordinator->PartitionOf("g").value(),
                                  {.producer_id = producer.id,
                                   .producer_epoch = 2,
                                   .coordinator_epoch = 0,
                                   .outcome = TransactionOutcome::kCommit},
                                  ended.Callback());

  EXPECT_THAT(*ended, IsOk());
  EXPECT_EQ(rig.Fetched("g", 0), 6);
}

// Who reads one takes it for none at all.
TEST(GroupCoordinatorOffsets, AreRefusedBelowZero) {
  CoordinatorRig rig;
  OffsetCommit commit;
  commit.group = "g";
  commit.offsets.push_back({.partition = {"t", {0}}, .offset = {-1}});
  Told<OffsetCommitReply> told;
  rig.coordinator->Commit(commit, told.Callback());

  EXPECT_THAT(told->offsets.at(0), HasReason(Reason::kOffsetOutOfRange));
}

TEST(GroupCoordinatorOffsets, AreRefusedWithTooMuchBesideThem) {
  CoordinatorRig rig;
  OffsetCommit commit;
  commit.group = "g";
  commit.offsets.push_back({.partition = {"t", {0}}, .offset = {1}});
  commit.offsets.push_back({.partition = {"t", {1}}, .offset = {1}});
  commit.offsets[0].metadata = std::string(5000, 'x');
  Told<OffsetCommitReply> told;
  rig.coordinator->Commit(commit, told.Callback());

  EXPECT_THAT(told->status, IsOk());
  EXPECT_THAT(told->offsets.at(0), HasReason(Reason::kOffsetMetadataTooLarge));
  EXPECT_THAT(told->offsets.at(1), IsOk());
  EXPECT_EQ(rig.Fetched("g", 0), -1);
  EXPECT_EQ(rig.Fetched("g", 1), 1);
}

TEST(GroupCoordinatorOffsets, ExpireWithTheirGroup) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.Pass(absl::Hours(6 * 24));
  EXPECT_EQ(rig.Fetched("g", 0), 5);

  rig.Pass(absl::Hours(24));

  EXPECT_EQ(rig.Fetched("g", 0), -1);
  EXPECT_THAT(Groups(rig), IsEmpty());
  rig.Start();
  EXPECT_THAT(Groups(rig), IsEmpty());
}

TEST(GroupCoordinatorOffsets, ExpireForWhoComesByNowAndThen) {
  CoordinatorRig rig;
  rig.options.offsets_retention = absl::Minutes(5);
  rig.Commit("g", 0, 5);
  rig.clock.Advance(absl::Minutes(5));
  rig.Start();  // which nobody has asked for anything

  rig.coordinator->ExpireOffsetsWhenDue();
  EXPECT_EQ(rig.Fetched("g", 0), -1);

  // It looks at no shorter intervals.
  rig.Commit("h", 0, 5);
  rig.clock.Advance(absl::Minutes(9));
  rig.coordinator->ExpireOffsetsWhenDue();
  EXPECT_EQ(rig.Fetched("h", 0), 5);
  rig.clock.Advance(absl::Minutes(1));
  rig.coordinator->ExpireOffsetsWhenDue();
  EXPECT_EQ(rig.Fetched("h", 0), -1);
}

TEST(GroupCoordinatorOffsets, NeverExpireWhereItNeverLooks) {
  CoordinatorRig rig;
  rig.options.offsets_retention_check_interval = absl::InfiniteDuration();
  rig.Start();
  rig.Commit("g", 0, 5);
  rig.clock.Advance(absl::Hours(30 * 24));
  rig.coordinator->ExpireOffsetsWhenDue();
  EXPECT_EQ(rig.Fetched("g", 0), 5);
}

// As of a device that learns the time of day from others once it runs.
TEST(GroupCoordinatorOffsets, AgeByTheTimeOfDayThatWasThereWhenTheyWereStored) {
  constexpr absl::Duration kBehind = absl::Hours(50 * 365 * 24);
  CoordinatorRig rig;
  rig.clock.Set(-kBehind);
  rig.Start();
  rig.clock.Set(kBehind);
  rig.Commit("by hand", 0, 5);
  const auto joined = rig.Join("left", Newcomer("a"));
  rig.Sync("left", "a", joined->generation, {{"a", "x"}});
  rig.Commit("left", 0, 6,
             {.member_id = "a", .generation = joined->generation});
  Told<LeaveReply> left;
  rig.coordinator->Leave("left", {.members = {{"a", std::nullopt}}},
                         left.Callback());
  ASSERT_THAT(left->status, IsOk());

  rig.Start();
  rig.Pass(absl::Hours(6 * 24));
  EXPECT_EQ(rig.Fetched("by hand", 0), 5);
  EXPECT_EQ(rig.Fetched("left", 0), 6);
  rig.Pass(absl::Hours(24));
  EXPECT_EQ(rig.Fetched("by hand", 0), -1);
  EXPECT_EQ(rig.Fetched("left", 0), -1);
}

TEST(GroupCoordinatorOffsets, DoNotExpireByATimeOfDayThatWasSet) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);

  rig.clock.Set(absl::Hours(30 * 24));
  rig.Pass(absl::Hours(6 * 24));
  EXPECT_EQ(rig.Fetched("g", 0), 5);

  rig.Pass(absl::Hours(24));
  EXPECT_EQ(rig.Fetched("g", 0), -1);
}

TEST(GroupCoordinatorOffsets, OfWhatMembersReadDoNotExpire) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  JoinRequest join = Newcomer("a");
  join.session_timeout = absl::Minutes(30);
  const auto joined = rig.Join("g", join);
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});
  for (int i = 0; i < 8 * 24 * 3; ++i) {
    rig.Pass(absl::Minutes(20));
    ASSERT_THAT(rig.Heartbeat("g", "a", joined->generation), IsOk());
  }
  EXPECT_EQ(rig.Fetched("g", 0), 5);
}

TEST(GroupCoordinatorOffsets, GoWithADeletedGroup) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.Commit("h", 0, 6);

  EXPECT_THAT(Delete(rig, "g"), IsOk());

  EXPECT_EQ(rig.Fetched("g", 0), -1);
  EXPECT_EQ(rig.Fetched("h", 0), 6);
  EXPECT_THAT(Delete(rig, "g"), HasReason(Reason::kGroupIdNotFound));
  rig.Start();
  EXPECT_EQ(rig.Fetched("g", 0), -1);
  EXPECT_EQ(rig.Fetched("h", 0), 6);
}

TEST(GroupCoordinatorOffsets, OfAGroupThatHasMembersAreNotDeleted) {
  CoordinatorRig rig;
  const auto joined = rig.Join("g", Newcomer("a"));
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});
  EXPECT_THAT(Delete(rig, "g"), HasReason(Reason::kGroupNotEmpty));

  Told<OffsetCommitReply> told;
  rig.coordinator->DeleteOffsets("g", {{"t", {0}}, {"other", {0}}},
                                 told.Callback());
  EXPECT_THAT(told->offsets.at(0), HasReason(Reason::kGroupSubscribedToTopic));
  EXPECT_THAT(told->offsets.at(1), IsOk());
}

TEST(GroupCoordinatorOffsets, OfAnEmptyGroupAreForgottenOneByOne) {
  CoordinatorRig rig;
  rig.Commit("g", 0, 5);
  rig.Commit("g", 1, 6);
  Told<OffsetCommitReply> told;
  rig.coordinator->DeleteOffsets("g", {{"t", {0}}}, told.Callback());

  EXPECT_THAT(told->status, IsOk());
  EXPECT_EQ(rig.Fetched("g", 0), -1);
  EXPECT_EQ(rig.Fetched("g", 1), 6);
}

TEST(GroupCoordinatorOffsets, AreListedAndDescribedWithTheirGroups) {
  CoordinatorRig rig;
  rig.Commit("offsets", 0, 5);
  const auto joined = rig.Join("g", Newcomer("a"));
  rig.Sync("g", "a", joined->generation, {{"a", "x"}});

  EXPECT_THAT(Groups(rig), testing::ElementsAre("g", "offsets"));
  const GroupDescription g = rig.coordinator->Describe("g").value();
  EXPECT_EQ(g.listing.state, GroupState::kStable);
  EXPECT_EQ(g.listing.protocol_type, "consumer");
  EXPECT_EQ(g.protocol, "range");
  ASSERT_EQ(g.members.size(), 1u);
  EXPECT_EQ(g.members[0].id, "a");
  EXPECT_EQ(g.members[0].assignment, "x");
  EXPECT_THAT(rig.coordinator->Describe("none"),
              HasReason(Reason::kGroupIdNotFound));
}

}  // namespace
}  // namespace cauce
