#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cauce/admin.h"
#include "cauce/client.h"
#include "cauce/errors.h"
#include "tests/engine/client/admin_rig.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::Orders;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class LocalAdminGroups : public test::AdminRig {
 protected:
  void Reopen() {
    GroupConsumers::Open();
    admin_ = AdminOf(*client_);
  }
  static ConsumerOptions Instance(const std::string& instance) {
    ConsumerOptions options = InGroup();
    options.instance = instance;
    return options;
  }
};

TEST_F(LocalAdminGroups, ShowsNoGroupsWhereThereAreNoneAndMakesNoTopicForThem) {
  EXPECT_THAT(admin_->ListGroups().value(), IsEmpty());
  EXPECT_THAT(admin_->ListGroupOffsets("g").value(), IsEmpty());
  EXPECT_THAT(admin_->DescribeGroup("g"),
              HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(admin_->DeleteGroup("g"), HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(Forget("g", Orders(0)), HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(admin_->ListTransactions().value(), IsEmpty());
  EXPECT_THAT(admin_->ListTopics().value(), SizeIs(1));
}

TEST_F(LocalAdminGroups, ListsThoseThatCanBeReadBesideAPartitionThatCannot) {
  // Of partitions 1 and 0 of the log.
  ASSERT_THAT(Alter("g", Orders(0), {Offset{0}}), IsOk());
  ASSERT_THAT(Alter("h", Orders(0), {Offset{0}}), IsOk());
  admin_.reset();
  client_.reset();
  files_.Fail(test::FileCall::kRead,
              "__consumer_offsets-0/00000000000000000000.log",
              MakeError(Reason::kDiskFailed, "no disk"));
  Reopen();

  const auto listed = admin_->ListReadableGroups();
  ASSERT_THAT(listed, IsOk());
  EXPECT_THAT(listed->found,
              ElementsAre(ListedGroup{"g", GroupState::kEmpty, ""}));
  EXPECT_THAT(listed->unread, ElementsAre(HasReason(Reason::kDiskFailed)));
  EXPECT_THAT(admin_->ListGroups(), HasReason(Reason::kDiskFailed))
      << "what is left out would seem not to be there";

  files_.Mend();
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(admin_->ListGroups().value(), SizeIs(2));
}

TEST_F(LocalAdminGroups, DescribesAGroupItsMembersAndTheirShares) {
  const auto one = Subscribed();
  const auto two = Subscribed();
  Settle({one.get(), two.get()});

  EXPECT_THAT(
      admin_->ListGroups().value(),
      ElementsAre(ListedGroup{"g", GroupState::kStable, "consumer"}));
  const auto group = admin_->DescribeGroup("g");
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ(group->state, GroupState::kStable);
  EXPECT_EQ(group->assignor, "range");
  EXPECT_EQ(group->generation, two->group_metadata().generation);
  ASSERT_THAT(group->members, SizeIs(2));
  for (const MemberDescription& member : group->members) {
    EXPECT_EQ(member.client_id, "cauce");
    EXPECT_THAT(member.assigned, SizeIs(2));
  }
}

TEST_F(LocalAdminGroups, ShowsNoGroupThatWasOnlyAskedFor) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{0}}), IsOk());
  EXPECT_THAT(Alter("asked", TopicPartition{"none", PartitionId{0}}, {}),
              HasReason(Reason::kUnknownTopic));

  EXPECT_THAT(admin_->ListGroups().value(), SizeIs(1));
  EXPECT_THAT(admin_->DescribeGroup("asked"),
              HasReason(Reason::kGroupIdNotFound));
  ASSERT_THAT(Forget("g", Orders(0)), IsOk());
  EXPECT_THAT(admin_->ListGroups().value(), IsEmpty());
}

TEST_F(LocalAdminGroups, TellsHowFarAGroupIsAndHowMuchIsLeft) {
  AppendToAll("a");
  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  ASSERT_THAT(consumer->Commit({{Orders(0), {Offset{1}, "note"}}}), IsOk());
  Append(0, "b");
  Append(0, "c");

  const GroupProgress first = ProgressIn(0, *admin_);
  ASSERT_TRUE(first.committed.has_value());
  EXPECT_EQ(first.committed->offset, Offset{1});
  EXPECT_EQ(first.committed->metadata, "note");
  EXPECT_EQ(first.log.value(), (OffsetRange{Offset{0}, Offset{3}}));
  EXPECT_EQ(first.lag(), 2);
  const GroupProgress second = ProgressIn(1, *admin_);
  EXPECT_FALSE(second.committed.has_value()) << "a member's, not committed";
  EXPECT_EQ(second.lag(), std::nullopt);
  EXPECT_EQ(second.log.value(), (OffsetRange{Offset{0}, Offset{1}}));
}

