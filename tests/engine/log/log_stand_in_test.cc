#include "engine/log/log_stand_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::IsOkAndHolds;
using test::StatusIs;

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

}  // namespace
}  // namespace cauce
