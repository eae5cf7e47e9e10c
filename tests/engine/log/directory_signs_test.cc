#include "engine/log/directory_signs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/failing_file_system.h"
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
    CAUCE_CHECK(files_.CreateDirectories(path).ok());
  }
  void Put(const std::string& path) {
    CAUCE_CHECK(files_.Open(path, OpenMode::kCreate).ok());
  }
  absl::Status Check() { return CheckIsDataDirectory(files_, "/d"); }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
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
    ASSERT_THAT(files_.RemoveFile(path), IsOk());
  }
}

TEST_F(DirectorySigns, AreThePartitionsInIt) {
  MakeDirectory("/d/orders-0");
  for (const std::string_view name :
       {"00000000000000000000.log", "00000000000000000007.timeindex",
        "partition.metadata"}) {
    SCOPED_TRACE(name);
    const std::string path = "/d/orders-0/" + std::string(name);
    Put(path);
    EXPECT_THAT(Check(), IsOk());
    ASSERT_THAT(files_.RemoveFile(path), IsOk());
  }
}

TEST_F(DirectorySigns, AreNotAnEmptyDirectoryThatIsCalledLikeAPartition) {
  MakeDirectory("/d/photos-2024");
  EXPECT_THAT(Check(), HasReason(Reason::kInvalidOption));
}

// It may be a partition: nobody is told that it is none.
TEST_F(DirectorySigns, AreNotKnownWhereADirectoryCannotBeLookedInto) {
  MakeDirectory("/d/photos-2024");
  files_.Fail(test::FileCall::kList, "/d/photos-2024",
              absl::PermissionDeniedError("/d/photos-2024: no"));
  const absl::Status status = Check();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(status.message()), HasSubstr("photos-2024"));

  Put("/d/meta.properties");
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

TEST_F(DirectorySigns, OfLogsAreADataDirectorysOrAPartitions) {
  MakeDirectory("/d/orders-0");
  Put("/d/orders-0/00000000000000000000.log");
  MakeDirectory("/tables/orders-0");
  Put("/tables/orders-0/000004.log");

  EXPECT_TRUE(HoldsLogs(files_, "/d"));
  EXPECT_TRUE(HoldsLogs(files_, "/d/orders-0"));
  EXPECT_FALSE(HoldsLogs(files_, "/tables"));
  EXPECT_FALSE(HoldsLogs(files_, "/tables/orders-0"));
  EXPECT_FALSE(HoldsLogs(files_, "/elsewhere"));
}

TEST_F(DirectorySigns, AreMissedOnlyWhereThereIsADirectory) {
  EXPECT_THAT(CheckIsDataDirectory(files_, "/elsewhere"),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace cauce
