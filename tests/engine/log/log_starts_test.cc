#include "engine/log/log_starts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cauce/errors.h"
#include "engine/base/check.h"
#include "engine/catalog/checked_text.h"
#include "engine/catalog/log_start_copy.h"
#include "fmt/format.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using test::FileCall;
using test::HasReason;
using test::IsOk;
using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TopicPartition kA{"a", PartitionId{0}};
const TopicPartition kB{"b", PartitionId{3}};

class Starts : public ::testing::Test {
 protected:
  Starts() { CAUCE_CHECK(memory_->CreateDirectories("/d/a-0").ok()); }

  void Put(std::string_view name, std::string_view bytes) {
    const auto file =
        memory_->Open(fmt::format("/d/{}", name), OpenMode::kOpenOrCreate);
    CAUCE_CHECK(file.ok());
    CAUCE_CHECK((*file)->Truncate(0).ok());
    CAUCE_CHECK((*file)->Write(0, bytes).ok());
  }
  void PutOriginal(const OffsetCheckpoint& starts) {
    Put(kLogStartFile, FormatOffsetCheckpoint(starts));
  }
  void PutCopy(const OffsetCheckpoint& starts) {
    Put(kLogStartCopyFile, FormatLogStartCopy(starts));
  }
  void PutSegment(int64_t base) {
    Put(fmt::format("a-0/{:020}.log", base), "");
  }

  LogStarts Read() { return ReadLogStarts(files_, "/d"); }

  const std::unique_ptr<FileSystem> memory_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*memory_};
};

TEST_F(Starts, AreNoneAndSettledWhereThereIsNoFile) {
  const LogStarts read = Read();
  EXPECT_THAT(read.starts, IsEmpty());
  EXPECT_TRUE(read.is_settled);
  EXPECT_FALSE(read.is_lost());
  EXPECT_THAT(read.Unread(), IsOk());
}

TEST_F(Starts, AreReadAsTheyWereWritten) {
  const OffsetCheckpoint starts{{kA, Offset{5}}, {kB, Offset{0}}};
  ASSERT_THAT(WriteLogStarts(files_, "/d", starts), IsOk());
  const LogStarts read = Read();
  EXPECT_EQ(read.starts, starts);
  EXPECT_TRUE(read.is_settled);
  EXPECT_THAT(read.differences, IsEmpty());
}

TEST_F(Starts, AreBothDurableWithOneSyncOfTheDirectory) {
  ASSERT_THAT(WriteLogStarts(files_, "/d", {{kA, Offset{5}}}), IsOk());
  EXPECT_THAT(files_.changes(),
              ElementsAre("truncate /d/log-start-offset-checkpoint.tmp",
                          "write /d/log-start-offset-checkpoint.tmp",
                          "sync /d/log-start-offset-checkpoint.tmp",
                          "truncate /d/cauce.log-starts.tmp",
                          "write /d/cauce.log-starts.tmp",
                          "sync /d/cauce.log-starts.tmp",
                          "rename to /d/log-start-offset-checkpoint",
                          "rename to /d/cauce.log-starts", "sync /d"));
}

TEST_F(Starts, OfTwoTheLowerHoldsWhicheverFileSaysIt) {
  PutSegment(0);
  for (const auto& [original, copy] :
       {std::pair(500, 7), std::pair(7, 500), std::pair(500, 0)}) {
    PutOriginal({{kA, Offset{original}}, {kB, Offset{1}}});
    PutCopy({{kA, Offset{copy}}, {kB, Offset{1}}});
    const LogStarts read = Read();
    const Offset low{std::min(original, copy)};
    EXPECT_EQ(read.starts, (OffsetCheckpoint{{kA, low}, {kB, Offset{1}}}));
    EXPECT_FALSE(read.is_settled);
    ASSERT_THAT(read.differences, SizeIs(1));
    EXPECT_THAT(read.differences[0].Describe(),
                AllOf(HasSubstr("a-0 starts at offset"),
                      HasSubstr(fmt::format("to start at {}", low.value)),
                      HasSubstr("those before 500")));
  }
}

// Where it begins behind it, its first segments are missed in vain: one of the
// two says that they went.
TEST_F(Starts, OfTwoTheHigherHoldsWhereTheOldestSegmentBeginsThereOrBehindIt) {
  for (const auto& [base, why] :
       {std::pair(600, "since its oldest segment begins behind that, at 600"),
        std::pair(500, "where its oldest segment begins")}) {
    PutSegment(base);
    for (const auto& [original, copy] :
         {std::pair(500, 7), std::pair(7, 500)}) {
      PutOriginal({{kA, Offset{original}}});
      PutCopy({{kA, Offset{copy}}});
      const LogStarts read = Read();
      EXPECT_EQ(read.starts, (OffsetCheckpoint{{kA, Offset{500}}}));
      ASSERT_THAT(read.differences, SizeIs(1));
      EXPECT_THAT(read.differences[0].Describe(),
                  HasSubstr(fmt::format("to start at 500, {}", why)));
    }
  }
}

