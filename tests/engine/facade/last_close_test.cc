#include "engine/facade/last_close.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cauce/file_system.h"
#include "engine/base/check.h"
#include "engine/catalog/clean_shutdown.h"
#include "engine/catalog/manifest.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::IsOk;

const TopicPartition kA{"a", PartitionId{0}};

KnownLog LogThatEndsAt(int64_t end) {
  return {.segments = {{Offset{0}, 100}}, .end = Offset{end}};
}

NotedLog WhollyNoted(int64_t end) { return {LogThatEndsAt(end), true}; }

class LastCloseTest : public ::testing::Test {
 protected:
  LastCloseTest() {
    CAUCE_CHECK(files_->CreateDirectories("/d").ok());
    // Which does not tell of one write from the next.
    clock_.Advance(absl::Hours(1));
  }

  void Close(const KnownLog& log) {
    const std::string part = *EncodeKnownLog(log);
    const auto bytes = FormatManifest({{kA, {.part = part}}}, BoundsSums());
    ASSERT_TRUE(bytes.has_value());
    ASSERT_THAT(WriteCleanShutdown(*files_, "/d", *bytes), IsOk());
    clock_.Advance(absl::Hours(1));
  }

  std::optional<NotedLog> Find() { return close_.Find(kA, clock_.Now()); }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem(&clock_);
  LastClose close_{*files_, "/d"};
};

TEST_F(LastCloseTest, CountsWhollyUntilTheDirectoryIsOpened) {
  EXPECT_EQ(Find(), std::nullopt);
  Close(LogThatEndsAt(5));
  EXPECT_EQ(Find(), WhollyNoted(5));
  EXPECT_EQ(Find(), WhollyNoted(5));
  EXPECT_EQ(close_.Find({"b", PartitionId{0}}, clock_.Now()), std::nullopt);
  ASSERT_THAT(RemoveCleanShutdown(*files_, "/d"), IsOk());
  EXPECT_EQ(Find(), (NotedLog{LogThatEndsAt(5), false}));
  Close(LogThatEndsAt(7));
  EXPECT_EQ(Find(), WhollyNoted(7));
}

TEST_F(LastCloseTest, IsReadAgainWhereItCouldNotBeRead) {
  Close(LogThatEndsAt(5));
  test::FailingFileSystem failing(*files_);
  LastClose close(failing, "/d");
  failing.Fail(test::FileCall::kOpen, kManifestFile,
               absl::ResourceExhaustedError("too many open files"));
  EXPECT_EQ(close.Find(kA, clock_.Now()), std::nullopt);
  failing.Mend();
  EXPECT_EQ(close.Find(kA, clock_.Now()), WhollyNoted(5));
}

TEST_F(LastCloseTest, SaysNothingOfWhatABrokerHasClosed) {
  Close(LogThatEndsAt(5));
  ASSERT_THAT(WriteCleanShutdown(*files_, "/d"), IsOk());
  EXPECT_EQ(Find(), std::nullopt);
}

}  // namespace
}  // namespace cauce
