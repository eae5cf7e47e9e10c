#include "engine/backup/partition_copy.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cauce/backup.h"
#include "cauce/errors.h"
#include "tests/engine/backup/backup_rig.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PartitionCopies : public Backups {};

TEST_F(PartitionCopies, BesideAWriterThatDeletesAndCompactsAreOfOneMoment) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "state", {.configs = {{"cleanup.policy", "compact"},
                                        {"segment.bytes", "1048576"}}}),
              IsOk());
  const std::string large(100'000, 'v');
  for (int i = 0; i < 100; ++i)
    Append(*source, "state", 0, "k" + std::to_string(i % 7), large);
  // In the midst of the copies, thrice.
  int left = 3;
  BackupOptions options = ToFiles();
  options.progress = [&](const BackupProgress&) -> absl::Status {
    if (left-- <= 0) return absl::OkStatus();
    for (int i = 0; i < 20; ++i)
      Append(*source, "state", 0, "k" + std::to_string(i % 7), large);
    Partition partition = PartitionOf(*source, "state", 0);
    EXPECT_THAT(partition.Compact(), IsOk());
    EXPECT_THAT(partition.DeleteRecordsBefore(partition.log_start() + 5),
                IsOk());
    return absl::OkStatus();
  };

  const auto backup = BackupTopic("/data", "state", "/backups/one", options);
  ASSERT_THAT(backup, IsOk());
  auto target = OpenAt(*files_, "/other");
  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              IsOk());

  EXPECT_LE(left, 0);
  EXPECT_EQ(ReadAll(PartitionOf(*target, "state", 0)),
            ReadAll(PartitionOf(*source, "state", 0)));
}

TEST_F(PartitionCopies, OfSegmentsThatChangeWithoutEndGiveUp) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "orders", {.configs = {{"segment.bytes", "1048576"}}}),
              IsOk());
  const std::string large(400'000, 'v');
  for (int i = 0; i < 10; ++i) Append(*source, "orders", 0, "k", large);
  BackupOptions options = ToFiles();
  options.progress = [&](const BackupProgress&) -> absl::Status {
    for (int i = 0; i < 4; ++i) Append(*source, "orders", 0, "k", large);
    Partition partition = PartitionOf(*source, "orders", 0);
    return partition.DeleteRecordsBefore(partition.log_end() + -2);
  };

  const auto backup = BackupTopic("/data", "orders", "/backups/one", options);

  EXPECT_THAT(backup, StatusIs(absl::StatusCode::kUnavailable,
                               HasSubstr("orders-0")));
  auto target = OpenAt(*files_, "/other");
  EXPECT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("did not end")));
}

TEST_F(PartitionCopies, OfDamageAreRefusedOrTakenAsItIs) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "orders", {.configs = {{"segment.bytes", "1048576"}}}),
              IsOk());
  const std::string large(400'000, 'v');
  for (int i = 0; i < 10; ++i) Append(*source, "orders", 0, "k", large);
  ASSERT_THAT(source->Close(), IsOk());
  {
    // In the second batch of the second segment.
    const auto file = files_->Open("/data/orders-0/00000000000000000002.log",
                                   OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write((*file)->Size().value() - 9, "x"), IsOk());
  }

  const auto refused =
      BackupTopic("/data", "orders", "/backups/one", ToFiles());
  BackupOptions skip = ToFiles();
  skip.on_damage = OnDamage::kSkip;
  const auto taken = BackupTopic("/data", "orders", "/backups/one", skip);
  auto target = OpenAt(*files_, "/other");
  const auto restored =
      RestoreTopic(*target->engine(), "/backups/one", FromFiles());

  EXPECT_THAT(refused, HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(MessageOf(refused.status()),
              HasSubstr("00000000000000000002.log"));
  ASSERT_THAT(taken, IsOk());
  EXPECT_THAT(taken->damaged,
              ElementsAre(TopicPartition{"orders", PartitionId{0}}));
  ASSERT_THAT(restored, IsOk());
  Partition partition = PartitionOf(*target, "orders", 0);
  EXPECT_EQ(partition.log_end(), Offset{10});
  Cursor cursor = partition.Read({3});
  RecordView record;
  EXPECT_THAT(cursor.Next(&record), HasReason(Reason::kCorruptBatch));
  EXPECT_THAT(cursor.SkipDamage(), IsOkAndHolds(Offset{4}));
}

}  // namespace
}  // namespace cauce::test
