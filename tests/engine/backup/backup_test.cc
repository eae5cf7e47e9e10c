#include "cauce/backup.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/test_producer.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Backups, HoldEveryByteOfATopicOfAllKinds) {
  // Several segments of which the first records are deleted; none; and
  // transactions.
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "orders", {.partitions = 3,
                             .configs = {{"segment.bytes", "1048576"},
                                         {"index.interval.bytes", "100"}}}),
              IsOk());
  const std::string large(300'000, 'v');
  for (int i = 0; i < 40; ++i) Append(*source, "orders", 0, "k", large);
  ASSERT_THAT(PartitionOf(*source, "orders", 0).DeleteRecordsBefore({11}),
              IsOk());
  Partition third = PartitionOf(*source, "orders", 2);
  TestProducer producer(7);
  ASSERT_THAT(third.Append(producer.InTransaction({"a", "b"}).view()), IsOk());
  ASSERT_THAT(third.EndTransaction(producer.Abort()), IsOk());
  ASSERT_THAT(third.Append(producer.InTransaction({"c"}).view()), IsOk());
  ASSERT_THAT(third.EndTransaction(producer.Commit()), IsOk());

  const auto backup = BackupTopic("/data", "orders", "/backups/one", ToFiles());
  ASSERT_THAT(backup, IsOk());
  auto target = OpenAt(*files_, "/other");
  const auto restored =
      RestoreTopic(*target->engine(), "/backups/one", FromFiles());

  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(backup->partitions[0], (OffsetRange{{11}, {40}}));
  EXPECT_EQ(backup->partitions[1], (OffsetRange{{0}, {0}}));
  EXPECT_EQ(backup->partitions[2], (OffsetRange{{0}, {5}}));
  EXPECT_THAT(backup->transactions, IsEmpty());
  for (int32_t p = 0; p < 3; ++p) {
    EXPECT_EQ(ReadAll(PartitionOf(*target, "orders", p)),
              ReadAll(PartitionOf(*source, "orders", p)));
  }
  EXPECT_THAT(ReadAll(PartitionOf(*target, "orders", 2),
                      Isolation::kReadCommitted),
              ElementsAre("3:c"));
  EXPECT_EQ(target->engine()->DescribeTopic("orders")->configs,
            source->engine()->DescribeTopic("orders")->configs);
  EXPECT_THAT(source->Close(), IsOk());
  EXPECT_THAT(target->Close(), IsOk());
  for (int32_t p = 0; p < 3; ++p) ExpectSameFiles("orders", p, "orders");
}

TEST_F(Backups, HoldACompactedTopicWithItsGaps) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "state", {.configs = {{"cleanup.policy", "compact"},
                                        {"segment.bytes", "1048576"}}}),
              IsOk());
  const std::string large(100'000, 'v');
  for (int i = 0; i < 100; ++i)
    Append(*source, "state", 0, "k" + std::to_string(i % 3), large);
  ASSERT_THAT(PartitionOf(*source, "state", 0).Compact(), IsOk());
  // Who says no more that it is compacted has the gaps all the same.
  ASSERT_THAT(
      source->engine()->AlterTopic("state", {{"cleanup.policy", "delete"}}),
      IsOk());

  ASSERT_THAT(BackupTopic("/data", "state", "/backups/one", ToFiles()), IsOk());
  auto target = OpenAt(*files_, "/other");
  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              IsOk());

  const auto values = ReadAll(PartitionOf(*target, "state", 0));
  EXPECT_LT(values.size(), 50u);
  EXPECT_EQ(values, ReadAll(PartitionOf(*source, "state", 0)));
  EXPECT_THAT(source->Close(), IsOk());
  EXPECT_THAT(target->Close(), IsOk());
  ExpectSameFiles("state", 0, "state");
}

