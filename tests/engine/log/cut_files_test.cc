#include "engine/log/cut_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "fmt/format.h"
#include "tests/testing/batches.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_disk.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

class CutFilesTest : public ::testing::Test {
 protected:
  // Of a log that holds "front" and `tail`.
  absl::StatusOr<std::optional<std::string>> Keep(const std::string& tail) {
    disk_.Write("0.log", "front" + tail);
    return cuts_.KeepBytes(disk_ / "0.log", 5, disk_ / "8.log");
  }

  test::TestDisk disk_;
  CutFiles cuts_{disk_.files(), disk_.directory()};
};

TEST_F(CutFilesTest, KeepWhatFollowsTheCutDurably) {
  EXPECT_THAT(Keep("tail"), IsOkAndHolds(Optional(disk_ / "8.log.cut")));
  EXPECT_EQ(disk_.Read("8.log.cut"), "tail");
  EXPECT_EQ(disk_.Read("0.log"), "fronttail");
  EXPECT_THAT(disk_.files().changes(),
              ::testing::IsSupersetOf({"sync " + (disk_ / "8.log.cut.tmp"),
                                       "rename to " + (disk_ / "8.log.cut"),
                                       "sync " + disk_.directory()}));
  EXPECT_EQ(disk_.files().changes().back(), "sync " + disk_.directory());
}

TEST_F(CutFilesTest, KeepNoZerosAtTheEnd) {
  EXPECT_THAT(Keep(std::string(2 << 20, '\0')), IsOkAndHolds(std::nullopt));
  EXPECT_THAT(disk_.Names(), ElementsAre("0.log"));
  const std::string gap(3 << 20, '\0');
  ASSERT_THAT(Keep("a" + gap + "b" + gap), IsOk());
  EXPECT_EQ(disk_.Read("8.log.cut"), "a" + gap + "b");
}

// Else it would take minutes.
TEST_F(CutFilesTest, ReadNothingOfAHoleAtTheEnd) {
  disk_.Write("0.log", "fronttail");
  const auto log = disk_.files().Open(disk_ / "0.log", OpenMode::kReadWrite);
  ASSERT_THAT(log, IsOk());
  ASSERT_THAT((*log)->Truncate(int64_t{1} << 40), IsOk());
  EXPECT_THAT(cuts_.KeepBytes(disk_ / "0.log", 5, disk_ / "8.log"),
              IsOkAndHolds(Optional(disk_ / "8.log.cut")));
  EXPECT_EQ(disk_.Read("8.log.cut"), "tail");
}

// A record without headers ends with one.
TEST_F(CutFilesTest, KeepTheZerosThatAWholeBatchEndsWith) {
  const std::string batch =
      test::Batch({"a", std::string(100, '\0')}).At(Offset{4}).bytes();
  ASSERT_EQ(batch.back(), '\0');
  ASSERT_THAT(Keep(batch + batch + std::string(2 << 20, '\0')), IsOk());
  EXPECT_EQ(disk_.Read("8.log.cut"), batch + batch);
  // Behind damage nobody knows.
  const std::string damaged = "?" + batch;
  EXPECT_THAT(Keep(damaged), IsOkAndHolds(Optional(disk_ / "8.log.cut.1")));
  EXPECT_EQ(disk_.Read("8.log.cut.1"),
            damaged.substr(0, damaged.find_last_not_of('\0') + 1));
}

TEST_F(CutFilesTest, KeepTheSameBytesOnce) {
  const std::string large = std::string(1 << 20, 'x') + "end";
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Keep("tail"), IsOkAndHolds(Optional(disk_ / "8.log.cut")));
    EXPECT_THAT(Keep("tall"), IsOkAndHolds(Optional(disk_ / "8.log.cut.1")));
    EXPECT_THAT(Keep(large), IsOkAndHolds(Optional(disk_ / "8.log.cut.2")));
  }
  EXPECT_THAT(disk_.Names(), SizeIs(4));
}

