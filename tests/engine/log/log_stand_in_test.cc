#include "engine/log/log_stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::HasSubstr;

class LogStandIn : public ::testing::Test {
 protected:
  const test::TempDir directory_;
  const std::string log_ = directory_ / "log";
  test::FailingFileSystem files_{*PosixFileSystem()};
};

TEST_F(LogStandIn, IsAPipeOrADirectory) {
  CAUCE_CHECK(mkfifo(log_.c_str(), 0600) == 0);
  EXPECT_THAT(IsNoFile(files_, log_), IsOkAndHolds(true));
  EXPECT_THAT(IsNoFile(files_, directory_.path()), IsOkAndHolds(true));
}

TEST_F(LogStandIn, IsNeitherAFileNorALinkNorNothing) {
  EXPECT_THAT(IsNoFile(files_, log_), IsOkAndHolds(false));
  std::filesystem::create_symlink(directory_.path(), log_);
  EXPECT_THAT(IsNoFile(files_, log_), IsOkAndHolds(false));
  std::filesystem::remove(log_);
  CAUCE_CHECK(files_.Open(log_, OpenMode::kOpenOrCreate).ok());
  EXPECT_THAT(IsNoFile(files_, log_), IsOkAndHolds(false));
}

TEST_F(LogStandIn, IsNoneWhereItMayNotBeReadAndUnknownWhereAReadFails) {
  files_.Fail(test::FileCall::kOpen, log_,
              absl::PermissionDeniedError("forbidden"), 0, 1);
  EXPECT_THAT(IsNoFile(files_, log_), IsOkAndHolds(false));
  files_.Mend();
  files_.Fail(test::FileCall::kOpen, log_, absl::UnavailableError("failed"));
  EXPECT_THAT(IsNoFile(files_, log_), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(LogStandIn, IsInTheWayWhereNoFileCanBeReadWhateverItIs) {
  const auto why = [&] { return WhatIsInTheWay(files_, log_).code(); };
  EXPECT_EQ(why(), absl::StatusCode::kOk) << "nothing is there";
  for (const absl::StatusCode code : {absl::StatusCode::kFailedPrecondition,
                                      absl::StatusCode::kPermissionDenied}) {
    files_.Fail(test::FileCall::kOpen, log_, absl::Status(code, "no"), 0, 1);
    EXPECT_EQ(why(), code);
  }
  files_.Fail(test::FileCall::kOpen, log_, absl::UnavailableError("no"), 0, 1);
  EXPECT_EQ(why(), absl::StatusCode::kOk) << "which says nothing of it";
  std::filesystem::create_symlink(directory_.path(), log_);
  EXPECT_EQ(why(), absl::StatusCode::kFailedPrecondition);
}

// Of what is in it nothing can be said.
class UnsearchableDirectory final : public test::FailingFileSystem {
 public:
  UnsearchableDirectory(FileSystem& real, std::string directory)
      : FailingFileSystem(real), directory_(std::move(directory)) {
    Fail(test::FileCall::kOpen, "", absl::PermissionDeniedError("no search"));
  }
  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    if (path == directory_) return FailingFileSystem::Info(path);
    return absl::PermissionDeniedError("no search");
  }

 private:
  const std::string directory_;
};

TEST_F(LogStandIn, IsItselfInTheWayAndNotItsMountOrDirectory) {
  const auto is_itself = [&](FileSystem& files) {
    return IsItselfInTheWay(files, directory_.path(), log_);
  };
  EXPECT_FALSE(is_itself(files_)) << "nothing is there";
  std::filesystem::create_symlink(directory_.path(), log_);
  EXPECT_TRUE(is_itself(files_)) << "a link";
  std::filesystem::remove(log_);
  CAUCE_CHECK(mkfifo(log_.c_str(), 0600) == 0);
  EXPECT_TRUE(is_itself(files_)) << "a pipe";
  std::filesystem::remove(log_);

  CAUCE_CHECK(files_.Open(log_, OpenMode::kOpenOrCreate).ok());
  EXPECT_FALSE(is_itself(files_)) << "it opens for who only reads";
  files_.Fail(test::FileCall::kOpen, log_,
              absl::PermissionDeniedError("forbidden"), 0, 1);
  EXPECT_TRUE(is_itself(files_)) << "a file that may not be read";
  UnsearchableDirectory unsearchable(*PosixFileSystem(), directory_.path());
  EXPECT_FALSE(is_itself(unsearchable));
  const std::string below = log_ + "/log";
  EXPECT_FALSE(IsItselfInTheWay(files_, log_, below))
      << "a file in the place of the directory";
}

TEST_F(LogStandIn, ComesWithWhatToDoAboutIt) {
  const auto told = [&] {
    const absl::Status failed = files_.Open(log_, OpenMode::kRead).status();
    return AdviseOnStandIn(files_, directory_.path(), log_, failed);
  };
  EXPECT_THAT(told(), StatusIs(absl::StatusCode::kNotFound));
  std::filesystem::create_directory(log_);
  EXPECT_THAT(told(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("put it aside, or move it away")));
  std::filesystem::remove(log_);
  std::filesystem::create_symlink(directory_.path(), log_);
  EXPECT_THAT(told(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("move the link away")));
  std::filesystem::remove(log_);

  CAUCE_CHECK(files_.Open(log_, OpenMode::kOpenOrCreate).ok());
  const absl::Status other = absl::FailedPreconditionError("of another file");
  EXPECT_EQ(AdviseOnStandIn(files_, directory_.path(), log_, other), other);
}

}  // namespace
}  // namespace cauce
