#include "engine/catalog/whole_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/failing_file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kDirectory = "/data";

class WholeFile : public ::testing::Test {
 protected:
  WholeFile() { EXPECT_THAT(real_->CreateDirectories(kDirectory), IsOk()); }

  absl::StatusOr<std::string> Read(std::string_view name) {
    return ReadWholeFile(*real_, JoinPath(kDirectory, name), 100);
  }

  const std::unique_ptr<FileSystem> real_ = NewMemoryFileSystem();
  test::FailingFileSystem files_{*real_};
};

TEST_F(WholeFile, HoldsWhatWasWrittenLast) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "the first, a long one"),
              IsOk());
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "the second"), IsOk());
  EXPECT_THAT(Read("f"), IsOkAndHolds("the second"));
}

TEST_F(WholeFile, IsSyncedBeforeItGetsItsNameAndTheDirectoryAfter) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "bytes"), IsOk());
  EXPECT_THAT(
      files_.changes(),
      ElementsAre("truncate /data/f.tmp", "write /data/f.tmp",
                  "sync /data/f.tmp", "rename to /data/f", "sync /data"));
}

TEST_F(WholeFile, IsOldOrNewWhereverReplacingItFails) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "old"), IsOk());
  const int changes = static_cast<int>(files_.changes().size());
  for (int fail = 0; fail < changes; ++fail) {
    SCOPED_TRACE(fail);
    files_.FailAfter(fail);
    EXPECT_THAT(ReplaceFile(files_, kDirectory, "f", "new"),
                HasReason(Reason::kDiskFailed));
    EXPECT_THAT(Read("f"), IsOkAndHolds(AnyOf("old", "new")));
    files_.Mend();
    ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "old"), IsOk());
  }
}

TEST_F(WholeFile, WithoutItsNameIsOldOrNewToo) {
  for (const std::string_view next : {"the old", "new"}) {
    SCOPED_TRACE(next);
    bool failed = true;
    for (int fail = 0; failed; ++fail) {
      SCOPED_TRACE(fail);
      ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "the old"), IsOk());
      files_.FailAfter(fail);
      failed = !ReplaceUnnamed(files_, kDirectory, "f", next).ok();
      EXPECT_THAT(Read("f"), IsOkAndHolds(AnyOf("the old", next)));
      files_.Mend();
    }
    EXPECT_THAT(Read("f"), IsOkAndHolds(next));
  }
}

TEST_F(WholeFile, WithoutItsNameIsSyncedThoughItHeldTheSame) {
  ASSERT_THAT(ReplaceUnnamed(files_, kDirectory, "f", "bytes"), IsOk());
  EXPECT_THAT(files_.changes(),
              ElementsAre("truncate /data/f.tmp", "write /data/f.tmp",
                          "sync /data/f.tmp", "rename to /data/f"));
  ASSERT_THAT(ReplaceUnnamed(files_, kDirectory, "f", "bytes"), IsOk());
  EXPECT_EQ(files_.changes().size(), 6u);
  EXPECT_EQ(files_.changes()[4], "write /data/f");
  EXPECT_EQ(files_.changes()[5], "sync /data/f");
}

TEST_F(WholeFile, IsWrittenInItsPlaceWhereThatIsAskedFor) {
  ASSERT_THAT(WriteAndSyncFile(files_, "/data/f", "the first, a long one"),
              IsOk());
  ASSERT_THAT(WriteAndSyncFile(files_, "/data/f", "the second"), IsOk());
  EXPECT_THAT(Read("f"), IsOkAndHolds("the second"));
  EXPECT_EQ(files_.changes().back(), "sync /data/f");
}

TEST_F(WholeFile, TakesThePlaceOfWhatACrashLeftBehind) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f.tmp", std::string(90, 'x')),
              IsOk());
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "short"), IsOk());
  EXPECT_THAT(Read("f"), IsOkAndHolds("short"));
}

TEST_F(WholeFile, IsNotReadBeyondTheLimit) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", std::string(100, 'x')),
              IsOk());
  EXPECT_THAT(Read("f"), IsOk());
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", std::string(101, 'x')),
              IsOk());
  EXPECT_THAT(Read("f"), HasReason(Reason::kCorruptFile));
}

TEST_F(WholeFile, IsDamagedWhereADirectoryIsInItsPlace) {
  ASSERT_THAT(real_->CreateDirectory("/data/f"), IsOk());
  EXPECT_THAT(Read("f"), HasReason(Reason::kCorruptFile));
  EXPECT_THAT(CheckNothingInPlaceOf(*real_, "/data/f"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckNothingInPlaceOf(*real_, "/data/none"), IsOk());
}

TEST_F(WholeFile, IsNotTakenForFreeNorReplacedWhereItCannotBeRead) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "old"), IsOk());
  files_.Fail(test::FileCall::kOpen, "/f",
              MakeError(Reason::kDiskFailed, "/data/f: cannot be read"));

  EXPECT_THAT(CheckNothingInPlaceOf(files_, "/data/f"),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(ReplaceUnnamed(files_, kDirectory, "f", "new"),
              HasReason(Reason::kDiskFailed));
  EXPECT_THAT(Read("f"), IsOkAndHolds("old"));
}

TEST_F(WholeFile, CannotTakeADirectorysPlaceAndSaysWhatToDo) {
  ASSERT_THAT(real_->CreateDirectory("/data/f"), IsOk());
  for (const absl::Status& replaced :
       {ReplaceFile(files_, kDirectory, "f", "bytes"),
        ReplaceUnnamed(files_, kDirectory, "f", "bytes")}) {
    EXPECT_THAT(replaced, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(MessageOf(replaced), HasSubstr("move it away"));
  }
  EXPECT_THAT(Read("f.tmp"), StatusIs(absl::StatusCode::kNotFound));
}

// What it leads to may be whole: it is no damage, and nobody goes on without.
TEST(LinkedWholeFile, IsNotReadAndNotTakenForDamaged) {
  const test::TempDir disk;
  std::filesystem::create_symlink("elsewhere", disk / "f");
  FileSystem& files = *PosixFileSystem();
  EXPECT_THAT(ReadWholeFile(files, disk / "f", 100),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(CheckNothingInPlaceOf(files, disk / "f"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(WholeFile, IsNotFoundWhereThereIsNone) {
  EXPECT_THAT(Read("f"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(WholeFile, IsRemovedWhetherItIsThereOrNot) {
  ASSERT_THAT(ReplaceFile(files_, kDirectory, "f", "bytes"), IsOk());
  EXPECT_THAT(RemoveIfThere(files_, "/data/f"), IsOk());
  EXPECT_THAT(Read("f"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(RemoveIfThere(files_, "/data/f"), IsOk());
  ASSERT_THAT(real_->CreateDirectory("/data/f"), IsOk());
  EXPECT_THAT(RemoveIfThere(files_, "/data/f"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(JoinPath, PutsOneSlashBetween) {
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/a/", "b"), "/a/b");
}

}  // namespace
}  // namespace cauce
