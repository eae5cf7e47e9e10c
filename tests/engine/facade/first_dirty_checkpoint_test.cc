#include "engine/facade/first_dirty_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::DiskKind;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TopicPartition kOrders{"orders", PartitionId{0}};
const TopicPartition kTicks{"ticks", PartitionId{3}};

class FirstDirty : public ::testing::Test {
 protected:
  std::string File() { return disk_.Read(kFirstDirtyFile).value_or("(none)"); }

  test::TestDisk disk_{DiskKind::kMemory};
};

TEST_F(FirstDirty, IsSavedAsKafkaSavesIt) {
  FirstDirtyCheckpoint saved(disk_.files(), disk_.directory());
  ASSERT_THAT(saved.Load(nullptr), IsOk());
  saved.Set(kTicks, Offset{7});
  saved.Set(kOrders, Offset{42});
  EXPECT_EQ(File(), "(none)");
  ASSERT_THAT(saved.Save(), IsOk());
  EXPECT_EQ(File(), "0\n2\norders 0 42\nticks 3 7\n");

  FirstDirtyCheckpoint loaded(disk_.files(), disk_.directory());
  ASSERT_THAT(loaded.Load(nullptr), IsOk());
  EXPECT_EQ(loaded.Of(kOrders), Offset{42});
  EXPECT_EQ(loaded.Of(kTicks), Offset{7});
  EXPECT_EQ(loaded.Of({"orders", PartitionId{1}}), Offset{0});
}

TEST_F(FirstDirty, IsNotWrittenWhereNothingHasChanged) {
  FirstDirtyCheckpoint checkpoint(disk_.files(), disk_.directory());
  ASSERT_THAT(checkpoint.Load(nullptr), IsOk());
  ASSERT_THAT(checkpoint.Save(), IsOk());
  EXPECT_EQ(File(), "(none)");
  checkpoint.Set(kOrders, Offset{1});
  ASSERT_THAT(checkpoint.Save(), IsOk());
  const auto changes = disk_.files().changes();
  checkpoint.Set(kOrders, Offset{1});
  checkpoint.Forget("ticks");
  ASSERT_THAT(checkpoint.Save(), IsOk());
  EXPECT_EQ(disk_.files().changes(), changes);
}

TEST_F(FirstDirty, ForgetsADeletedTopic) {
  FirstDirtyCheckpoint checkpoint(disk_.files(), disk_.directory());
  checkpoint.Set(kOrders, Offset{1});
  checkpoint.Set(kTicks, Offset{2});
  checkpoint.Forget("orders");
  EXPECT_EQ(checkpoint.Of(kOrders), Offset{0});
  ASSERT_THAT(checkpoint.Save(), IsOk());
  EXPECT_EQ(File(), "0\n1\nticks 3 2\n");
}

TEST_F(FirstDirty, CountsADamagedFileAsEmptyAndTells) {
  disk_.Write(kFirstDirtyFile, "0\n2\norders 0 42\n");
  FirstDirtyCheckpoint checkpoint(disk_.files(), disk_.directory());
  std::vector<std::string> lines;
  ASSERT_THAT(checkpoint.Load([&](Severity, std::string_view line) {
    lines.emplace_back(line);
  }),
              IsOk());
  EXPECT_THAT(lines, ElementsAre(HasSubstr(std::string(kFirstDirtyFile))));
  EXPECT_EQ(checkpoint.Of(kOrders), Offset{0});
  ASSERT_THAT(checkpoint.Save(), IsOk());
  EXPECT_EQ(File(), "0\n0\n");
}

TEST_F(FirstDirty, IsSavedByTheNextWhereASaveHasFailed) {
  FirstDirtyCheckpoint checkpoint(disk_.files(), disk_.directory());
  checkpoint.Set(kOrders, Offset{1});
  disk_.files().Fail(FileCall::kWrite, "",
                     MakeError(Reason::kDiskFull, "full"));
  EXPECT_THAT(checkpoint.Save(), HasReason(Reason::kDiskFull));
  disk_.files().Mend();
  ASSERT_THAT(checkpoint.Save(), IsOk());
  EXPECT_EQ(File(), "0\n1\norders 0 1\n");
}

TEST_F(FirstDirty, WritesNothingOnceItIsClosed) {
  FirstDirtyCheckpoint checkpoint(disk_.files(), disk_.directory());
  checkpoint.Set(kOrders, Offset{1});
  checkpoint.Close();
  ASSERT_THAT(checkpoint.Save(), IsOk());
  EXPECT_EQ(File(), "(none)");
}

}  // namespace
}  // namespace cauce
