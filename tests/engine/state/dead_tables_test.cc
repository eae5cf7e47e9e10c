#include "engine/state/dead_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cauce/engine.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;

TEST(DeadTables, AreThoseOfPartitionsThatNoTopicHas) {
  const std::vector<TopicDescription> topics = {
      {.name = "a-changelog", .partitions = 2},
      {.name = "a-changelog-1", .partitions = 1}};

  EXPECT_THAT(
      FindDeadTables({{"a-changelog-0", true},
                      {"a-changelog-1", true},
                      {"a-changelog-2", true},    // never so many
                      {"a-changelog-1-0", true},  // of the other topic
                      {"b-changelog-0", true},    // gone
                      {"b-changelog-1", false},   // a file
                      {"b-changelog", true},
                      {"b-changelog-01", true},
                      {"notes", true}},
                     topics),
      ElementsAre("a-changelog-2", "b-changelog-0"));
}

class DeadTable : public ::testing::Test {
 protected:
  void Make(const std::string& name, const std::string& text = "") {
    ASSERT_THAT(files_->CreateDirectories("/t"), IsOk());
    const auto file = files_->Open("/t/" + name, OpenMode::kCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->Write(0, text), IsOk());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(DeadTable, IsRemovedWithItsDirectory) {
  Make("cauce.table", "cauce table 1 whole\n");
  Make("000001.sst");

  EXPECT_THAT(RemoveDeadTable(*files_, "/t"), IsOkAndHolds(true));

  EXPECT_THAT(files_->Info("/t"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DeadTable, WhoseRemovalACrashEndedIsRemoved) {
  ASSERT_THAT(files_->CreateDirectories("/t"), IsOk());

  EXPECT_THAT(RemoveDeadTable(*files_, "/t"), IsOkAndHolds(true));

  EXPECT_THAT(files_->Info("/t"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DeadTable, StaysWhereSomebodysFilesLieInIt) {
  Make("cauce.table", "cauce table 1 whole\n");
  Make("letter.txt", "dear");

  EXPECT_THAT(RemoveDeadTable(*files_, "/t"), IsOkAndHolds(false));

  EXPECT_THAT(files_->Info("/t/letter.txt"), IsOk());
  EXPECT_THAT(files_->Info("/t/cauce.table"), IsOk());
}

TEST_F(DeadTable, IsNoneWithoutAMarker) {
  Make("000001.sst");

  EXPECT_THAT(RemoveDeadTable(*files_, "/t"), IsOkAndHolds(false));

  EXPECT_THAT(files_->Info("/t/000001.sst"), IsOk());
}

}  // namespace
}  // namespace cauce::test
