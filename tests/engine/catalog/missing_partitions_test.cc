#include "engine/catalog/missing_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/catalog/topic_catalog.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A catalogue with one topic of three partitions, all there.
class MissingPartitions : public ::testing::Test {
 protected:
  MissingPartitions() {
    CAUCE_CHECK(
        catalog_.Add({.name = "orders", .id = {.bytes = {1}}, .partitions = 3})
            .ok());
    for (const std::string_view name : {"0", "1", "2"}) {
      const std::string path = "/data/orders-" + std::string(name);
      CAUCE_CHECK(memory_->CreateDirectories(path).ok());
    }
    Save();
  }

  void Save() { CAUCE_CHECK(catalog_.Save(*memory_, "/data").ok()); }

  void SetState(TopicState state) {
    CAUCE_CHECK(catalog_.SetState("orders", state).ok());
    Save();
  }

  void Remove(const std::string& path) {
    CAUCE_CHECK(memory_->RemoveDirectory(path).ok());
  }

  std::vector<std::string> Find() {
    std::vector<std::string> names;
    const auto missing = FindMissingPartitions(files_, "/data", was_here_);
    EXPECT_THAT(missing, test::IsOk());
    if (!missing.ok()) return names;
    for (const MissingPartition& partition : *missing) {
      names.push_back(partition.name.ToString());
    }
    return names;
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  TopicCatalog catalog_;
  WasHere was_here_;
};

TEST_F(MissingPartitions, AreNoneWhereAllAreThere) {
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(MissingPartitions, AreNamedInTheirOrder) {
  Remove("/data/orders-0");
  Remove("/data/orders-2");
  EXPECT_THAT(Find(), ElementsAre("orders-0", "orders-2"));
}

TEST_F(MissingPartitions, AreThoseWithAFileInTheirPlace) {
  Remove("/data/orders-1");
  ASSERT_THAT(memory_->Open("/data/orders-1", OpenMode::kCreate), test::IsOk());
  const auto missing = FindMissingPartitions(files_, "/data", was_here_);
  ASSERT_THAT(missing, test::IsOk());
  ASSERT_THAT(*missing, SizeIs(1));
  EXPECT_EQ((*missing)[0].path, "/data/orders-1");
  EXPECT_THAT((*missing)[0].what, HasSubstr("a file of 0 bytes"));
}

TEST_F(MissingPartitions, AreThoseWithALinkInTheirPlace) {
  const test::TempDir scratch;
  FileSystem& disk = *PosixFileSystem();
  ASSERT_THAT(disk.CreateDirectories(scratch / "elsewhere"), test::IsOk());
  TopicCatalog catalog;
  ASSERT_THAT(catalog.Add({.name = "orders", .id = {.bytes = {1}}}),
              test::IsOk());
  ASSERT_THAT(catalog.Save(disk, scratch.path()), test::IsOk());
  ASSERT_EQ(symlink("elsewhere", (scratch / "orders-0").c_str()), 0);
  const auto missing = FindMissingPartitions(disk, scratch.path(), was_here_);
  ASSERT_THAT(missing, test::IsOk());
  ASSERT_THAT(*missing, SizeIs(1));
  EXPECT_THAT((*missing)[0].what, HasSubstr("cannot be a directory"));
}

TEST_F(MissingPartitions, AreNoneOfATopicThatIsBeingMadeOrRemoved) {
  Remove("/data/orders-1");
  SetState(TopicState::kCreating);
  EXPECT_THAT(Find(), IsEmpty());
  SetState(TopicState::kDeleting);
  EXPECT_THAT(Find(), IsEmpty());
}

// They may always have been on other brokers.
TEST_F(MissingPartitions, AreNoneOfAnImportedTopicOfWhichNothingIsSaved) {
  catalog_ = TopicCatalog();
  ASSERT_THAT(catalog_.Add({.name = "orders",
                            .id = {.bytes = {1}},
                            .partitions = 3,
                            .imported = true}),
              test::IsOk());
  Save();
  Remove("/data/orders-0");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(MissingPartitions, AreThoseOfAnImportedTopicThatWereHere) {
  catalog_ = TopicCatalog();
  ASSERT_THAT(catalog_.Add({.name = "orders",
                            .id = {.bytes = {1}},
                            .partitions = 3,
                            .imported = true}),
              test::IsOk());
  Save();
  was_here_ = [](const TopicPartition& name) {
    return name.partition != PartitionId{1};
  };
  EXPECT_THAT(Find(), IsEmpty());
  Remove("/data/orders-0");
  Remove("/data/orders-1");
  EXPECT_THAT(Find(), ElementsAre("orders-0"));
  Remove("/data/orders-2");
  EXPECT_THAT(Find(), ElementsAre("orders-0", "orders-2"));
  // A broker has deleted it, and did not end that.
  CAUCE_CHECK(memory_
                  ->CreateDirectories(
                      "/data/orders-0.0123456789abcdef0123456789abcdef-delete")
                  .ok());
  EXPECT_THAT(Find(), ElementsAre("orders-2"));
}

TEST_F(MissingPartitions, AreNoneOfATopicThatIsDeletedMeanwhile) {
  Remove("/data/orders-1");
  int reads = 0;
  // Both copies were read once.
  files_.set_during(test::FileCall::kOpen, kCatalogFile, [&] {
    if (++reads == 2) SetState(TopicState::kDeleting);
  });
  EXPECT_THAT(Find(), IsEmpty());
  EXPECT_EQ(reads, 2);
}

TEST_F(MissingPartitions, AreUnknownWithoutAWholeCatalogue) {
  for (const std::string_view name : {kCatalogFile, kCatalogCopyFile}) {
    const auto file =
        memory_->Open("/data/" + std::string(name), OpenMode::kReadWrite);
    ASSERT_THAT(file, test::IsOk());
    ASSERT_THAT((*file)->Write(0, "rubbish"), test::IsOk());
  }
  EXPECT_THAT(FindMissingPartitions(files_, "/data", was_here_),
              test::HasReason(Reason::kCorruptFile));
}

}  // namespace
}  // namespace cauce
