#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>
#include <vector>

#include "cauce/engine.h"
#include "cauce/env.h"
#include "cauce/partition.h"
#include "tests/engine/facade/counted_engine.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/on_time.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Runs what it was given one by one, in order, when it is told to, however long
// that was to wait.
class InOrder final : public Executor {
 public:
  void Schedule(Task task) override { tasks_.push_back(std::move(task)); }
  void ScheduleAfter(absl::Duration, Task task) override {
    Schedule(std::move(task));
  }
  void RunOne() {
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    std::move(task)();
  }

 private:
  std::deque<Task> tasks_;
};

class EngineUpkeep : public test::CountedEngine {
 protected:
  static constexpr int kPartitions = 20;

  // With unsynced records in each partition, whose syncs take so long that a
  // round has many turns.
  void OpenWithMuchToDo() {
    auto opened = Engine::Open(
        "/data",
        {.file_system = &files_, .clock = &clock_, .executor = &executor_});
    ASSERT_THAT(opened, IsOk());
    engine_ = *std::move(opened);
    ASSERT_THAT(
        engine_->CreateTopic("orders", {.partitions = kPartitions,
                                        .configs = {{"cauce.flush", "os"}}}),
        IsOk());
    for (int32_t i = 0; i < kPartitions; ++i) Append(i);
    files_.set_during(FileCall::kSync, ".log",
                      [&] { clock_.Advance(absl::Milliseconds(30)); });
  }
  int SyncedLogs() const { return files_.Count(FileCall::kSync, ".log"); }
  void Close() {
    ASSERT_THAT(engine_->Close(), IsOk());
    engine_.reset();
  }

  InOrder executor_;
};

// An executor of one thread also syncs what appends wait for.
TEST_F(EngineUpkeep, LetsOthersOfItsExecutorInBetween) {
  OpenWithMuchToDo();
  const int before = SyncedLogs();
  int synced_when_asked = -1;
  executor_.RunOne();
  executor_.Schedule([&] { synced_when_asked = SyncedLogs() - before; });
  for (int i = 0; i < 2 * kPartitions; ++i) executor_.RunOne();

  EXPECT_GT(synced_when_asked, 0);
  EXPECT_LT(synced_when_asked, kPartitions);
  EXPECT_EQ(SyncedLogs() - before, kPartitions);
  Close();
}

TEST_F(EngineUpkeep, SavesBoundsOnceARoundHoweverManyTurnsItTakes) {
  OpenWithMuchToDo();
  const auto saves = [&] {
    return files_.Count(FileCall::kRename,
                        "recovery-point-offset-checkpoint.tmp");
  };
  const int before = saves();
  const int synced_before = SyncedLogs();
  int turns = 0;
  // Until all is synced, and once around behind that.
  for (; SyncedLogs() - synced_before < kPartitions; ++turns) {
    executor_.RunOne();
  }
  for (int i = 0; i < 2 * kPartitions; ++i) executor_.RunOne();

  EXPECT_GT(turns, 3);
  // One round checkpoints and one looks for what to delete.
  EXPECT_GE(saves() - before, 1);
  EXPECT_LE(saves() - before, 2);
  Close();
}

TEST_F(EngineUpkeep, ClosesNoFileThatWasUsedSinceTheRoundBefore) {
  OpenWithMuchToDo();
  std::vector<Partition> handles;
  for (int32_t i = 0; i < kPartitions; ++i) {
    handles.push_back(engine_->OpenPartition("orders", PartitionId{i}).value());
  }
  const int before = files_.Count(FileCall::kOpen, ".log");
  const int synced_before = SyncedLogs();
  while (SyncedLogs() - synced_before < kPartitions) executor_.RunOne();
  for (int32_t i = 0; i < kPartitions; ++i) Append(i);
  EXPECT_EQ(files_.Count(FileCall::kOpen, ".log"), before);
  handles.clear();
  Close();
}

TEST_F(EngineUpkeep, OpensWhatMayHaveSomethingToDoAndNothingElse) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 50}), IsOk());
  ASSERT_THAT(
      engine_->CreateTopic(
          "kept", {.partitions = 50, .configs = {{"retention.ms", "-1"}}}),
      IsOk());
  for (int32_t i = 0; i < 10; ++i) Append(i);
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(Open(), IsOk());

  // Once each log is looked at, and then let go.
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  int before = Opens();
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(Opens(), before);

  // Until its records are too old.
  clock_.Advance(absl::Hours(24 * 8));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_GT(Opens(), before);
  auto first = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->log_start(), Offset{1});
}

TEST_F(EngineUpkeep, OpensNothingOfWhichTheLastCloseHasNotedTheAge) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.partitions = kPartitions,
                             .configs = {{"internal.segment.bytes", "1"}}}),
              IsOk());
  for (int32_t i = 0; i < kPartitions; ++i) Append(i, 3);
  Close();
  for (int times = 0; times < 2; ++times) {
    ASSERT_THAT(Open(), IsOk());
    const int opens = Opens();
    const int lists = files_.Count(FileCall::kList, "");
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    EXPECT_EQ(Opens(), opens);
    EXPECT_EQ(files_.Count(FileCall::kList, ""), lists);
    Close();
  }
}