TEST_F(LocalAdminGroups, HasNoLagWhereAGroupIsBeyondTheEnd) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{7}}), IsOk());
  EXPECT_EQ(ProgressIn(0, *admin_).lag(), 0);
}

TEST_F(LocalAdminGroups, TellsOfATopicThatIsGoneOrAnother) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{7}}), IsOk());
  ASSERT_THAT(admin_->DeleteTopic("orders"), IsOk());
  EXPECT_THAT(ProgressIn(0, *admin_).log, HasReason(Reason::kUnknownTopic));
  EXPECT_EQ(ProgressIn(0, *admin_).committed->offset, Offset{7});
  ASSERT_THAT(admin_->CreateTopic("orders"), IsOk());
  EXPECT_THAT(ProgressIn(0, *admin_).log, HasReason(Reason::kUnknownTopic));
  EXPECT_EQ(ProgressIn(0, *admin_).lag(), std::nullopt);
}

TEST_F(LocalAdminGroups, MovesAGroupWithoutMembers) {
  for (int i = 0; i < 3; ++i) AppendToAll("v");
  {
    const auto consumer = Subscribed();
    EXPECT_THAT(Drain(*consumer), SizeIs(12));
    EXPECT_THAT(consumer->Close(), IsOk());
  }
  EXPECT_EQ(CommittedIn(0), 3);
  EXPECT_THAT(Alter("g", Orders(0), {Offset{1}, "moved"}), IsOk());
  EXPECT_EQ(CommittedIn(0), 1);
  EXPECT_EQ(CommittedIn(1), 3);
  EXPECT_THAT(Drain(*Subscribed()), ElementsAre("0:v", "0:v"));
}

TEST_F(LocalAdminGroups, MakesAGroupByMovingIt) {
  EXPECT_THAT(Alter("new", Orders(2), {Offset{5}}), IsOk());
  EXPECT_THAT(admin_->ListGroups().value(),
              ElementsAre(ListedGroup{"new", GroupState::kEmpty, ""}));
  EXPECT_EQ(CommittedIn(2, "new"), 5);
}

