#include "engine/store/rocksdb_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RocksDbFilesTest : public ::testing::Test {
 protected:
  RocksDbFilesTest() {
    EXPECT_THAT(memory_->CreateDirectories("/t"), IsOk());
  }

  rocksdb::IOStatus Make(const std::string& path, const std::string& text) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    rocksdb::IOStatus status = files_.NewWritableFile(path, {}, &file, nullptr);
    if (status.ok()) status = file->Append(text, {}, nullptr);
    if (status.ok()) status = file->Sync({}, nullptr);
    return status;
  }

  std::string Contents(const std::string& path) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    EXPECT_TRUE(files_.NewSequentialFile(path, {}, &file, nullptr).ok());
    std::string scratch(100, '?');
    rocksdb::Slice read;
    EXPECT_TRUE(
        file->Read(scratch.size(), {}, &read, scratch.data(), nullptr).ok());
    return read.ToString();
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  FailingFileSystem failing_{*memory_};
  RocksDbFiles files_{failing_};
};

TEST_F(RocksDbFilesTest, AreTheSeams) {
  EXPECT_TRUE(Make("/t//a", "first").ok());
  EXPECT_TRUE(Make("/t/a", "1").ok());
  EXPECT_TRUE(files_.LinkFile("/t/a", "/t/b", {}, nullptr).ok());

  std::vector<std::string> names;
  EXPECT_TRUE(files_.GetChildren("/t/", {}, &names, nullptr).ok());
  EXPECT_THAT(names, ElementsAre("b"));
  EXPECT_EQ(Contents("/t/b"), "1");
  uint64_t bytes = 0;
  EXPECT_TRUE(files_.GetFileSize("/t/b", {}, &bytes, nullptr).ok());
  EXPECT_EQ(bytes, 1);
  EXPECT_TRUE(files_.FileExists("/t/a", {}, nullptr).IsNotFound());
  EXPECT_TRUE(files_.DeleteFile("/t/b", {}, nullptr).ok());
  std::unique_ptr<rocksdb::FSRandomAccessFile> none;
  EXPECT_TRUE(files_.NewRandomAccessFile("/t/b", {}, &none, nullptr)
                  .IsPathNotFound());
}

TEST_F(RocksDbFilesTest, KeepWhatTheSeamSaidOfAChange) {
  failing_.Fail(FileCall::kSync, "/a",
                MakeError(Reason::kDiskFull, "/t/a: no room: make some"));

  const rocksdb::IOStatus status = Make("/t/a", "1");

  EXPECT_TRUE(status.IsIOError());
  EXPECT_TRUE(status.GetRetryable());
  EXPECT_EQ(status.subcode(), rocksdb::Status::kSpaceLimit);
  EXPECT_THAT(status.ToString(), HasSubstr("/t/a: no room"));
  EXPECT_THAT(files_.failure(), HasReason(Reason::kDiskFull));
}

TEST_F(RocksDbFilesTest, WriteNothingOnceTheyRefuse) {
  files_.Refuse(absl::UnavailableError("not now"));

  EXPECT_TRUE(Make("/t/a", "1").IsIOError());

  EXPECT_THAT(files_.refusal(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(memory_->Info("/t/a"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce::test
