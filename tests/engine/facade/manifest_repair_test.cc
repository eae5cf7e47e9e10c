#include "engine/facade/manifest_repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/manifest.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TopicPartition kA{"a", PartitionId{0}};
const TopicPartition kB{"b", PartitionId{0}};
const KnownLog kLog{.segments = {{Offset{0}, 100}, {Offset{5}, 100}},
                    .end = Offset{9}};

// One directory cannot be looked at.
class Unseen final : public test::FailingFileSystem {
 public:
  using FailingFileSystem::FailingFileSystem;
  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    if (path == "/d/b-0") return MakeError(Reason::kDiskFailed, "no luck");
    return FailingFileSystem::Info(path);
  }
};

class ManifestRepairTest : public ::testing::Test {
 protected:
  ManifestRepairTest() {
    CAUCE_CHECK(files_->CreateDirectories(directory_).ok());
    const std::string part = *EncodeKnownLog(kLog);
    const ManifestRow row{.part = part, .log_start = Offset{3}};
    const BoundsSums sums = {FileSum{7, 8}};
    const auto bytes = FormatManifest({{kA, row}, {kB, row}}, sums);
    CAUCE_CHECK(bytes.has_value());
    CAUCE_CHECK(WriteCleanShutdown(*files_, directory_, *bytes).ok());
  }

  void Add(const TopicPartition& name, bool forgets,
           std::vector<OffsetRange> lost = {}) {
    PartitionRepair partition{.name = name};
    partition.plan.forgets_known = forgets;
    partition.plan.lost_unseen = std::move(lost);
    partitions_.push_back(std::move(partition));
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  const std::string directory_ = "/d";
  ManifestRepair manifest_{*files_, directory_};
  std::vector<PartitionRepair> partitions_;
};

TEST_F(ManifestRepairTest, ForgetsThePartsOfSomeAndKeepsAllElse) {
  ASSERT_THAT(manifest_.Look(true), IsOk());
  EXPECT_EQ(manifest_.Find(kA), kLog);
  Add(kA, true);
  Add(kB, false);

  const RepairTasks tasks = manifest_.Forget(partitions_);
  ASSERT_THAT(tasks, SizeIs(1));
  EXPECT_THAT(tasks[0].step.file, HasSubstr("cauce.segments"));
  ASSERT_THAT(tasks[0].run(), IsOk());

  ManifestRepair again(*files_, directory_);
  ASSERT_THAT(again.Look(true), IsOk());
  EXPECT_EQ(again.Find(kA), std::nullopt);
  EXPECT_EQ(again.Find(kB), kLog);
  const auto read = ReadNamedManifest(*files_, directory_);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->rows().at(kA).log_start, Offset{3});
  EXPECT_EQ(read->sums()[0], (FileSum{7, 8}));
}

TEST_F(ManifestRepairTest, TellsOfEachRangeAndWritesOnce) {
  ASSERT_THAT(manifest_.Look(true), IsOk());
  Add(kA, true, {{Offset{1}, Offset{2}}, {Offset{5}, Offset{9}}});
  Add(kB, true, {{Offset{5}, Offset{6}}});
  const RepairTasks tasks = manifest_.Forget(partitions_);
  ASSERT_THAT(tasks, SizeIs(3));
  EXPECT_EQ(tasks[1].step.lost, (OffsetRange{Offset{5}, Offset{9}}));
  EXPECT_THAT(tasks[1].step.why, HasSubstr("a-0: what a segment held of "
                                           "offsets 5 to 8"));
  EXPECT_EQ(tasks[1].run, nullptr);
  EXPECT_EQ(tasks[2].run, nullptr);
}

TEST_F(ManifestRepairTest, CountsWhatIsGoneFromWithinASegmentAsUnknown) {
  ASSERT_THAT(manifest_.Look(true), IsOk());
  Add(kA, true);
  partitions_[0].plan.lacking = {{Offset{5}, Offset{9}}};
  const RepairTasks tasks = manifest_.Forget(partitions_);
  ASSERT_THAT(tasks, SizeIs(1));
  EXPECT_EQ(tasks[0].step.lost, (OffsetRange{Offset{5}, Offset{5}}));
  EXPECT_TRUE(tasks[0].step.is_more_lost);
  EXPECT_THAT(tasks[0].step.why, HasSubstr("a-0: some of what a segment held "
                                           "of offsets 5 to 8"));
}

TEST_F(ManifestRepairTest, HasNothingToForgetWhereNothingIsKnown) {
  ASSERT_THAT(ReplaceFile(*files_, directory_, kManifestFile, "rubbish"),
              IsOk());
  ASSERT_THAT(manifest_.Look(true), IsOk());
  EXPECT_EQ(manifest_.Find(kA), std::nullopt);
  Add(kA, false);
  EXPECT_THAT(manifest_.Forget(partitions_), IsEmpty());
}

TEST_F(ManifestRepairTest, RefusesOneThatANewerReleaseWrote) {
  const std::string path = JoinPath(directory_, kManifestFile);
  auto bytes = ReadWholeFile(*files_, path, kManifestBytesMax);
  ASSERT_THAT(bytes, IsOk());
  StoreBig<int16_t>(bytes->data() + 8, 3);
  ASSERT_THAT(WriteCleanShutdown(*files_, directory_, *bytes), IsOk());
  EXPECT_THAT(manifest_.Look(true), HasReason(Reason::kUnsupportedFormat));
}

TEST_F(ManifestRepairTest, KnowsTheOthersOfACopyWhereOneCannotBeSeen) {
  for (const TopicPartition& name : {kA, kB}) {
    ASSERT_THAT(
        files_->CreateDirectories(JoinPath(directory_, name.ToString())),
        IsOk());
  }
  KnownLog log = kLog;
  log.directory.id = 1'000'000;
  const std::string part = *EncodeKnownLog(log);
  const ManifestRow row{.part = part};
  const auto bytes = FormatManifest({{kA, row}, {kB, row}}, {});
  ASSERT_THAT(WriteCleanShutdown(*files_, directory_, *bytes), IsOk());
  Unseen unseen(*files_);
  ManifestRepair repair(unseen, directory_);
  EXPECT_THAT(repair.Look(false), HasReason(Reason::kDiskFailed));
  ASSERT_TRUE(repair.Find(kA).has_value());
  EXPECT_EQ(repair.Find(kA)->directory.id, files_->Info("/d/a-0")->id);
}

}  // namespace
}  // namespace cauce
