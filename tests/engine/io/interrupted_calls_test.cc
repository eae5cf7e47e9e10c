// System calls that a signal interrupts, that do only part of their work, or
// fail in the middle: this program's own take the place of the C library's.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace {

// What becomes of the calls. One thread makes them.
struct Interference {
  bool interrupts = false;  // every other call is interrupted
  // A transfer moves no more bytes than this at a time, and none at all once
  // so many have succeeded.
  size_t bytes_max = std::numeric_limits<size_t>::max();
  int transfers_max = std::numeric_limits<int>::max();
  int error = 0;  // of the transfer behind the last; 0: it moves nothing

  int calls = 0;
  int transfers = 0;

  // Whether this call is interrupted.
  bool Interrupt() {
    const bool now = calls++ % 2 == 0 && interrupts;
    if (now) errno = EINTR;
    return now;
  }
};
Interference interference;

// Whether a transfer goes on; else `result` is what it returns.
bool GoesOn(ssize_t& result) {
  result = -1;
  if (interference.Interrupt()) return false;
  if (interference.transfers++ < interference.transfers_max) return true;
  errno = interference.error;
  result = interference.error == 0 ? 0 : -1;
  return false;
}

}  // namespace

extern "C" ssize_t pread(int fd, void* into, size_t count, off_t position) {
  ssize_t result = 0;
  if (!GoesOn(result)) return result;
  return syscall(SYS_pread64, fd, into, std::min(count, interference.bytes_max),
                 position);
}

extern "C" ssize_t pwrite(int fd, const void* from, size_t count,
                          off_t position) {
  ssize_t result = 0;
  if (!GoesOn(result)) return result;
  return syscall(SYS_pwrite64, fd, from,
                 std::min(count, interference.bytes_max), position);
}

extern "C" ssize_t pwritev(int fd, const iovec* pieces, int count,
                           off_t position) {
  ssize_t result = 0;
  if (!GoesOn(result)) return result;
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base),
                 pieces[i].iov_len);
  }
  return syscall(SYS_pwrite64, fd, bytes.data(),
                 std::min(bytes.size(), interference.bytes_max), position);
}

extern "C" int fdatasync(int fd) {
  if (interference.Interrupt()) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}

extern "C" int fsync(int fd) {
  if (interference.Interrupt()) return -1;
  return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int ftruncate(int fd, off_t size) noexcept {
  if (interference.Interrupt()) return -1;
  return static_cast<int>(syscall(SYS_ftruncate, fd, size));
}

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;

class InterruptedCalls : public ::testing::Test {
 protected:
  InterruptedCalls() { interference = {}; }

  std::unique_ptr<File> Make(std::string_view bytes) {
    auto file = PosixFileSystem()->Open(scratch_ / "file", OpenMode::kCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Write(0, bytes), IsOk());
    return *std::move(file);
  }

  static std::string ReadAll(const File& file) {
    interference = {};
    std::string bytes(8000, '\0');
    const auto read = file.Read(0, bytes);
    EXPECT_THAT(read, IsOk());
    bytes.resize(read.value_or(0));
    return bytes;
  }

  test::TempDir scratch_;
};

TEST_F(InterruptedCalls, AReadGoesOnUntilAllIsThere) {
  const auto file = Make("0123456789");
  interference = {.interrupts = true, .bytes_max = 3};
  std::string bytes(8, '\0');
  EXPECT_THAT(file->Read(1, bytes), IsOkAndHolds(8));
  EXPECT_EQ(bytes, "12345678");
  EXPECT_EQ(interference.transfers, 3);
}

TEST_F(InterruptedCalls, AReadThatFailsInTheMiddleIsTheDisksFault) {
  const auto file = Make("0123456789");
  interference = {.bytes_max = 3, .transfers_max = 1, .error = EIO};
  std::string bytes(8, '\0');
  EXPECT_THAT(file->Read(0, bytes), HasReason(Reason::kDiskFailed));
}

// In all ways in which the parts can be torn, be they so small that they are
// written from one place, or not.
TEST_F(InterruptedCalls, AWriteGoesOnUntilAllIsThere) {
  for (const size_t each : {1, 600}) {
    const auto times = [each](std::string_view letters) {
      std::string bytes;
      for (const char letter : letters) bytes.append(each, letter);
      return bytes;
    };
    const std::string written = times("01234567");
    std::vector<std::string_view> parts;
    for (const auto& [at, count] : {std::pair<size_t, size_t>{0, 2},
                                    {2, 0},
                                    {2, 3},
                                    {5, 1},
                                    {6, 2}}) {
      const auto whole = std::string_view(written);
      parts.push_back(whole.substr(at * each, count * each));
    }
    for (size_t bytes_max = 1; bytes_max < 10; ++bytes_max) {
      SCOPED_TRACE(bytes_max * each);
      const auto file = Make(times(".........."));
      interference = {.interrupts = true, .bytes_max = bytes_max * each};
      EXPECT_THAT(file->Write(static_cast<int64_t>(each), parts), IsOk());
      EXPECT_EQ(ReadAll(*file), times(".01234567."));
      EXPECT_THAT(PosixFileSystem()->RemoveFile(scratch_ / "file"), IsOk());
    }
  }
}

TEST_F(InterruptedCalls, AWriteThatFindsTheDiskFullInTheMiddleSaysSo) {
  const auto file = Make("..........");
  interference = {.bytes_max = 4, .transfers_max = 1, .error = ENOSPC};
  EXPECT_THAT(file->Write(0, "01234567"), HasReason(Reason::kDiskFull));
  EXPECT_EQ(ReadAll(*file), "0123......");
}

TEST_F(InterruptedCalls, AWriteThatMovesNothingIsNotTriedForEver) {
  const auto file = Make("");
  interference = {.bytes_max = 4, .transfers_max = 1};
  EXPECT_THAT(file->Write(0, "01234567"), HasReason(Reason::kDiskFailed));
}

TEST_F(InterruptedCalls, SyncsAndCutsAreTriedAgain) {
  const auto file = Make("0123456789");
  interference = {.interrupts = true};
  EXPECT_THAT(file->Truncate(4), IsOk());
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(PosixFileSystem()->SyncDirectory(scratch_.path()), IsOk());
  EXPECT_EQ(interference.calls, 6);
  EXPECT_EQ(ReadAll(*file), "0123");
}

}  // namespace
}  // namespace cauce
