// Repairs a directory whose records are in memory only, after a sync that
// failed, and cuts the power: what the repair found whole is on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "cauce/cursor.h"
#include "cauce/engine.h"
#include "cauce/errors.h"
#include "cauce/record_batch.h"
#include "cauce/repair.h"
#include "tests/testing/choices.h"
#include "tests/testing/faulty_disk.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::AlikeButOne;
using test::DiskCall;
using test::FaultyDisk;
using test::HasReason;
using test::IsOk;

constexpr char kDirectory[] = "/data";

class SyncFailed : public ::testing::Test {
 protected:
  absl::StatusOr<Engine> Open() {
    return Engine::Open(kDirectory, {.file_system = &disk_, .clock = &clock_});
  }

  // One record that is durable, and one whose sync failed.
  void Write() {
    auto engine = Open();
    ASSERT_THAT(engine, IsOk());
    ASSERT_THAT(engine->CreateTopic("orders", {}), IsOk());
    auto partition = engine->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(partition, IsOk());
    const Record record = {.value = "a"};
    ASSERT_THAT(partition->Append({&record, 1}, {Ack::kDurable}), IsOk());
    disk_.set_plan([](DiskCall call, std::string_view path, int64_t) {
      return call == DiskCall::kSync && path.ends_with(".log")
                 ? MakeError(Reason::kDiskFailed, "no")
                 : absl::OkStatus();
    });
    EXPECT_THAT(partition->Append({&record, 1}, {Ack::kDurable}),
                HasReason(Reason::kDiskFailed));
    EXPECT_FALSE(engine->Close().ok());
    disk_.set_plan(nullptr);
  }

  int64_t RecordsBehindAPowerCut() {
    disk_.CutNow();
    AlikeButOne nothing(AlikeButOne::Answer::kFirst);
    disk_.Restart(nothing);
    auto engine = Open();
    EXPECT_THAT(engine, IsOk());
    auto partition = engine->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(partition, IsOk());
    Cursor cursor = partition->Read(Offset{0});
    int64_t records = 0;
    RecordBatch batch;
    for (;; records += batch.record_count()) {
      const auto more = cursor.NextBatch(&batch);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) break;
    }
    EXPECT_THAT(engine->Close(), IsOk());
    return records;
  }

  test::SimClock clock_;
  FaultyDisk disk_{clock_};
};

TEST_F(SyncFailed, ARepairBringsToTheDiskWhatItCallsWhole) {
  ASSERT_NO_FATAL_FAILURE(Write());
  ASSERT_THAT(RepairDirectory(disk_, kDirectory, {}), IsOk());
  EXPECT_EQ(RecordsBehindAPowerCut(), 2);
}

// Without one it is the recovery that decides.
TEST_F(SyncFailed, ThePowerTakesWhatNobodyWroteAgain) {
  ASSERT_NO_FATAL_FAILURE(Write());
  EXPECT_EQ(RecordsBehindAPowerCut(), 1);
}

}  // namespace
}  // namespace cauce
