#include "engine/catalog/lost_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "cauce/file_system.h"
#include "cauce/inspect.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

TEST(LostCatalog, IsToldWhereBothCopiesAreGoneOfADirectoryOfOurs) {
  const std::unique_ptr<FileSystem> files = NewMemoryFileSystem();
  ASSERT_THAT(files->CreateDirectories("/d"), test::IsOk());
  EXPECT_FALSE(FindLostCatalog(*files, "/d").has_value());

  // Which a repair writes in a broker's directory too.
  ASSERT_THAT(files->Open("/d/cauce.log-starts", OpenMode::kCreate),
              test::IsOk());
  EXPECT_FALSE(FindLostCatalog(*files, "/d").has_value());

  ASSERT_THAT(files->Open("/d/cauce.segments", OpenMode::kCreate),
              test::IsOk());
  const auto lost = FindLostCatalog(*files, "/d");
  ASSERT_TRUE(lost.has_value());
  EXPECT_EQ(lost->gravity, Gravity::kNote);
  EXPECT_EQ(lost->file, "/d/cauce.topics");

  ASSERT_THAT(files->Open("/d/cauce.topics.cut", OpenMode::kCreate),
              test::IsOk());
  EXPECT_FALSE(FindLostCatalog(*files, "/d").has_value());
  ASSERT_THAT(files->RemoveFile("/d/cauce.topics.cut"), test::IsOk());

  ASSERT_THAT(files->Open("/d/cauce.topics.copy", OpenMode::kCreate),
              test::IsOk());
  EXPECT_FALSE(FindLostCatalog(*files, "/d").has_value());
}

}  // namespace
}  // namespace cauce