TEST_F(CutFilesTest, AFileOfThatNameIsWholeWheneverAStopCame) {
  disk_.files().Fail(FileCall::kWrite, ".cut.tmp",
                     MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(Keep("a long tail"), HasReason(Reason::kDiskFailed));
  disk_.files().Mend();
  EXPECT_THAT(disk_.Names(".cut"), SizeIs(0));
  // What was left of the copy is written over.
  ASSERT_THAT(Keep("tail"), IsOk());
  EXPECT_EQ(disk_.Read("8.log.cut"), "tail");
  EXPECT_THAT(disk_.Names(), ElementsAre("0.log", "8.log.cut"));
}

TEST_F(CutFilesTest, ManyOfThemNeverStopARecovery) {
  for (int i = 0; i < kCutFilesMax; ++i) {
    disk_.Write(i == 0 ? "8.log.cut" : fmt::format("8.log.cut.{}", i), "older");
    disk_.Write(i == 0 ? "8.log.log.cut" : fmt::format("8.log.log.cut.{}", i),
                "older");
  }
  const std::string last = fmt::format("8.log.cut.{}", kCutFilesMax - 1);
  EXPECT_THAT(Keep("tail"), IsOkAndHolds(Optional(disk_ / last)));
  EXPECT_EQ(disk_.Read(last), "tail");
  EXPECT_EQ(disk_.Read("8.log.cut"), "older");
  EXPECT_THAT(disk_.Names(), SizeIs(2 * kCutFilesMax + 1));
  disk_.Write("8.log.log", "whole");
  EXPECT_THAT(
      cuts_.SetAside(disk_ / "8.log.log"),
      IsOkAndHolds(disk_ / fmt::format("8.log.log.cut.{}", kCutFilesMax - 1)));
  // A name that is free comes first, and it may be the last of them.
  disk_.Remove(last);
  EXPECT_THAT(Keep("other"), IsOkAndHolds(Optional(disk_ / last)));
}

TEST_F(CutFilesTest, SetAsideAWholeSegment) {
  disk_.Write("9.log", "whole");
  disk_.Write("9.log.cut", "older");
  EXPECT_THAT(cuts_.SetAside(disk_ / "9.log"),
              IsOkAndHolds(disk_ / "9.log.cut.1"));
  EXPECT_EQ(disk_.Read("9.log.cut.1"), "whole");
  EXPECT_THAT(disk_.Names(), ElementsAre("9.log.cut", "9.log.cut.1"));
}

TEST_F(CutFilesTest, KeepAPartUnderTheNameThatItWasGiven) {
  disk_.Write("0.log", "0123456789");
  const auto log = disk_.files().Open(disk_ / "0.log", OpenMode::kRead);
  ASSERT_THAT(log, IsOk());
  const std::string kept = disk_ / "0.log.3.cut.1";
  ASSERT_THAT(cuts_.KeepPart({**log, 3, 8}, kept), IsOk());
  EXPECT_EQ(disk_.Read("0.log.3.cut.1"), "34567");
  const auto changes = disk_.files().changes();
  EXPECT_THAT(std::span(changes).last(3),
              ElementsAre("sync " + (disk_ / "0.log.3.cut.tmp"),
                          "rename to " + kept, "sync " + disk_.directory()));
  // It was chosen for what it holds.
  ASSERT_THAT(cuts_.KeepPart({**log, 0, 2}, kept), IsOk());
  EXPECT_EQ(disk_.Read("0.log.3.cut.1"), "34567");
}

TEST_F(CutFilesTest, PassOverWhatIsNoFile) {
  ASSERT_THAT(disk_.files().CreateDirectory(disk_ / "8.log.cut"), IsOk());
  EXPECT_THAT(Keep("tail"), IsOkAndHolds(Optional(disk_ / "8.log.cut.1")));
}

}  // namespace
}  // namespace cauce
