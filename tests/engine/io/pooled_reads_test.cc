#include "engine/io/pooled_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/io/file_pool.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;

class PooledReadsTest : public ::testing::Test {
 protected:
  std::shared_ptr<PooledFile> Make(const std::string& path,
                                   const std::string& bytes) {
    auto file = files_->Open(path, OpenMode::kCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, bytes), IsOk());
    return std::make_shared<PooledFile>(pool_, path, OpenMode::kRead);
  }

  static std::string Read(const File& file) {
    std::string bytes(3, '\0');
    EXPECT_THAT(file.Read(0, bytes), IsOkAndHolds(3u));
    return bytes;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  FilePool pool_{*files_, 2};
};

TEST_F(PooledReadsTest, HoldNoFileOpenBetweenTwoReads) {
  std::vector<PooledReads> all;
  for (const std::string name : {"/a", "/b", "/c", "/d", "/e"}) {
    all.emplace_back(Make(name, name + "!"));
  }
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string expected = {'/', static_cast<char>('a' + i), '!'};
      EXPECT_EQ(Read(all[i]), expected);
      EXPECT_THAT(all[i].Size(), IsOkAndHolds(3));
      EXPECT_LE(pool_.open_count(), 2);
    }
  }
}

TEST_F(PooledReadsTest, FindAFileThatWasRenamedWhileItWasClosed) {
  const auto file = Make("/a", "old");
  const PooledReads reads(file);
  EXPECT_EQ(Read(reads), "old");
  pool_.CloseIdle();
  pool_.CloseIdle();
  ASSERT_EQ(pool_.open_count(), 0);

  ASSERT_THAT(file->RenameTo("/a.deleted"), IsOk());
  EXPECT_EQ(Read(reads), "old");
}

TEST_F(PooledReadsTest, TellThatAFileIsGone) {
  const PooledReads reads(Make("/a", "old"));
  ASSERT_THAT(files_->RemoveFile("/a"), IsOk());
  std::string bytes(3, '\0');
  EXPECT_THAT(reads.Read(0, bytes), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(reads.Size(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PooledReadsTest, RefuseEveryChange) {
  PooledReads reads(Make("/a", "old"));
  File& file = reads;
  EXPECT_THAT(file.Write(0, "new"), HasReason(Reason::kReadOnly));
  EXPECT_THAT(file.Truncate(0), HasReason(Reason::kReadOnly));
  EXPECT_THAT(file.Sync(), HasReason(Reason::kReadOnly));
  EXPECT_THAT(file.SetModified(absl::UnixEpoch()),
              HasReason(Reason::kReadOnly));
  EXPECT_EQ(Read(reads), "old");
}

}  // namespace
}  // namespace cauce