// Nothing lies below it, and nothing above goes.
TEST_F(Starts, BetweenTwoTheOldestSegmentHolds) {
  PutSegment(450);
  PutSegment(480);
  for (const auto& [original, copy] :
       {std::pair(500, 100), std::pair(100, 500)}) {
    PutOriginal({{kA, Offset{original}}});
    PutCopy({{kA, Offset{copy}}});
    const LogStarts read = Read();
    EXPECT_EQ(read.starts, (OffsetCheckpoint{{kA, Offset{450}}}));
    EXPECT_FALSE(read.is_settled);
    ASSERT_THAT(read.differences, SizeIs(1));
    EXPECT_THAT(
        read.differences[0].Describe(),
        AllOf(HasSubstr("to start at 450, where its oldest segment"),
              HasSubstr("may show again"), HasSubstr("those before 500")));
  }
}

// Whatever keeps its segments from being seen.
TEST_F(Starts, OfTwoTheLowerHoldsWhereNoSegmentIsSeen) {
  PutOriginal({{kA, Offset{500}}, {kB, Offset{500}}});
  PutCopy({{kA, Offset{7}}, {kB, Offset{7}}});
  EXPECT_EQ(Read().starts,
            (OffsetCheckpoint{{kA, Offset{7}}, {kB, Offset{7}}}));
  PutSegment(500);
  files_.Fail(FileCall::kList, "a-0", MakeError(Reason::kDiskFailed, "no"));
  EXPECT_EQ(Read().starts,
            (OffsetCheckpoint{{kA, Offset{7}}, {kB, Offset{7}}}));
}