// A look found nothing to do while it was dormant, and a handle was there.
TEST_F(EngineUpkeep, LooksAgainAtWhatWasWokenSince) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "1"},
                                         {"retention.bytes", "100"},
                                         {"file.delete.delay.ms", "0"}}}),
              IsOk());
  Append(0);
  Close();
  // What was changed by that close itself is not known for certain.
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->OpenPartition("orders", PartitionId{0}), IsOk());
  Close();
  clock_.Advance(absl::Minutes(1));
  test::OnTime executor(clock_);
  auto opened = Engine::Open(
      "/data",
      {.file_system = &files_, .clock = &clock_, .executor = &executor});
  ASSERT_THAT(opened, IsOk());
  engine_ = *std::move(opened);
  const auto rounds_after = [&](absl::Duration time) {
    clock_.Advance(time);
    executor.RunDue();
  };
  {
    auto handle = engine_->OpenPartition("orders", PartitionId{0});
    ASSERT_THAT(handle, IsOk());
    rounds_after(absl::Minutes(5));
    const Record record{.key = "k", .value = "v"};
    for (int i = 0; i < 9; ++i) {
      ASSERT_THAT(handle->Append({&record, 1}), IsOk());
    }
  }
  // Nobody has a handle any more: one round closes it, the other deletes.
  rounds_after(absl::Minutes(1));
  rounds_after(absl::Minutes(5));
  const auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_GT(orders->log_start(), Offset{0});
  Close();
  executor.DropAll();
}

// Two segments that are a week from being too old, and a bit.
TEST_F(EngineUpkeep, DeletesNothingByAgeWhileTheTimeOfDayHasJumped) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "100"}}}),
              IsOk());
  Append(0, 4);
  const auto start = [&] {
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    return orders->log_start();
  };
  for (const absl::Duration jump : {absl::Hours(24 * 3650), absl::Hours(25)}) {
    clock_.Set(jump);
    for (int i = 0; i < 3; ++i) ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    EXPECT_EQ(start(), Offset{0});
    EXPECT_THAT(events_, ElementsAre(HasSubstr("too old by both")));
    clock_.Set(-jump);
    ASSERT_THAT(engine_->RunUpkeep(), IsOk());
    EXPECT_EQ(start(), Offset{0});
    EXPECT_EQ(events_.size(), 2u);
    events_.clear();
  }
  // Back, where nothing would be too old, and then as it should go on.
  clock_.Set(-absl::Hours(24 * 365));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(start(), Offset{0});
  clock_.Set(absl::Hours(24 * 365));
  clock_.Advance(absl::Hours(24 * 8));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(start(), Offset{4});
}

// By what has passed since it was opened, whatever the time of day is set to.
TEST_F(EngineUpkeep, DeletesWhatIsTooOldByBothThoughTheTimeOfDayHasJumped) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "100"}}}),
              IsOk());
  const auto start = [&] {
    auto orders = engine_->OpenPartition("orders", PartitionId{0});
    EXPECT_THAT(orders, IsOk());
    return orders->log_start();
  };
  Append(0, 4);
  clock_.Set(absl::Hours(24 * 3650));
  clock_.Advance(absl::Hours(24 * 6));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(start(), Offset{0});
  clock_.Advance(absl::Hours(24 * 2));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(start(), Offset{4});
  // What was appended meanwhile is of another time.
  Append(0, 4);
  clock_.Advance(absl::Hours(24 * 8));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_EQ(start(), Offset{4});
}

TEST_F(EngineUpkeep, DeletesBySizeThoughTheTimeOfDayHasJumped) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic(
                  "orders", {.configs = {{"internal.segment.bytes", "100"},
                                         {"retention.bytes", "100"}}}),
              IsOk());
  Append(0, 8);
  clock_.Set(absl::Hours(48));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_GT(orders->log_start(), Offset{0});
  EXPECT_LT(orders->log_start(), Offset{8});
}

TEST_F(EngineUpkeep, BelievesTheTimeOfDayAnewWhenItIsOpenedAgain) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders"), IsOk());
  Append(0);
  clock_.Set(absl::Hours(24 * 8));
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  ASSERT_THAT(engine_->Close(), IsOk());
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  auto orders = engine_->OpenPartition("orders", PartitionId{0});
  ASSERT_THAT(orders, IsOk());
  EXPECT_EQ(orders->log_start(), Offset{1});
}

TEST_F(EngineUpkeep, AMissingPartitionIsReportedOnce) {
  Leaves(test::Left::kDamaged);
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(engine_->CreateTopic("orders", {.partitions = 2}), IsOk());
  Append(0);
  ASSERT_THAT(engine_->Close(), IsOk());
  const auto inside = files_.List("/data/orders-1");
  ASSERT_THAT(inside, IsOk());
  for (const auto& entry : *inside) {
    ASSERT_THAT(files_.RemoveFile("/data/orders-1/" + entry.name), IsOk());
  }
  ASSERT_THAT(files_.RemoveDirectory("/data/orders-1"), IsOk());

  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1")));
  for (int i = 0; i < 3; ++i) ASSERT_THAT(engine_->RunUpkeep(), IsOk());
  EXPECT_THAT(events_, ElementsAre(HasSubstr("orders-1")));
}

}  // namespace
}  // namespace cauce
