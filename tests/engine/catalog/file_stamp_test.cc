#include "engine/catalog/file_stamp.h"

#include <gtest/gtest.h>

#include <memory>

#include "absl/time/time.h"
#include "engine/catalog/whole_file.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;

constexpr std::string_view kDirectory = "/data";

class FileStampTest : public ::testing::Test {
 protected:
  FileStampTest() {
    EXPECT_THAT(files_->CreateDirectories(kDirectory), IsOk());
  }

  FileStamps Look() {
    return LookAtStamps(*files_, kDirectory, {"f", "g"}, clock_.Now());
  }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem(&clock_);
};

TEST_F(FileStampTest, TellsThatAFileWasReplacedOnceItsTimeCan) {
  const FileStamps none = Look();
  ASSERT_TRUE(none);
  ASSERT_THAT(ReplaceFile(*files_, kDirectory, "g", "bytes"), IsOk());
  // What is written in its place at this moment would look the same.
  EXPECT_FALSE(Look());
  clock_.Advance(absl::Seconds(2));
  const FileStamps first = Look();
  ASSERT_TRUE(first);
  EXPECT_NE(first, none);
  EXPECT_EQ(Look(), first);
  ASSERT_THAT(WriteAndSyncFile(*files_, "/data/g", "other"), IsOk());
  clock_.Advance(absl::Seconds(2));
  ASSERT_TRUE(Look());
  EXPECT_NE(Look(), first);
}

// A copy that keeps times, or a clock that was set back in between.
TEST_F(FileStampTest, TellsApartTwoFilesOfTheSameTimeAndLength) {
  ASSERT_THAT(WriteAndSyncFile(*files_, "/data/g", "one"), IsOk());
  ASSERT_THAT(WriteAndSyncFile(*files_, "/data/copy", "two"), IsOk());
  clock_.Advance(absl::Seconds(2));
  const FileStamps first = Look();
  ASSERT_TRUE(first);
  ASSERT_THAT(files_->Rename("/data/copy", "/data/g"), IsOk());
  ASSERT_TRUE(Look());
  EXPECT_NE(Look(), first);
}

}  // namespace
}  // namespace cauce
