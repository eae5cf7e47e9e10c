#include "engine/backup/partition_copy.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cauce/backup.h"
#include "cauce/env.h"
#include "cauce/errors.h"
#include "engine/backup/file_copy.h"
#include "tests/engine/backup/backup_rig.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/test_producer.h"

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

// A log whose last records cannot be read any more.
enum class LostEnd { kDamaged, kCutOff, kZeros };

std::string NameOf(const ::testing::TestParamInfo<LostEnd>& info) {
  switch (info.param) {
    case LostEnd::kDamaged: return "Damaged";
    case LostEnd::kCutOff: return "CutOff";
    case LostEnd::kZeros: return "Zeros";
  }
  return "";
}

class PartitionCopiesOfALostEnd
    : public Backups,
      public ::testing::WithParamInterface<LostEnd> {};

TEST_P(PartitionCopiesOfALostEnd, GiveNoOffsetAway) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  for (int i = 0; i < 10; ++i) Append(*source, "orders", 0, "k", "value");
  ASSERT_THAT(source->NewAdmin().value()->AlterGroupOffsets(
                  "billing", {{{"orders", PartitionId{0}}, {.offset = {10}}}}),
              IsOk());
  ASSERT_THAT(source->Close(), IsOk());
  {
    // The last three batches, which are as long as the others.
    const auto file = files_->Open("/data/orders-0/00000000000000000000.log",
                                   OpenMode::kReadWrite);
    const int64_t bytes = (*file)->Size().value();
    const int64_t good = bytes / 10 * 7;
    if (GetParam() == LostEnd::kDamaged) {
      for (int64_t at = good + 40; at < bytes; at += bytes / 10)
        ASSERT_THAT((*file)->Write(at, "damage"), IsOk());
    } else {
      ASSERT_THAT((*file)->Truncate(good), IsOk());
    }
    if (GetParam() == LostEnd::kZeros) {
      ASSERT_THAT((*file)->Truncate(bytes), IsOk());
    }
  }
  BackupOptions skip = ToFiles();
  skip.on_damage = OnDamage::kSkip;

  const auto refused =
      BackupTopic("/data", "orders", "/backups/one", ToFiles());
  const auto taken = BackupTopic("/data", "orders", "/backups/one", skip);
  auto target = OpenAt(*files_, "/other");
  const auto restored =
      RestoreTopic(*target->engine(), "/backups/one", FromFiles());

  EXPECT_THAT(refused, HasReason(Reason::kCorruptBatch));
  ASSERT_THAT(taken, IsOk());
  EXPECT_THAT(taken->partitions, ElementsAre(OffsetRange{{0}, {10}}));
  EXPECT_THAT(taken->damaged,
              ElementsAre(TopicPartition{"orders", PartitionId{0}}));
  ASSERT_THAT(restored, IsOk());
  // The group, which has read all that there was, reads what comes next.
  Append(*target, "orders", 0, "k", "new");
  Cursor cursor = PartitionOf(*target, "orders", 0).Read({10});
  RecordView record;
  EXPECT_THAT(cursor.Next(&record), IsOkAndHolds(true));
  EXPECT_EQ(record.value, "new");
}

INSTANTIATE_TEST_SUITE_P(All, PartitionCopiesOfALostEnd,
                         ::testing::Values(LostEnd::kDamaged, LostEnd::kCutOff,
                                           LostEnd::kZeros),
                         NameOf);

TEST_F(PartitionCopies, KeepNoSnapshotThatCompactionHasRemovedMeanwhile) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic(
                  "state", {.configs = {{"cleanup.policy", "compact"},
                                        {"internal.segment.bytes", "400"}}}),
              IsOk());
  Partition state = PartitionOf(*source, "state", 0);
  TestProducer producer(7);
  const Timestamp now = Timestamp::From(SystemClock()->Now());
  for (int i = 0; i < 40; ++i) {
    ASSERT_THAT(state.Append(producer.Plain({"value"}, now).view()), IsOk());
  }
  ASSERT_GE(NamesIn(*files_, "/data/state-0", ".snapshot").size(), 2u);
  // Once snapshots are copied, this comes next.
  FailingFileSystem readers(*files_);
  int compactions = 0;
  readers.set_during(FileCall::kOpen, "leader-epoch-checkpoint", [&] {
    if (compactions++ == 1) {
      EXPECT_THAT(state.Compact(), IsOk());
    }
  });
  const auto engine = Engine::Open("/data", {.access = Access::kReadOnly,
                                             .create_if_missing = false,
                                             .file_system = &readers});
  ASSERT_THAT(engine, IsOk());
  ASSERT_THAT(files_->CreateDirectories("/copy"), IsOk());
  const BackupProgressSink no_sink;
  CopyMeter meter(no_sink);
  PartitionCopy copy({.engine = *engine,
                      .files = readers,
                      .directory = "/data",
                      .name = {"state", PartitionId{0}},
                      .may_have_gaps = true},
                     {*files_, "/copy"}, meter);

  ASSERT_THAT(copy.Run(), IsOk());

  EXPECT_GE(compactions, 2);
  EXPECT_EQ(NamesIn(*files_, "/copy", ".snapshot"),
            NamesIn(*files_, "/data/state-0", ".snapshot"));
}

// Codes that tell of a file that changes where a source answers them.
class PartitionCopiesThatOthersEnd
    : public Backups,
      public ::testing::WithParamInterface<absl::StatusCode> {};

TEST_P(PartitionCopiesThatOthersEnd, TellWhatTheyAnswered) {
  auto source = OpenAt(*files_, "/data");
  ASSERT_THAT(source->engine()->CreateTopic("orders"), IsOk());
  Append(*source, "orders", 0, "k", "value");
  const absl::Status enough(GetParam(), "enough");
  int asked = 0;
  BackupOptions watched = ToFiles();
  watched.progress = [&](const BackupProgress&) {
    ++asked;
    return enough;
  };
  FailingFileSystem target(*files_);
  target.Fail(FileCall::kWrite, ".log", enough);
  BackupOptions failing = ToFiles();
  failing.target_file_system = &target;
  RestoreOptions restoring = FromFiles();
  restoring.progress = watched.progress;

  EXPECT_EQ(BackupTopic("/data", "orders", "/backups/one", watched).status(),
            enough);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(BackupTopic("/data", "orders", "/backups/one", failing).status(),
            enough);
  EXPECT_EQ(target.Count(FileCall::kWrite, ".log"), 1);
  ASSERT_THAT(BackupTopic("/data", "orders", "/backups/one", ToFiles()),
              IsOk());
  auto other = OpenAt(*files_, "/other");
  EXPECT_EQ(
      RestoreTopic(*other->engine(), "/backups/one", restoring).status(),
      enough);
  EXPECT_EQ(VerifyBackup(*files_, "/backups/one", watched.progress).status(),
            enough);
}

INSTANTIATE_TEST_SUITE_P(
    Codes, PartitionCopiesThatOthersEnd,
    ::testing::Values(absl::StatusCode::kUnavailable,
                      absl::StatusCode::kNotFound),
    [](const auto& each) {
      return each.param == absl::StatusCode::kNotFound ? "NotFound"
                                                       : "Unavailable";
    });

}  // namespace
}  // namespace cauce::test