TEST_F(Starts, TheOriginalAloneCountsWhole) {
  const OffsetCheckpoint starts{{kA, Offset{5}}};
  PutOriginal(starts);
  LogStarts read = Read();
  EXPECT_EQ(read.starts, starts);
  EXPECT_THAT(read.copy, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(read.is_settled);
  EXPECT_FALSE(read.is_lost());

  Put(kLogStartCopyFile, "rubbish");
  read = Read();
  EXPECT_EQ(read.starts, starts);
  EXPECT_THAT(read.copy, HasReason(Reason::kCorruptFile));
  EXPECT_FALSE(read.is_settled);
  EXPECT_FALSE(read.is_lost());
}

TEST_F(Starts, TheCopyAloneCountsWhole) {
  const OffsetCheckpoint starts{{kA, Offset{5}}};
  PutCopy(starts);
  // Also where the oldest segments are missing: they are missed.
  PutSegment(9);
  EXPECT_EQ(Read().starts, starts);
  EXPECT_THAT(Read().original, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(Read().is_settled);
  for (const std::string_view damaged : {"", "rubbish", "0\n2\na 0 9\n"}) {
    Put(kLogStartFile, damaged);
    EXPECT_EQ(Read().starts, starts);
    EXPECT_FALSE(Read().is_settled);
    EXPECT_FALSE(Read().is_lost());
  }
}

TEST_F(Starts, AreLostWhereNeitherIsWhole) {
  Put(kLogStartFile, "rubbish");
  EXPECT_TRUE(Read().is_lost());
  Put(kLogStartCopyFile, "rubbish");
  EXPECT_TRUE(Read().is_lost());
  EXPECT_THAT(Read().starts, IsEmpty());
  ASSERT_THAT(memory_->RemoveFile("/d/log-start-offset-checkpoint"), IsOk());
  EXPECT_TRUE(Read().is_lost());
}

// A broker leaves out a log that begins where its first segment does, and one
// that it made; of a name that was damaged each file has another one.
TEST_F(Starts, ALogThatOneFileLeavesOutStartsWithItsOldestSegment) {
  const auto expect = [this](int64_t said, int64_t taken, bool shows_again) {
    for (const bool is_original : {true, false}) {
      const OffsetCheckpoint with{{kA, Offset{said}}, {kB, Offset{1}}};
      const OffsetCheckpoint without{{kB, Offset{1}}};
      PutOriginal(is_original ? with : without);
      PutCopy(is_original ? without : with);
      const LogStarts read = Read();
      EXPECT_EQ(read.starts,
                (OffsetCheckpoint{{kA, Offset{taken}}, {kB, Offset{1}}}));
      EXPECT_FALSE(read.is_settled);
      ASSERT_THAT(read.differences, SizeIs(1));
      const std::string told = read.differences[0].Describe();
      EXPECT_THAT(
          told,
          AllOf(HasSubstr(fmt::format(
                    "a-0 starts at offset {} as {} says, and {} leaves it out",
                    said, is_original ? kLogStartFile : kLogStartCopyFile,
                    is_original ? kLogStartCopyFile : kLogStartFile)),
                HasSubstr(
                    fmt::format("to start at {}, where its oldest", taken))));
      EXPECT_EQ(told.find("may show again") != told.npos, shows_again) << told;
    }
  };
  PutSegment(9);
  expect(7, 9, false);
  expect(500, 9, true);
  PutSegment(3);
  expect(7, 3, true);
}

TEST_F(Starts, ALineThatSaysNoMoreThanItsAbsenceIsNoDifference) {
  const OffsetCheckpoint starts{{kA, Offset{9}}};
  PutSegment(9);
  for (const bool is_original : {true, false}) {
    PutOriginal(is_original ? starts : OffsetCheckpoint());
    PutCopy(is_original ? OffsetCheckpoint() : starts);
    const LogStarts read = Read();
    EXPECT_EQ(read.starts, starts);
    EXPECT_THAT(read.differences, IsEmpty());
    // Ours name them all, so that a first segment that goes missing is missed.
    EXPECT_FALSE(read.is_settled);
  }
}

// It then starts with what is found of it; nothing that is there is hidden.
TEST_F(Starts, ALogThatOneFileLeavesOutIsLeftOutWhereNoSegmentIsSeen) {
  const auto expect_left_out = [this] {
    const LogStarts read = Read();
    EXPECT_THAT(read.starts, IsEmpty());
    ASSERT_THAT(read.differences, SizeIs(1));
    EXPECT_THAT(read.differences[0].Describe(),
                HasSubstr("a-0 starts at offset 500"));
    EXPECT_FALSE(read.is_settled);
  };
  const OffsetCheckpoint starts{{kA, Offset{500}}};
  for (const bool is_original : {true, false}) {
    PutOriginal(is_original ? starts : OffsetCheckpoint());
    PutCopy(is_original ? OffsetCheckpoint() : starts);
    expect_left_out();
    files_.Fail(FileCall::kList, "a-0", MakeError(Reason::kDiskFailed, "no"));
    expect_left_out();
    files_.Mend();
  }
}

TEST_F(Starts, AWriterWhoIsInBetweenTheTwoMakesNoDifference) {
  ASSERT_THAT(WriteLogStarts(*memory_, "/d", {{kA, Offset{5}}}), IsOk());
  // The original is read before this, and the copy after it.
  files_.set_during(FileCall::kOpen, kLogStartCopyFile, [this] {
    CAUCE_CHECK(WriteLogStarts(*memory_, "/d", {{kA, Offset{9}}}).ok());
  });
  const LogStarts read = Read();
  EXPECT_EQ(read.starts, (OffsetCheckpoint{{kA, Offset{9}}}));
  EXPECT_THAT(read.differences, IsEmpty());
}

TEST_F(Starts, ANewerReleasesAndAFileThatMayNotBeReadAreErrors) {
  PutOriginal({{kA, Offset{5}}});
  PutCopy({{kA, Offset{5}}});
  files_.Fail(FileCall::kRead, kLogStartFile,
              MakeError(Reason::kDiskFailed, "no"));
  EXPECT_THAT(Read().Unread(), HasReason(Reason::kDiskFailed));
  files_.Mend();
  files_.Fail(FileCall::kOpen, kLogStartCopyFile,
              absl::PermissionDeniedError("forbidden"));
  EXPECT_THAT(Read().Unread(), StatusIs(absl::StatusCode::kPermissionDenied));
  files_.Mend();
  Put(kLogStartCopyFile, WithChecksum("cauce.log-starts 2\n"));
  EXPECT_THAT(Read().Unread(), HasReason(Reason::kUnsupportedFormat));
}

TEST_F(Starts, AreWrittenAsTheyWereOrNewWhereverThatFails) {
  const OffsetCheckpoint before{{kA, Offset{5}}};
  const OffsetCheckpoint after{{kA, Offset{9}}};
  PutSegment(0);
  for (int changes = 0; changes < 9; ++changes) {
    SCOPED_TRACE(changes);
    ASSERT_THAT(WriteLogStarts(*memory_, "/d", before), IsOk());
    files_.FailAfter(changes);
    EXPECT_THAT(WriteLogStarts(files_, "/d", after),
                HasReason(Reason::kDiskFailed));
    files_.Mend();
    const LogStarts read = Read();
    // Nobody was told of the new one before both said it.
    EXPECT_EQ(read.starts, changes < 8 ? before : after);
    EXPECT_EQ(read.is_settled, changes != 7);
  }
}

}  // namespace
}  // namespace cauce
