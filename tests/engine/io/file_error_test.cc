#include "engine/io/file_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "cauce/errors.h"
#include "tests/testing/matchers.h"

namespace cauce {
namespace {

using ::testing::HasSubstr;

std::string TextOf(const absl::Status& status) {
  return std::string(status.message());
}

TEST(FileError, NamesThePathTheOperationAndTheSystemsWords) {
  const absl::Status status = DataError("a/b.log", "sync", EIO);
  EXPECT_THAT(TextOf(status), HasSubstr("a/b.log"));
  EXPECT_THAT(TextOf(status), HasSubstr("sync"));
  EXPECT_THAT(TextOf(status), HasSubstr("Input/output error"));
}

TEST(FileError, TellsAFullDiskFromAFailedOne) {
  EXPECT_THAT(DataError("f", "write", ENOSPC),
              test::HasReason(Reason::kDiskFull));
  EXPECT_THAT(DataError("f", "write", EDQUOT),
              test::HasReason(Reason::kDiskFull));
  // A limit of file sizes is one of room.
  EXPECT_THAT(DataError("f", "write", EFBIG),
              test::HasReason(Reason::kDiskFull));
  EXPECT_THAT(TextOf(DataError("f", "write", EFBIG)), HasSubstr("ulimit -f"));
  EXPECT_THAT(DataError("f", "write", EIO),
              test::HasReason(Reason::kDiskFailed));
  EXPECT_THAT(NameError("f", "open", ENOSPC),
              test::HasReason(Reason::kDiskFull));
}

TEST(FileError, TellsWhatIsMissingFromWhatIsThereAlready) {
  EXPECT_THAT(NameError("f", "open", ENOENT),
              test::StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(NameError("f", "create", EEXIST),
              test::StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(NameError("f", "open", EACCES),
              test::StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(NameError("f", "open", EMFILE),
              test::StatusIs(absl::StatusCode::kResourceExhausted));
}

// Whoever only reads is told no more than this.
TEST(FileError, SaysWhatToDoAboutWhatMayOrCanNotBeRead) {
  for (const int error : {EACCES, EPERM})
    EXPECT_THAT(TextOf(NameError("f", "open", error)), HasSubstr("its owner"));
  EXPECT_THAT(TextOf(NameError("f", "open", EROFS)), HasSubstr("read-only"));
  for (const absl::Status& failed :
       {NameError("f", "open", EIO), DataError("f", "read", EIO)}) {
    EXPECT_THAT(TextOf(failed), HasSubstr("restore"));
  }
}

TEST(FileError, NamesTheHolderOfALock) {
  const absl::Status status = LockedError("data/.lock", "pid 42");
  EXPECT_THAT(status, test::HasReason(Reason::kLocked));
  EXPECT_THAT(TextOf(status), HasSubstr("pid 42"));
}

TEST(FileError, RefusesRangesThatNoFileHas) {
  EXPECT_THAT(CheckRange("f", 0, 10), test::IsOk());
  EXPECT_FALSE(CheckRange("f", -1, 10).ok());
  EXPECT_FALSE(CheckRange("f", INT64_MAX, 1).ok());
}

}  // namespace
}  // namespace cauce
