#include "engine/facade/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/catalog/partition_metadata.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::IsOk;
using test::StatusIs;
using ::testing::ElementsAre;

std::vector<std::string> NamesOf(const std::vector<DirectoryEntry>& entries) {
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) names.push_back(entry.name);
  return names;
}

class DataDirectory : public ::testing::Test {
 protected:
  void Put(const std::string& directory, const std::string& file) {
    ASSERT_THAT(files_->CreateDirectories(directory), IsOk());
    ASSERT_THAT(ReplaceFile(*files_, directory, file, "bytes"), IsOk());
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(DataDirectory, ShowsStrangersOnlyWhereTheyHoldPartitions) {
  Put("/data", "meta.properties");
  Put("/data/backup-2024", "00000000000000000000.log.gz");
  Put("/data/b-0", "partition.metadata");
  Put("/data/c-0", "00000000000000000042.log");
  Put("/data/d-0", "0000000000000000004x.log");
  ASSERT_THAT(files_->CreateDirectories("/data/e-0/partition.metadata"),
              IsOk());
  const auto entries = ListDataDirectory(*files_, "/data", TopicCatalog());
  ASSERT_THAT(entries, IsOk());
  EXPECT_THAT(NamesOf(*entries), ElementsAre("b-0", "c-0", "meta.properties"));
}

TEST_F(DataDirectory, AnEmptyStrangerIsAPartitionWhereAnotherOfItsTopicIs) {
  Put("/data/a-1", "partition.metadata");
  for (const char* name : {"a-0", "a-2", "b-0", "a-b-0"}) {
    ASSERT_THAT(files_->CreateDirectories("/data/" + std::string(name)),
                IsOk());
  }
  Put("/data/a-3", "notes");
  const auto entries = ListDataDirectory(*files_, "/data", TopicCatalog());
  ASSERT_THAT(entries, IsOk());
  EXPECT_THAT(NamesOf(*entries), ElementsAre("a-0", "a-1", "a-2"));
}

TEST_F(DataDirectory, ShowsThePartitionsThatTheCatalogueKnowsUnseen) {
  TopicCatalog catalog;
  TopicEntry known{.name = "known"};
  known.id.bytes.fill(1);
  ASSERT_THAT(catalog.Add(known), IsOk());
  ASSERT_THAT(catalog.Add({.name = "old", .partitions = 1, .imported = true}),
              IsOk());
  for (const char* name : {"known-0", "known-1", "old-0", "old-1"}) {
    ASSERT_THAT(files_->CreateDirectories("/data/" + std::string(name)),
                IsOk());
  }
  const auto entries = ListDataDirectory(*files_, "/data", catalog);
  ASSERT_THAT(entries, IsOk());
  EXPECT_THAT(NamesOf(*entries), ElementsAre("known-0", "known-1", "old-0"));
}

// Takes a directory away between the look at its name and the look inside.
class VanishingFileSystem final : public test::FailingFileSystem {
 public:
  VanishingFileSystem(FileSystem& real, std::string gone)
      : FailingFileSystem(real), gone_(std::move(gone)) {}

  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    if (directory == gone_) return absl::NotFoundError(gone_);
    return FailingFileSystem::List(directory);
  }

 private:
  const std::string gone_;
};

TEST_F(DataDirectory, PassesOverWhatVanishesMeanwhile) {
  Put("/data/b-0", "partition.metadata");
  Put("/data/c-0", "partition.metadata");
  VanishingFileSystem vanishing(*files_, "/data/b-0");
  const auto entries = ListDataDirectory(vanishing, "/data", TopicCatalog());
  ASSERT_THAT(entries, IsOk());
  EXPECT_THAT(NamesOf(*entries), ElementsAre("c-0"));
}

TEST_F(DataDirectory, IsNotFoundWhereThereIsNone) {
  EXPECT_THAT(ListDataDirectory(*files_, "/none", TopicCatalog()),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce
