#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "tests/engine/backup/backup_rig.h"

namespace cauce::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A backup of topic orders: one record in the second of two partitions, of
// which a group has read it.
class Restores : public Backups {
 protected:
  Restores() {
    auto source = OpenAt(*files_, "/data");
    EXPECT_THAT(source->engine()->CreateTopic("orders", {.partitions = 2}),
                IsOk());
    Append(*source, "orders", 1, "k", "v");
    EXPECT_THAT(source->NewAdmin().value()->AlterGroupOffsets(
                    "billing", {{{"orders", PartitionId{1}}, {.offset = {1}}}}),
                IsOk());
    EXPECT_THAT(BackupTopic("/data", "orders", "/backups/one", ToFiles()),
                IsOk());
  }

  static std::vector<std::string> TopicsOf(Client& client) {
    std::vector<std::string> names;
    const auto topics = client.engine()->ListTopics();
    for (const TopicDescription& each : topics.value())
      if (!each.internal) names.push_back(each.name);
    return names;
  }
};

TEST_F(Restores, TakeTheBackupIntoARunningEngineThatGoesOn) {
  auto target = OpenAt(*files_, "/other");
  Partition before = [&] {
    EXPECT_THAT(target->engine()->CreateTopic("mine"), IsOk());
    return PartitionOf(*target, "mine", 0);
  }();

  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              IsOk());

  Append(*target, "mine", 0, "k", "v");
  Append(*target, "orders", 1, "k", "w");
  EXPECT_EQ(before.log_end(), Offset{1});
  EXPECT_THAT(ReadAll(PartitionOf(*target, "orders", 1)),
              ::testing::ElementsAre("0:v", "1:w"));
  EXPECT_THAT(target->Close(), IsOk());
  // And is there for the next.
  auto again = OpenAt(*files_, "/other");
  EXPECT_EQ(PartitionOf(*again, "orders", 1).log_end(), Offset{2});
}

TEST_F(Restores, RefuseATopicThatIsThereAndChangeNothing) {
  auto source = OpenAt(*files_, "/data");

  EXPECT_THAT(RestoreTopic(*source->engine(), "/backups/one", FromFiles()),
              HasReason(Reason::kTopicExists));

  EXPECT_THAT(ReadAll(PartitionOf(*source, "orders", 1)),
              ::testing::ElementsAre("0:v"));
}

TEST_F(Restores, ToAnotherNameInTheSameDirectoryAreATopicOfItsOwn) {
  auto source = OpenAt(*files_, "/data");
  RestoreOptions options = FromFiles();
  options.name = "copy";

  ASSERT_THAT(RestoreTopic(*source->engine(), "/backups/one", options), IsOk());

  Append(*source, "copy", 1, "k", "w");
  EXPECT_EQ(PartitionOf(*source, "orders", 1).log_end(), Offset{1});
  EXPECT_NE(source->engine()->DescribeTopic("copy")->id,
            source->engine()->DescribeTopic("orders")->id);
  EXPECT_THAT(source->Close(), IsOk());
  std::vector<std::string> events;
  OpenAt(*files_, "/data", &events);
  EXPECT_THAT(events, IsEmpty());
}

TEST_F(Restores, OfABackupThatWasChangedLeaveNothing) {
  const std::string path = "/backups/one/orders-1/00000000000000000000.log";
  {
    const auto file = files_->Open(path, OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(30, "x"), IsOk());
  }
  auto target = OpenAt(*files_, "/other");

  const auto changed =
      RestoreTopic(*target->engine(), "/backups/one", FromFiles());
  ASSERT_THAT(files_->RemoveFile(path), IsOk());
  const auto gone =
      RestoreTopic(*target->engine(), "/backups/one", FromFiles());

  EXPECT_THAT(changed, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(MessageOf(changed.status()), HasSubstr(path));
  EXPECT_THAT(gone, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(TopicsOf(*target), IsEmpty());
  EXPECT_THAT(target->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  EXPECT_EQ(PartitionOf(*target, "orders", 1).log_end(), Offset{0});
}

TEST_F(Restores, WhereAGroupHasMembersAreRefusedUnlessOffsetsAreLeftOut) {
  auto target = OpenAt(*files_, "/other");
  ASSERT_THAT(target->engine()->CreateTopic("mine"), IsOk());
  auto member = target->NewConsumer({.group = "billing"}).value();
  ASSERT_THAT(member->Subscribe({"mine"}), IsOk());
  ASSERT_THAT(member->Poll(absl::ZeroDuration()), IsOk());

  const auto refused =
      RestoreTopic(*target->engine(), "/backups/one", FromFiles());
  RestoreOptions without = FromFiles();
  without.group_offsets = GroupOffsets::kLeaveOut;
  const auto restored =
      RestoreTopic(*target->engine(), "/backups/one", without);

  EXPECT_THAT(refused, HasReason(Reason::kUnknownMemberId));
  EXPECT_THAT(MessageOf(refused.status()), HasSubstr("billing"));
  EXPECT_THAT(restored, IsOk());
}

TEST_F(Restores, ThatEndEarlyLeaveNothingAndMayBeginAnew) {
  RestoreOptions options = FromFiles();
  options.progress = [](const BackupProgress& far) {
    return far.bytes == far.bytes_total ? absl::CancelledError("enough")
                                        : absl::OkStatus();
  };
  auto target = OpenAt(*files_, "/other");

  EXPECT_THAT(RestoreTopic(*target->engine(), "/backups/one", options),
              StatusIs(absl::StatusCode::kCancelled));

  EXPECT_THAT(TopicsOf(*target), IsEmpty());
  EXPECT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              IsOk());
}

TEST_F(Restores, StoreWhereAGroupIsHoweverMuchThatTakes) {
  // Of one group, more than a batch of its coordinator's topic takes.
  constexpr int32_t kPartitions = 300;
  const std::string metadata(4096, 'm');
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(
      source->engine()->CreateTopic("wide", {.partitions = kPartitions}),
      IsOk());
  const auto admin = source->NewAdmin().value();
  for (int32_t i = 0; i < kPartitions; ++i) {
    const TopicPartition each{"wide", PartitionId{i}};
    ASSERT_THAT(
        admin->AlterGroupOffsets(
            "billing", {{each, {.offset = {i}, .metadata = metadata}}}),
        IsOk());
  }
  ASSERT_THAT(BackupTopic("/data", "wide", "/backups/wide", ToFiles()), IsOk());
  auto target = OpenAt(*files_, "/other");

  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/wide", FromFiles()),
              IsOk());

  const auto offsets = target->NewAdmin().value()->ListGroupOffsets("billing");
  ASSERT_THAT(offsets, IsOk());
  ASSERT_EQ(offsets->size(), static_cast<size_t>(kPartitions));
  for (const auto& [partition, group] : *offsets) {
    EXPECT_EQ(group.committed->offset, Offset{partition.partition.value});
    EXPECT_EQ(group.committed->metadata, metadata);
  }
}

}  // namespace
}  // namespace cauce::test
