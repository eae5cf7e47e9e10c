#include "tools/cli/opening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "tests/testing/temp_dir.h"

namespace cauce::cli {
namespace {

using ::testing::HasSubstr;

// The error knows whether it is for the user or for the disk.
TEST(Opening, AddsNoAdviceToWhatMayNotBeOpened) {
  test::TempDir dir;
  const absl::Status failure = absl::PermissionDeniedError(
      "f: open: Read-only file system; mount it for writing");
  EXPECT_EQ(WhyNotOpened(dir.path(), failure), failure);
}

TEST(Opening, SaysHowToMakeADirectoryThatIsNotThere) {
  test::TempDir dir;
  const std::string gone = dir.path() + "/gone";
  const absl::Status why = WhyNotOpened(gone, absl::NotFoundError("f"));
  EXPECT_THAT(std::string(MessageOf(why)),
              HasSubstr("cauce topic create TOPIC --dir " + gone));
}

}  // namespace
}  // namespace cauce::cli
