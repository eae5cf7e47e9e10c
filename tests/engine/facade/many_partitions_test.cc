// What an engine does for many partitions and segments after a kill, counted in
// calls of the file system.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cauce/cursor.h"
#include "cauce/errors.h"
#include "engine/catalog/checkpoint_file.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

class ManyPartitions : public test::CountedEngine {};

TEST_F(ManyPartitions, ThoseThatHoldNothingCostNothingAfterAKill) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 500}), IsOk());
  Append(7);
  Kill();
  const int before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - before, 12);
  Append(7);
  Append(8);
}

TEST_F(ManyPartitions, RollsThatWereSyncedAreNotSyncedAgainAfterAKill) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  int before = Syncs();
  Append(0, 400);
  // Four a roll (log, two indexes, name), one for the record, and now and then
  // the recovery points.
  EXPECT_LE(Syncs() - before, 400 * 5 + 400 / 16 * 3);
  Kill();

  before = Syncs();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(Syncs() - before, 40);
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_end(), Offset{400});
}

TEST_F(ManyPartitions, TheRecoveryPointFollowsWhatIsAppendedAndSynced) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  const std::string value(900'000, 'v');
  const Record record{.value = value};
  for (int i = 0; i < 100; ++i) {
    auto to = engine_->OpenPartition("orders", PartitionId{i % 2});
    ASSERT_THAT(to, IsOk());
    ASSERT_THAT(to->Append({&record, 1}), IsOk());
  }
  Kill();

  // Saved once, at 64 MiB of both together, which is the 75th record.
  const auto points = ReadOffsetCheckpoint(files_, "/data", kRecoveryPointFile);
  ASSERT_THAT(points, IsOk());
  EXPECT_EQ(points->at({"orders", PartitionId{0}}), Offset{38});
  EXPECT_EQ(points->at({"orders", PartitionId{1}}), Offset{37});
  // The index of each was saved at 32 MiB, its 38th record: what lies above
  // the point is written back, and not much more is read.
  const auto calls = [this](FileCall call) {
    return files_.Count(call, ".log");
  };
  const int writes = calls(FileCall::kWrite);
  const int reads = calls(FileCall::kRead);
  ASSERT_THAT(Open(), IsOk());
  EXPECT_LE(calls(FileCall::kWrite) - writes, 25);
  EXPECT_LE(calls(FileCall::kRead) - reads, 25 * 3);
  for (int32_t p = 0; p < 2; ++p) {
    auto partition = engine_->OpenPartition("orders", PartitionId{p});
    ASSERT_THAT(partition, IsOk());
    EXPECT_EQ(partition->log_end(), Offset{50});
  }
}

TEST_F(ManyPartitions, ARecoveryThatIsKilledAgainAndAgainGetsThere) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = 40,
                             .configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  for (int32_t i = 0; i < 40; ++i) Append(i, 20);
  Kill();
  // As if nobody had known how far they were durable.
  ASSERT_THAT(files_.RemoveFile("/data/recovery-point-offset-checkpoint"),
              IsOk());
  // Each run has so little time that no run alone could do it.
  int runs = 1;
  for (;; ++runs) {
    ASSERT_LT(runs, 100);
    files_.FailAfter(400);
    const absl::Status opened = Open();
    if (opened.ok()) break;
    ASSERT_THAT(opened, HasReason(Reason::kDiskFailed));
    files_.Mend();
  }
  files_.Mend();
  EXPECT_GT(runs, 4);
  for (int32_t i = 0; i < 40; ++i) {
    auto partition = engine_->OpenPartition("orders", PartitionId{i});
    ASSERT_THAT(partition, IsOk());
    EXPECT_EQ(partition->log_end(), Offset{20});
    Cursor cursor = partition->Read(Offset{0});
    RecordView record;
    for (int n = 0; n < 20; ++n) {
      ASSERT_THAT(cursor.Next(&record), IsOkAndHolds(true));
    }
  }
}

}  // namespace
}  // namespace cauce