TEST_F(LocalAdminGroups, MovesNoGroupThatHasMembers) {
  const auto consumer = Subscribed();
  Drain(*consumer);
  EXPECT_THAT(Alter("g", Orders(0), {Offset{0}}),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(admin_->AlterGroupOffsets("g", {}),
              HasReason(Reason::kUnknownMemberId));
  EXPECT_EQ(CommittedIn(0), -1);
}

TEST_F(LocalAdminGroups, SaysWhereAGroupCannotBeMovedAndMovesItElsewhere) {
  const auto altered = admin_->AlterGroupOffsets(
      "g", {{Orders(0), {Offset{2}}},
            {Orders(1), {Offset{-1}}},
            {Orders(2), {Offset{0}, std::string(4097, 'x')}},
            {Orders(9), {Offset{0}}},
            {{"none", PartitionId{0}}, {Offset{0}}}});
  ASSERT_THAT(altered, IsOk());
  EXPECT_THAT(altered->at(Orders(0)), IsOk());
  EXPECT_THAT(altered->at(Orders(1)), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(altered->at(Orders(2)),
              HasReason(Reason::kOffsetMetadataTooLarge));
  EXPECT_THAT(altered->at(Orders(9)), HasReason(Reason::kUnknownPartition));
  EXPECT_THAT(altered->at({"none", PartitionId{0}}),
              HasReason(Reason::kUnknownTopic));
  EXPECT_EQ(CommittedIn(0), 2);
  EXPECT_THAT(Alter("", Orders(0), {Offset{0}}),
              HasReason(Reason::kInvalidGroupId));
}

TEST_F(LocalAdminGroups, ForgetsOffsetsButNoneThatMembersRead) {
  ASSERT_THAT(Alter("g", Orders(0), {Offset{1}}), IsOk());
  ASSERT_THAT(Alter("g", Orders(1), {Offset{1}}), IsOk());
  EXPECT_THAT(Forget("g", Orders(0)), IsOk());
  EXPECT_EQ(CommittedIn(0), -1);
  EXPECT_EQ(CommittedIn(1), 1);

  const auto consumer = Subscribed();
  Drain(*consumer);
  EXPECT_THAT(Forget("g", Orders(1)),
              HasReason(Reason::kGroupSubscribedToTopic));
  EXPECT_EQ(CommittedIn(1), 1);
}

TEST_F(LocalAdminGroups, DeletesAGroupOnceItHasNoMembers) {
  AppendToAll("v");
  const auto consumer = Subscribed();
  Drain(*consumer);
  EXPECT_THAT(admin_->DeleteGroup("g"), HasReason(Reason::kGroupNotEmpty));
  EXPECT_THAT(consumer->Close(), IsOk());
  EXPECT_THAT(admin_->DeleteGroup("g"), IsOk());
  EXPECT_THAT(admin_->ListGroups().value(), IsEmpty());
  EXPECT_EQ(CommittedIn(0), -1);
}

TEST_F(LocalAdminGroups, RemovesTheStaticMembersOfAProgramThatIsGone) {
  Settle({Subscribed(Instance("i1")).get(), Subscribed(Instance("i2")).get()});
  admin_.reset();
  GroupConsumers::Open();
  admin_ = AdminOf(*client_);
  ASSERT_THAT(admin_->DeleteGroup("g"), HasReason(Reason::kGroupNotEmpty));

  const auto first = admin_->RemoveMembers("g", {"i1", "none", "", "i1"});
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(*first,
              UnorderedElementsAre(
                  Pair("i1", IsOk()),
                  Pair("none", HasReason(Reason::kUnknownMemberId)),
                  Pair("", HasReason(Reason::kUnknownMemberId))));
  EXPECT_THAT(Alter("g", Orders(0), {Offset{2}}),
              HasReason(Reason::kUnknownMemberId))
      << "the other is a member still";
  EXPECT_THAT(admin_->RemoveMembers("g", {"i2"})->at("i2"), IsOk());

  EXPECT_THAT(Alter("g", Orders(0), {Offset{2}}), IsOk());
  EXPECT_THAT(admin_->DeleteGroup("g"), IsOk());
}

TEST_F(LocalAdminGroups, RemovesAllMembersAndWhoStillRunsJoinsAnew) {
  AppendToAll("a");
  const auto gone = Subscribed(Instance("i1"));
  const auto runs = Subscribed();
  Settle({gone.get(), runs.get()});
  EXPECT_THAT(gone->Close(), IsOk());

  const auto removed = admin_->RemoveAllMembers("g");

  ASSERT_THAT(removed, IsOk());
  EXPECT_THAT(*removed, SizeIs(2));
  EXPECT_EQ(admin_->DescribeGroup("g")->state, GroupState::kEmpty);
  Settle({runs.get()});
  EXPECT_THAT(runs->assignment(), SizeIs(4));
  EXPECT_THAT(admin_->DescribeGroup("g")->members, SizeIs(1));
}

TEST_F(LocalAdminGroups, RemovesMembersOfNoGroupThatIsNotThereNorAsAReader) {
  EXPECT_THAT(admin_->RemoveMembers("g", {"i1"}),
              HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(admin_->RemoveAllMembers("g"),
              HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(admin_->ListTopics().value(), SizeIs(1));
  const auto reader = Reader();
  const auto admin = AdminOf(*reader);
  EXPECT_THAT(admin->RemoveMembers("g", {"i1"}), HasReason(Reason::kReadOnly));
  EXPECT_THAT(admin->RemoveAllMembers("g"), HasReason(Reason::kReadOnly));
}

TEST_F(LocalAdminGroups, ReadsBesideTheWriterWhatIsStoredByNow) {
  AppendToAll("a");
  const auto reader = Reader();
  const auto admin = AdminOf(*reader);
  EXPECT_THAT(admin->ListGroups().value(), IsEmpty());
  EXPECT_THAT(admin->DescribeGroup("g"), HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(admin->ListGroupOffsets("g").value(), IsEmpty());

  const auto consumer = Subscribed();
  EXPECT_THAT(Drain(*consumer), SizeIs(4));
  EXPECT_THAT(
      admin->ListGroups().value(),
      ElementsAre(ListedGroup{"g", GroupState::kStable, "consumer"}));
  const auto group = admin->DescribeGroup("g");
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ(group->generation, 1);
  EXPECT_EQ(group->assignor, "range");
  ASSERT_THAT(group->members, SizeIs(1));
  EXPECT_THAT(group->members[0].assigned, SizeIs(4));
  EXPECT_EQ(ProgressIn(0, *admin).lag(), std::nullopt);

  EXPECT_THAT(consumer->Close(), IsOk());
  Append(0, "b");
  EXPECT_EQ(ProgressIn(0, *admin).lag(), 1) << "it looks anew each time";
  EXPECT_EQ(admin->DescribeGroup("g")->state, GroupState::kEmpty);
  ASSERT_THAT(DeleteRecords(Orders(0), 1), IsOk());
  EXPECT_EQ(ProgressIn(0, *admin).log.value(),
            (OffsetRange{Offset{1}, Offset{2}}));
  ASSERT_THAT(Alter("other", Orders(0), {Offset{0}}), IsOk());
  EXPECT_THAT(admin->ListGroups().value(), SizeIs(2));
  EXPECT_EQ(admin->DescribeGroup("other")->state, GroupState::kEmpty);
}

}  // namespace
}  // namespace cauce
