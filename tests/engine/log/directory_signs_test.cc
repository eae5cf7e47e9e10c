#include "engine/log/directory_signs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::HasSubstr;

class DirectorySigns : public ::testing::Test {
 protected:
  DirectorySigns() { MakeDirectory("/d"); }

  void MakeDirectory(std::string_view path) {
    CAUCE_CHECK(files_->CreateDirectories(path).ok());
  }
  void Put(const std::string& path) {
    CAUCE_CHECK(files_->Open(path, OpenMode::kCreate).ok());
  }
  absl::Status Check() { return CheckIsDataDirectory(*files_, "/d"); }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
};

TEST_F(DirectorySigns, AreTheSmallFilesOfAnEngineOrABroker) {
  for (const std::string_view name :
       {"meta.properties", "cauce.topics", "cauce.topics.copy",
        "recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
        "cauce.log-starts", "replication-offset-checkpoint",
        "cleaner-offset-checkpoint", ".kafka_cleanshutdown"}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(Check(), HasReason(Reason::kInvalidOption));
    const std::string path = "/d/" + std::string(name);
    Put(path);
    EXPECT_THAT(Check(), IsOk());
    ASSERT_THAT(files_->RemoveFile(path), IsOk());
  }
}

TEST_F(DirectorySigns, AreThePartitionsInIt) {
  for (const std::string_view name :
       {"00000000000000000000.log", "00000000000000000007.timeindex",
        "partition.metadata"}) {
    SCOPED_TRACE(name);
    MakeDirectory("/d/orders-0");
    const std::string path = "/d/orders-0/" + std::string(name);
    Put(path);
    EXPECT_THAT(Check(), IsOk());
    ASSERT_THAT(files_->RemoveFile(path), IsOk());
  }
  // One that was never opened.
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(DirectorySigns, AreNotWhatIsOnlyCalledLikeAPartition) {
  MakeDirectory("/d/logs-7");
  Put("/d/logs-7/application.log");
  MakeDirectory("/d/backup");
  Put("/d/notes.txt");
  Put("/d/.lock");
  EXPECT_THAT(Check(), HasReason(Reason::kInvalidOption));
}

TEST_F(DirectorySigns, TellAPartitionFromTheDirectoryItLiesIn) {
  Put("/d/00000000000000000000.log");
  const absl::Status status = Check();
  EXPECT_THAT(status, HasReason(Reason::kInvalidOption));
  EXPECT_THAT(std::string(status.message()), HasSubstr("one partition"));
}

TEST_F(DirectorySigns, AreMissedOnlyWhereThereIsADirectory) {
  EXPECT_THAT(CheckIsDataDirectory(*files_, "/elsewhere"),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce
