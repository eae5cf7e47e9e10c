#include "engine/coord/stored_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "engine/coord/group_records.h"
#include "engine/coord/offset_records.h"
#include "engine/coord/state_partition.h"
#include "engine/coord/transaction_records.h"
#include "tests/engine/coord/fake_state_log.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using test::FakeStateLog;
using test::HasReason;
using test::IsOk;

void Store(FakeStateLog& log, PartitionId partition, std::string key,
           std::optional<std::string> value) {
  log.Append(partition,
             {.records = {{.key = std::move(key), .value = std::move(value)}},
              .transaction = {}},
             [](const auto&) {});
}

void StoreGroup(FakeStateLog& log, const std::string& id, size_t members) {
  GroupMetadataValue value;
  value.protocol_type = "consumer";
  value.protocol = "range";
  value.generation = 3;
  for (size_t i = 0; i < members; ++i) {
    value.members.push_back({.member_id = std::to_string(i),
                             .client_id = "cauce",
                             .assignment = "share"});
  }
  Store(log, StatePartitionOf(id, log.partitions()),
        EncodeGroupMetadataKey({id}), EncodeGroupMetadataValue(value));
}

void StoreOffset(FakeStateLog& log, const std::string& id, int64_t offset) {
  OffsetCommitValue value;
  value.offset = Offset{offset};
  Store(log, StatePartitionOf(id, log.partitions()),
        EncodeOffsetCommitKey({id, "t", PartitionId{0}}),
        EncodeOffsetCommitValue(value, OffsetCommitValueVersion(value)));
}

TEST(StoredState, ListsGroupsOfAllPartitionsById) {
  FakeStateLog log;
  StoreGroup(log, "c", 1);
  StoreGroup(log, "a", 0);
  StoreOffset(log, "b", 1);
  StoreOffset(log, "c", 1);

  const GroupListings listed = ListStoredGroups(log);
  const std::vector<GroupListing>& groups = listed.groups;

  EXPECT_THAT(listed.unread, IsEmpty());
  ASSERT_THAT(groups, SizeIs(3));
  EXPECT_EQ(groups[0].id, "a");
  EXPECT_EQ(groups[0].state, GroupState::kEmpty);
  EXPECT_EQ(groups[1].id, "b");
  EXPECT_EQ(groups[1].protocol_type, "");
  EXPECT_EQ(groups[2].id, "c");
  EXPECT_EQ(groups[2].state, GroupState::kStable);
  EXPECT_EQ(groups[2].protocol_type, "consumer");
}

TEST(StoredState, DescribesAGroupAsItWasStoredLast) {
  FakeStateLog log;
  StoreGroup(log, "g", 2);
  const auto group = DescribeStoredGroup(log, "g");
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ(group->generation, 3);
  EXPECT_EQ(group->protocol, "range");
  ASSERT_THAT(group->members, SizeIs(2));
  EXPECT_EQ(group->members[1].id, "1");
  EXPECT_EQ(group->members[1].assignment, "share");
}

TEST(StoredState, KnowsAGroupThatHasOffsetsAlone) {
  FakeStateLog log;
  StoreOffset(log, "g", 7);
  const auto group = DescribeStoredGroup(log, "g");
  ASSERT_THAT(group, IsOk());
  EXPECT_EQ(group->listing.state, GroupState::kEmpty);
  const auto offsets = FetchStoredOffsets(log, {.group = "g"});
  ASSERT_THAT(offsets, IsOk());
  EXPECT_EQ(offsets->offsets.at(0).offset, Offset{7});
}

TEST(StoredState, KnowsNoOther) {
  FakeStateLog log;
  StoreOffset(log, "g", 7);
  EXPECT_THAT(DescribeStoredGroup(log, "h"),
              HasReason(Reason::kGroupIdNotFound));
  EXPECT_THAT(FetchStoredOffsets(log, {.group = "h"})->offsets, IsEmpty());
}

TEST(StoredState, ListsTransactionalIds) {
  FakeStateLog log;
  TransactionLogValue value;
  value.producer_id = {1000};
  value.producer_epoch = 2;
  value.transaction_timeout = absl::Minutes(1);
  value.status = TransactionStatus::kOngoing;
  Store(log, PartitionId{1},
        EncodeTransactionLogKey({.transactional_id = "x"}),
        EncodeTransactionLogValue(value));

  const StoredTransactions listed = ListStoredTransactions(log);

  EXPECT_THAT(listed.unread, IsEmpty());
  const std::vector<TransactionDescription>& ids = listed.transactions;
  ASSERT_THAT(ids, SizeIs(1));
  EXPECT_EQ(ids[0].id, "x");
  EXPECT_EQ(ids[0].status, TransactionStatus::kOngoing);
  EXPECT_EQ(ids[0].producer, (ProducerInstance{{1000}, 2}));
  EXPECT_EQ(ids[0].timeout, absl::Minutes(1));
}

TEST(StoredState, TellsOfWhatCannotBeReadAndListsTheOthers) {
  FakeStateLog groups;
  StoreGroup(groups, "a", 0);
  const PartitionId of_a = StatePartitionOf("a", groups.partitions());
  const PartitionId other{(of_a.value + 1) % groups.partitions()};
  Store(groups, other, EncodeGroupMetadataKey({"g"}), "?");
  FakeStateLog ids;
  Store(ids, other, EncodeTransactionLogKey({.transactional_id = "x"}), "?");

  const GroupListings listed = ListStoredGroups(groups);

  ASSERT_THAT(listed.groups, SizeIs(1));
  EXPECT_EQ(listed.groups[0].id, "a");
  EXPECT_THAT(listed.unread, ElementsAre(HasReason(Reason::kCorruptBatch)));
  EXPECT_THAT(ListStoredTransactions(ids).unread,
              ElementsAre(HasReason(Reason::kCorruptBatch)));
}

}  // namespace
}  // namespace cauce
