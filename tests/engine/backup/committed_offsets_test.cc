#include "engine/backup/committed_offsets.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "tests/engine/backup/backup_rig.h"

namespace cauce::test {
namespace {

using ::testing::SizeIs;

class CommittedOffsets : public Backups {};

TEST_F(CommittedOffsets, HoldWhereGroupsAre) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  ASSERT_THAT(source->engine()->CreateTopic("other"), IsOk());
  for (int i = 0; i < 5; ++i) Append(*source, "orders", 1, "k", "v");
  auto admin = source->NewAdmin().value();
  const TopicPartition second = {"orders", PartitionId{1}};
  const std::string odd = std::string("g\n\0 ", 4);
  for (const std::string& group : {std::string("billing"), odd}) {
    ASSERT_THAT(
        admin->AlterGroupOffsets(
            group, {{second, {.offset = {3}, .metadata = "m\n "}},
                    {{"other", PartitionId{0}}, {.offset = {0}}}}),
        IsOk());
  }

  const auto backup = BackupTopic("/data", "orders", "/backups/one", ToFiles());
  ASSERT_THAT(backup, IsOk());
  auto target = OpenAt(*files_, "/other");
  RestoreOptions options = FromFiles();
  options.name = "again";
  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/one", options), IsOk());

  EXPECT_EQ(backup->offsets, 2);
  auto restored = target->NewAdmin().value();
  for (const std::string& group : {std::string("billing"), odd}) {
    const auto offsets = restored->ListGroupOffsets(group);
    ASSERT_THAT(offsets, IsOk());
    ASSERT_THAT(*offsets, SizeIs(1));
    const auto& [name, at] = *offsets->begin();
    EXPECT_EQ(name, (TopicPartition{"again", PartitionId{1}}));
    EXPECT_EQ(at.committed->offset, Offset{3});
    EXPECT_EQ(at.committed->metadata, "m\n ");
    EXPECT_EQ(at.lag(), 2);
  }
}

TEST_F(CommittedOffsets, OfATransactionThatIsOpenDoNotCount) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  for (int i = 0; i < 5; ++i) Append(*source, "orders", 0, "k", "v");
  const TopicPartition first = {"orders", PartitionId{0}};
  ASSERT_THAT(source->NewAdmin().value()->AlterGroupOffsets(
                  "billing", {{first, {.offset = {1}}}}),
              IsOk());
  auto consumer = source->NewConsumer({.group = "billing"}).value();
  auto producer =
      source->NewProducer({.transactional_id = "copy"}).value();
  ASSERT_THAT(producer->InitTransactions(), IsOk());
  ASSERT_THAT(producer->BeginTransaction(), IsOk());
  ASSERT_THAT(consumer->Assign({first}), IsOk());
  ASSERT_THAT(producer->SendOffsetsToTransaction({{first, {.offset = {4}}}},
                                                 consumer->group_metadata()),
              IsOk());

  const auto open = ReadCommittedOffsets(
      *source->engine(), source->engine()->DescribeTopic("orders").value());
  ASSERT_THAT(producer->CommitTransaction(), IsOk());
  const auto ended = ReadCommittedOffsets(
      *source->engine(), source->engine()->DescribeTopic("orders").value());

  ASSERT_THAT(open, IsOk());
  ASSERT_THAT(*open, SizeIs(1));
  EXPECT_EQ(open->front().offset, Offset{1});
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->front().offset, Offset{4});
}

TEST_F(CommittedOffsets, OfAnOlderTopicOfTheNameAreLeftOut) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  ASSERT_THAT(source->NewAdmin().value()->AlterGroupOffsets(
                  "billing", {{{"orders", PartitionId{0}}, {.offset = {1}}}}),
              IsOk());
  ASSERT_THAT(source->engine()->DeleteTopic("orders"), IsOk());
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());

  EXPECT_THAT(ReadCommittedOffsets(
                  *source->engine(),
                  source->engine()->DescribeTopic("orders").value()),
              IsOkAndHolds(SizeIs(0)));
}

}  // namespace
}  // namespace cauce::test