TEST_F(Backups, GetBackAProducersNextBatchesAndItsOpenTransaction) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  Partition partition = PartitionOf(*source, "orders", 0);
  TestProducer idempotent(7);
  TestProducer transactional(8, 3);
  // One that has written lately, so that it is remembered.
  const Timestamp now = Timestamp::From(SystemClock()->Now());
  const OwnedBatch last = idempotent.Plain({"a"}, now);
  ASSERT_THAT(partition.Append(last.view()), IsOk());
  ASSERT_THAT(partition.Append(transactional.InTransaction({"b"}).view()),
              IsOk());
  ASSERT_THAT(source->Close(), IsOk());

  const auto backup = BackupTopic("/data", "orders", "/backups/one", ToFiles());
  ASSERT_THAT(backup, IsOk());
  auto target = OpenAt(*files_, "/other");
  ASSERT_THAT(RestoreTopic(*target->engine(), "/backups/one", FromFiles()),
              IsOk());

  EXPECT_THAT(backup->transactions,
              ElementsAre(BackupTransaction{
                  PartitionId{0}, ProducerId{8}, 3, Offset{1}}));
  Partition restored = PartitionOf(*target, "orders", 0);
  // A retry appends nothing; an older instance is fenced; the transaction holds
  // readers back until it ends.
  EXPECT_EQ(restored.Append(last.view())->base, Offset{0});
  EXPECT_EQ(restored.log_end(), Offset{2});
  EXPECT_THAT(restored.Append(TestProducer(8, 2).InTransaction({"x"}).view()),
              HasReason(Reason::kInvalidProducerEpoch));
  EXPECT_THAT(ReadAll(restored, Isolation::kReadCommitted),
              ElementsAre("0:a"));
  EXPECT_THAT(restored.EndTransaction(transactional.Commit()), IsOk());
  EXPECT_THAT(ReadAll(restored, Isolation::kReadCommitted),
              ElementsAre("0:a", "1:b"));
}

TEST_F(Backups, OfATopicThatIsMadeAgainMeanwhileAreRefused) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders", {.partitions = 2}),
              IsOk());
  Append(*source, "orders", 1, "k", "v");
  BackupOptions options = ToFiles();
  bool done = false;
  options.progress = [&](const BackupProgress&) -> absl::Status {
    if (std::exchange(done, true)) return absl::OkStatus();
    EXPECT_THAT(source->engine()->DeleteTopic("orders"), IsOk());
    return source->engine()
        ->CreateTopic("orders", {.partitions = 2})
        .status();
  };

  EXPECT_THAT(BackupTopic("/data", "orders", "/backups/one", options),
              HasReason(Reason::kUnknownTopic));
}

// Nothing reads an older segment again once it is copied, but for the checksum
// in the manifest, which everybody believes.
TEST_F(Backups, VouchForNoByteThatHasChangedSinceItWasCopied) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "orders", {.configs = {{"segment.bytes", "1048576"}}}),
              IsOk());
  const std::string large(400'000, 'v');
  for (int i = 0; i < 10; ++i) Append(*source, "orders", 0, "k", large);
  // The first of five, right behind the last copy.
  const std::string oldest =
      "/backups/one/orders-0/00000000000000000000.log";
  FailingFileSystem target(*files_);
  bool done = false;
  target.set_during(FileCall::kRename, "cauce.topics.tmp", [&] {
    if (std::exchange(done, true)) return;
    const auto file = files_->Open(oldest, OpenMode::kReadWrite);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(500, "x"), IsOk());
  });
  BackupOptions options = ToFiles();
  options.target_file_system = &target;

  const auto refused = BackupTopic("/data", "orders", "/backups/one", options);
  const auto again = BackupTopic("/data", "orders", "/backups/one", options);

  ASSERT_TRUE(done);
  EXPECT_THAT(refused, HasReason(Reason::kCorruptFile));
  EXPECT_THAT(MessageOf(refused.status()), HasSubstr(oldest));
  EXPECT_THAT(again, IsOk());
  EXPECT_THAT(VerifyBackup(*files_, "/backups/one", {}), IsOk());
}

}  // namespace
}  // namespace cauce::test
