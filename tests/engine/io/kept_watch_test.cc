#include "engine/io/kept_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::IsOk;

class KeptWatchTest : public ::testing::Test {
 protected:
  KeptWatchTest() { EXPECT_THAT(memory_->CreateDirectories("/d"), IsOk()); }

  int Made() { return files_.Count(FileCall::kWatch, "/d"); }
  std::unique_ptr<FileWatch> TakeOut() {
    auto taken = watch_.TakeOut();
    EXPECT_THAT(taken, IsOk());
    return taken.ok() ? *std::move(taken) : nullptr;
  }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
  const std::string directory_ = "/d";
  WatchQuota quota_;
  KeptWatch watch_{files_, directory_, quota_};
};

TEST_F(KeptWatchTest, IsMadeOnceForManyWaits) {
  EXPECT_EQ(Made(), 0);
  for (int i = 0; i < 10; ++i) watch_.Keep(TakeOut());
  EXPECT_EQ(Made(), 1);

  watch_.Drop();
  watch_.Keep(TakeOut());
  EXPECT_EQ(Made(), 2);
}

TEST_F(KeptWatchTest, TellsOfWhatCameWhileItWasKept) {
  watch_.Keep(TakeOut());
  ASSERT_THAT(memory_->Open("/d/file", OpenMode::kCreate), IsOk());
  EXPECT_THAT(TakeOut()->Wait(absl::InfiniteDuration()),
              test::IsOkAndHolds(true));
}

TEST_F(KeptWatchTest, ThoseWhoWaitAtATimeHaveOneEach) {
  auto one = TakeOut();
  auto other = TakeOut();
  EXPECT_NE(one, other);
  EXPECT_EQ(Made(), 2);
  watch_.Keep(std::move(one));
  watch_.Keep(std::move(other));
  TakeOut();
  EXPECT_EQ(Made(), 2);
}

TEST_F(KeptWatchTest, KeepsNoMoreThanAllOfThemMay) {
  std::deque<KeptWatch> others;
  for (int i = 0; i < WatchQuota::kKeptMax; ++i) {
    KeptWatch& other = others.emplace_back(files_, directory_, quota_);
    auto taken = other.TakeOut();
    ASSERT_THAT(taken, IsOk());
    other.Keep(*std::move(taken));
  }
  const int made = Made();
  watch_.Keep(TakeOut());
  watch_.Keep(TakeOut());
  EXPECT_EQ(Made(), made + 2);

  others.pop_back();
  watch_.Keep(TakeOut());
  watch_.Keep(TakeOut());
  EXPECT_EQ(Made(), made + 3);
}

TEST_F(KeptWatchTest, IsNotThereWhereNoneCanBeMade) {
  files_.Fail(FileCall::kWatch, "/d",
              MakeError(Reason::kDiskFailed, "none is left"));
  EXPECT_THAT(watch_.TakeOut(), test::HasReason(Reason::kDiskFailed));
}

}  // namespace
}  // namespace cauce
