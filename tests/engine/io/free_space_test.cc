#include "engine/io/free_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cauce/env.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/sim_clock.h"

namespace cauce {
namespace {

using test::FailingFileSystem;
using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMin = 1000;

class FreeSpaceTest : public ::testing::Test {
 protected:
  FreeSpaceTest() { EXPECT_THAT(files_.CreateDirectories("/data"), IsOk()); }

  std::unique_ptr<FreeSpace> Make(int64_t free_bytes_min = kMin) {
    return std::make_unique<FreeSpace>(
        files_, "/data", free_bytes_min, clock_,
        [this](Severity severity, std::string_view line) {
          severities_.push_back(severity);
          events_.emplace_back(line);
        });
  }
  int Looks() { return files_.Count(FileCall::kFreeBytes, "/data"); }

  test::SimClock clock_;
  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem(&clock_);
  FailingFileSystem files_{*memory_};
  std::vector<std::string> events_;
  std::vector<Severity> severities_;
};

TEST_F(FreeSpaceTest, IsGivenOutDownToTheWatermarkAndNotBelow) {
  const auto space = Make();
  files_.set_free_bytes(kMin + 10);
  EXPECT_THAT(space->Take(10), IsOk());
  files_.set_free_bytes(kMin);
  EXPECT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
}

TEST_F(FreeSpaceTest, TheErrorSaysWhereWhatIsFreeAndWhatToDo) {
  const auto space = Make();
  files_.set_free_bytes(kMin + 7);
  EXPECT_THAT(
      space->Take(8),
      AllOf(HasReason(Reason::kDiskFull),
            StatusIs(absl::StatusCode::kResourceExhausted,
                     AllOf(HasSubstr("/data"), HasSubstr("1007 bytes"),
                           HasSubstr("1000 are to stay"),
                           HasSubstr("so 8 more"), HasSubstr("make room")))));
}

TEST_F(FreeSpaceTest, WhatReadingNeedsMayUseAllButAQuarter) {
  const auto space = Make();
  files_.set_free_bytes(kMin / 4 + 10);
  EXPECT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
  EXPECT_THAT(space->TakeReserve(10), IsOk());
  EXPECT_THAT(
      space->TakeReserve(11),
      AllOf(HasReason(Reason::kDiskFull),
            StatusIs(absl::StatusCode::kResourceExhausted,
                     AllOf(HasSubstr("/data"), HasSubstr("260 bytes"),
                           HasSubstr("250 are to stay"),
                           HasSubstr("free_bytes_min"),
                           HasSubstr("so 11 more"), HasSubstr("make room")))));
  EXPECT_THAT(Make(0)->TakeReserve(11), IsOk()) << "nothing is kept free";
}

TEST_F(FreeSpaceTest, IsLookedAtOnceForManySmallWrites) {
  const auto space = Make();
  constexpr int64_t kWrites = 1000;
  for (int64_t i = 0; i <= kWrites; ++i) {
    ASSERT_THAT(space->Take(FreeSpace::kLookBytes / kWrites), IsOk());
  }
  EXPECT_EQ(Looks(), 1);
  ASSERT_THAT(space->Take(FreeSpace::kLookBytes), IsOk());
  EXPECT_EQ(Looks(), 2);
}

TEST_F(FreeSpaceTest, WhatTheLastLookLeftIsNotGivenTwice) {
  const auto space = Make();
  files_.set_free_bytes(kMin + 100);
  ASSERT_THAT(space->Take(60), IsOk());
  // As after a write of these.
  files_.set_free_bytes(kMin + 40);
  EXPECT_THAT(space->Take(60), HasReason(Reason::kDiskFull));
  EXPECT_EQ(Looks(), 2);
}

TEST_F(FreeSpaceTest, IsLookedAtAnewForWhatTakesMuch) {
  const auto space = Make();
  ASSERT_THAT(space->Take(1), IsOk());
  files_.set_free_bytes(kMin + 10);
  EXPECT_THAT(space->TakeMuch(11), HasReason(Reason::kDiskFull));
  clock_.Advance(FreeSpace::kLookInterval);
  EXPECT_THAT(space->TakeMuch(10), IsOk());
}

TEST_F(FreeSpaceTest, IsNotLookedAtForEveryRefusal) {
  const auto space = Make();
  files_.set_free_bytes(0);
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
  }
  EXPECT_EQ(Looks(), 1);
  clock_.Advance(FreeSpace::kLookInterval);
  ASSERT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
  EXPECT_EQ(Looks(), 2);
}

TEST_F(FreeSpaceTest, IsGivenOutAgainOnceThereIsSome) {
  const auto space = Make();
  files_.set_free_bytes(0);
  ASSERT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
  files_.set_free_bytes(1 << 30);
  clock_.Advance(FreeSpace::kLookInterval);
  EXPECT_THAT(space->Take(1), IsOk());
}

TEST_F(FreeSpaceTest, IsLookedAtAsSoonAsRoomWasMadeHere) {
  const auto space = Make();
  files_.set_free_bytes(0);
  ASSERT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
  files_.set_free_bytes(1 << 30);
  ASSERT_THAT(space->Take(1), HasReason(Reason::kDiskFull)) << "not yet due";
  space->NoteFreed();
  EXPECT_THAT(space->Take(1), IsOk());
}

TEST_F(FreeSpaceTest, ALargeWriteThatIsRefusedDoesNotHoldUpASmallOne) {
  const auto space = Make();
  files_.set_free_bytes(kMin + 10);
  ASSERT_THAT(space->Take(11), HasReason(Reason::kDiskFull));
  EXPECT_THAT(space->Take(10), IsOk());
}

TEST_F(FreeSpaceTest, IsLookedAtAnewAfterADiskWasFullAllTheSame) {
  const auto space = Make();
  ASSERT_THAT(space->Take(1), IsOk());
  files_.set_free_bytes(0);
  space->NoteFull();
  EXPECT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
}

TEST_F(FreeSpaceTest, WithoutAWatermarkNothingIsRefusedOrLookedAt) {
  const auto space = Make(0);
  files_.set_free_bytes(0);
  EXPECT_THAT(space->Take(1 << 30), IsOk());
  EXPECT_THAT(space->TakeMuch(1 << 30), IsOk());
  EXPECT_TRUE(space->HasRoomFor(1 << 30));
  EXPECT_EQ(Looks(), 0);
}

TEST_F(FreeSpaceTest, ADiskThatCannotTellIsTriedByWriting) {
  const auto space = Make();
  files_.Fail(FileCall::kFreeBytes, "", MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(space->Take(1), IsOk());
  EXPECT_TRUE(space->HasRoomFor(1));
  EXPECT_FALSE(space->IsShort());
}

TEST_F(FreeSpaceTest, AskingWhetherThereIsRoomRefusesNobody) {
  const auto space = Make();
  files_.set_free_bytes(kMin + 10);
  EXPECT_FALSE(space->HasRoomFor(11));
  EXPECT_TRUE(space->HasRoomFor(10));
  EXPECT_THAT(space->Take(10), IsOk());
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(FreeSpaceTest, IsShortBelowTheWatermarkOrWithAlmostNothingLeft) {
  const auto watched = Make(10 * FreeSpace::kLookBytes);
  const auto unwatched = Make(0);
  files_.set_free_bytes(10 * FreeSpace::kLookBytes - 1);
  EXPECT_TRUE(watched->IsShort());
  EXPECT_FALSE(unwatched->IsShort());
  files_.set_free_bytes(FreeSpace::kLookBytes - 1);
  EXPECT_TRUE(unwatched->IsShort());
}

// As at a quota: the disk as a whole has room.
TEST_F(FreeSpaceTest, IsShortOnceAWriteWasRefusedUntilRoomIsMade) {
  for (const int64_t free_bytes_min : {int64_t{0}, kMin}) {
    const auto space = Make(free_bytes_min);
    files_.set_free_bytes(int64_t{1} << 40);
    EXPECT_FALSE(space->IsShort());
    space->NoteFull();
    EXPECT_TRUE(space->IsShort());
    EXPECT_THAT(space->Take(1), IsOk()) << "it may be tried";
    EXPECT_TRUE(space->IsShort());
    space->NoteFreed();
    EXPECT_FALSE(space->IsShort());
  }
}

TEST_F(FreeSpaceTest, TellsOnceThatWritesAreRefusedAndThatTheyGoOn) {
  const auto space = Make();
  for (int i = 0; i < 3; ++i) {
    files_.set_free_bytes(0);
    ASSERT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
    // Room for one small write is no end of it.
    files_.set_free_bytes(kMin + 1);
    clock_.Advance(FreeSpace::kLookInterval);
    ASSERT_THAT(space->Take(1), IsOk());
  }
  EXPECT_THAT(events_, ElementsAre(HasSubstr("0 bytes are free and")));
  files_.set_free_bytes(1 << 30);
  ASSERT_THAT(space->Take(10), IsOk());
  EXPECT_THAT(events_,
              ElementsAre(HasSubstr("0 bytes are free and"),
                          HasSubstr("1073741824 bytes are free again")));
}

// A sink that shows warnings to the caller would tell it twice.
TEST_F(FreeSpaceTest, LeavesTheWarningToTheErrorThatTheRefusedGet) {
  const auto space = Make();
  files_.set_free_bytes(0);
  EXPECT_THAT(space->Take(1), HasReason(Reason::kDiskFull));
  EXPECT_THAT(severities_, ElementsAre(Severity::kInfo));
}

TEST_F(FreeSpaceTest, ManyThreadsTakeNoMoreThanOne) {
  const auto space = Make();
  // The disk says the same all the time: all that is taken comes of one look
  // as long as none is refused, and of one more for each refusal.
  files_.set_free_bytes(kMin + 1000);
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) taken += space->Take(1).ok() ? 1 : 0;
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(taken, 1000);
  EXPECT_EQ(Looks(), 1);
}

}  // namespace
}  // namespace cauce
