#include "engine/facade/bounds_repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/catalog/checkpoint_file.h"
#include "engine/log/log_starts.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TopicPartition kA{"a", PartitionId{0}};
const TopicPartition kB{"b", PartitionId{0}};

constexpr auto kAll = SmallFileRepair::Scope::kAllPartitions;

class BoundsRepairTest : public ::testing::Test {
 protected:
  BoundsRepairTest() {
    CAUCE_CHECK(files_->CreateDirectories("/d/a-0").ok());
    CAUCE_CHECK(files_->CreateDirectories("/d/b-0").ok());
  }

  void Put(const std::string& name, std::string_view bytes) {
    const auto file = files_->Open("/d/" + name, OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }

  void Add(const TopicPartition& name, Offset start, Offset end,
           const std::string& why_start = "") {
    PartitionRepair partition{.name = name,
                              .directory = "/d/" + name.ToString()};
    partition.plan.log_start = start;
    partition.plan.end = end;
    partition.plan.why_start = why_start;
    partitions_.push_back(std::move(partition));
  }

  OffsetCheckpoint Saved(std::string_view name) {
    const auto saved = ReadOffsetCheckpoint(*files_, "/d", name);
    EXPECT_THAT(saved, IsOk());
    return saved.value_or(OffsetCheckpoint());
  }

  BoundsRepair Bounds() {
    return BoundsRepair(*files_, directory_, small_, partitions_);
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const std::string directory_ = "/d";
  SmallFileRepair small_{*files_, "/d"};
  std::vector<PartitionRepair> partitions_;
};

TEST_F(BoundsRepairTest, SavesTheStartsThatMoveAndKeepsTheOthers) {
  ASSERT_THAT(
      WriteLogStarts(*files_, directory_, {{kA, Offset{2}}, {kB, Offset{3}}}),
      IsOk());
  ASSERT_THAT(small_.Look(kAll), IsOk());
  Add(kA, Offset{5}, Offset{9}, "its first segment is missing");
  Add(kB, Offset{3}, Offset{4});
  const RepairTasks tasks = Bounds().SaveStarts();
  ASSERT_THAT(tasks, SizeIs(1));
  EXPECT_THAT(tasks[0].step.why, HasSubstr("a-0: its first segment"));
  ASSERT_THAT(tasks[0].run(), IsOk());
  EXPECT_EQ(Saved(kLogStartFile),
            (OffsetCheckpoint{{kA, Offset{5}}, {kB, Offset{3}}}));
  EXPECT_TRUE(ReadLogStarts(*files_, directory_).is_settled);
}

// A tombstone was kept for the sake of records that damage hid, and counts as
// compacted: without this it would go before they do.
TEST_F(BoundsRepairTest, TakesNoLogForCompactedOfWhichRecordsChange) {
  const OffsetCheckpoint before = {{kA, Offset{50}}, {kB, Offset{60}}};
  ASSERT_THAT(
      WriteOffsetCheckpoint(*files_, directory_, kFirstDirtyFile, before),
      IsOk());
  ASSERT_THAT(small_.Look(kAll), IsOk());
  Add(kA, Offset{0}, Offset{90});
  Add(kB, Offset{0}, Offset{90});
  partitions_[0].plan.steps = {{.action = RepairAction::kRemoveBytes}};
  partitions_[1].plan.steps = {{.action = RepairAction::kWriteIndexes}};
  const RepairTasks tasks = Bounds().SaveFirstDirty();
  ASSERT_THAT(tasks, SizeIs(1));
  EXPECT_THAT(tasks[0].step.why,
              HasSubstr("a-0 was compacted up to offset 50"));
  ASSERT_THAT(tasks[0].run(), IsOk());
  EXPECT_EQ(Saved(kFirstDirtyFile),
            (OffsetCheckpoint{{kA, Offset{0}}, {kB, Offset{60}}}));

  SmallFileRepair again(*files_, "/d");
  ASSERT_THAT(again.Look(kAll), IsOk());
  EXPECT_THAT(
      BoundsRepair(*files_, directory_, again, partitions_).SaveFirstDirty(),
      IsEmpty());
}

// Of a directory that was closed nothing else is to be done.
TEST_F(BoundsRepairTest, SavesAnEndThatTheCloseKnewToBeHigher) {
  const OffsetCheckpoint saved = {{kA, Offset{5}}, {kB, Offset{5}}};
  ASSERT_THAT(
      WriteOffsetCheckpoint(*files_, directory_, kRecoveryPointFile, saved),
      IsOk());
  ASSERT_THAT(small_.Look(kAll), IsOk());
  Add(kA, Offset{0}, Offset{9});
  Add(kB, Offset{0}, Offset{9});
  partitions_[0].known_end = Offset{9};
  partitions_[1].known_end = Offset{5};
  const RepairTasks tasks = Bounds().SaveEnds(true);
  ASSERT_THAT(tasks, SizeIs(1));
  ASSERT_THAT(tasks[0].run(), IsOk());
  EXPECT_EQ(Saved(kRecoveryPointFile),
            (OffsetCheckpoint{{kA, Offset{9}}, {kB, Offset{5}}}));
}

TEST_F(BoundsRepairTest, WritesTheStartsOnceHoweverManyMove) {
  constexpr int kPartitions = 50;
  test::FailingFileSystem counted(*files_);
  ASSERT_THAT(small_.Look(kAll), IsOk());
  OffsetCheckpoint starts;
  for (int i = 0; i < kPartitions; ++i) {
    const TopicPartition name{"a", PartitionId{i}};
    Add(name, Offset{i + 1}, Offset{99}, "its first segment is missing");
    starts[name] = Offset{i + 1};
  }
  const RepairTasks tasks =
      BoundsRepair(counted, directory_, small_, partitions_).SaveStarts();
  ASSERT_THAT(tasks, SizeIs(kPartitions));
  for (int i = 0; i < kPartitions; ++i) {
    EXPECT_THAT(tasks[i].step.why, HasSubstr("its first segment"));
    if (tasks[i].run) {
      ASSERT_THAT(tasks[i].run(), IsOk());
    }
    // Whoever is told of the first step may rely on it.
    EXPECT_EQ(Saved(kLogStartFile), starts);
  }
  // One of each file, the original and its copy.
  EXPECT_EQ(counted.Count(test::FileCall::kRename, ""), 2);
}

TEST_F(BoundsRepairTest, SavesNoEndsWhereACleanStopDidAndNothingIsDone) {
  Put("recovery-point-offset-checkpoint", "0\n1\na 0 7\n");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  Add(kA, Offset{0}, Offset{9});
  EXPECT_THAT(Bounds().SaveEnds(true), IsEmpty());
  const RepairTasks tasks = Bounds().SaveEnds(false);
  ASSERT_THAT(tasks, SizeIs(1));
  ASSERT_THAT(tasks[0].run(), IsOk());
  EXPECT_EQ(Saved(kRecoveryPointFile), (OffsetCheckpoint{{kA, Offset{9}}}));
}

TEST_F(BoundsRepairTest, WritesLostCheckpointsAnewOfWhatIsThere) {
  Put("recovery-point-offset-checkpoint", "rubbish");
  Put("log-start-offset-checkpoint", "rubbish");
  ASSERT_THAT(small_.Look(kAll), IsOk());
  Add(kA, Offset{0}, Offset{9});
  const RepairTasks starts = Bounds().SaveStarts();
  const RepairTasks ends = Bounds().SaveEnds(true);
  ASSERT_THAT(starts, SizeIs(1));
  ASSERT_THAT(ends, SizeIs(1));
  ASSERT_THAT(starts[0].run(), IsOk());
  ASSERT_THAT(ends[0].run(), IsOk());
  EXPECT_THAT(Saved(kLogStartFile), IsEmpty());
  EXPECT_EQ(Saved(kRecoveryPointFile), (OffsetCheckpoint{{kA, Offset{9}}}));
}

}  // namespace
}  // namespace cauce
