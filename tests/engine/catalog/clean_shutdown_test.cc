#include "engine/catalog/clean_shutdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "engine/catalog/whole_file.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

class CleanShutdown : public ::testing::Test {
 protected:
  CleanShutdown() { EXPECT_THAT(real_->CreateDirectories("/data"), IsOk()); }

  const std::unique_ptr<FileSystem> real_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*real_};
};

TEST_F(CleanShutdown, IsThereOnceItWasWrittenUntilItIsRemoved) {
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(false));
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(true));
  ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(false));
}

TEST_F(CleanShutdown, IsKafkasFile) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  EXPECT_THAT(ReadWholeFile(files_, "/data/.kafka_cleanshutdown", 100),
              IsOkAndHolds(R"({"version":0,"brokerEpoch":-1})"));
}

TEST_F(CleanShutdown, CountsWhateverItHolds) {
  ASSERT_THAT(ReplaceFile(files_, "/data", kCleanShutdownFile, ""), IsOk());
  EXPECT_THAT(HasCleanShutdown(files_, "/data"), IsOkAndHolds(true));
}

TEST_F(CleanShutdown, IsRemovedDurablyOrNotAtAll) {
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  ASSERT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
  EXPECT_EQ(files_.changes().back(), "sync /data");
  // It may be gone and its name come back: that is told.
  ASSERT_THAT(WriteCleanShutdown(files_, "/data"), IsOk());
  for (int fail = 0; fail < 2; ++fail) {
    files_.FailAfter(fail);
    EXPECT_THAT(RemoveCleanShutdown(files_, "/data"),
                HasReason(Reason::kDiskFailed));
  }
}

TEST_F(CleanShutdown, MayBeRemovedWhereItIsNot) {
  EXPECT_THAT(RemoveCleanShutdown(files_, "/data"), IsOk());
}

TEST_F(CleanShutdown, IsNotKnownInADirectoryThatIsNone) {
  ASSERT_THAT(ReplaceFile(files_, "/data", "f", "bytes"), IsOk());
  EXPECT_THAT(WriteCleanShutdown(files_, "/data/f"), Not(IsOk()));
}

// No writer could take it away.
TEST_F(CleanShutdown, IsNoDirectory) {
  ASSERT_THAT(real_->CreateDirectories("/data/.kafka_cleanshutdown"), IsOk());
  EXPECT_THAT(
      HasCleanShutdown(files_, "/data"),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("move it")));
}

}  // namespace
}  // namespace cauce
