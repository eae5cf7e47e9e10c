// What only the operating system's files do; the rest of the contract is in
// file_system_test.cc.
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "tests/testing/matchers.h"
#include "tests/testing/temp_dir.h"

namespace cauce {
namespace {

using test::HasReason;
using test::IsOk;
using test::IsOkAndHolds;
using test::StatusIs;
using test::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::StatusCode kAlreadyExists = absl::StatusCode::kAlreadyExists;
constexpr absl::StatusCode kFailedPrecondition =
    absl::StatusCode::kFailedPrecondition;

FileSystem& Files() { return *PosixFileSystem(); }

int PermissionsOf(const std::string& path) {
  struct stat info;
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return static_cast<int>(info.st_mode & 07777);
}

// The process's umask, put back at the end.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  ~Umask() { umask(before_); }

 private:
  const mode_t before_;
};

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void Tell() const { EXPECT_EQ(write(ends[1], "x", 1), 1); }
  void Hear() const {
    char c;
    EXPECT_EQ(read(ends[0], &c, 1), 1);
  }
  int ends[2] = {-1, -1};
};

void KillAndReap(pid_t child) {
  EXPECT_EQ(kill(child, SIGKILL), 0);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(PosixFileSystem, FilesAndDirectoriesAreTheOwnersWhateverTheUmask) {
  for (mode_t mask : {0, 0022, 0277, 0777}) {
    const TempDir dir;
    const Umask umask(mask);
    for (auto [name, mode] : {std::pair("created", OpenMode::kCreate),
                              std::pair("opened", OpenMode::kOpenOrCreate)}) {
      EXPECT_THAT(Files().Open(dir / name, mode), IsOk());
      EXPECT_EQ(PermissionsOf(dir / name), 0600) << mask;
    }
    EXPECT_THAT(Files().Lock(dir / ".lock", "owner"), IsOk());
    EXPECT_EQ(PermissionsOf(dir / ".lock"), 0600) << mask;
    EXPECT_THAT(Files().CreateDirectories(dir / "a/b"), IsOk());
    EXPECT_EQ(PermissionsOf(dir / "a"), 0700) << mask;
    EXPECT_EQ(PermissionsOf(dir / "a/b"), 0700) << mask;
  }
}

TEST(PosixFileSystem, LeavesTheModeOfAFileThatIsThere) {
  const TempDir dir;
  std::ofstream(dir / "file") << "text";
  ASSERT_EQ(chmod((dir / "file").c_str(), 0640), 0);
  EXPECT_THAT(Files().Open(dir / "file", OpenMode::kOpenOrCreate), IsOk());
  EXPECT_EQ(PermissionsOf(dir / "file"), 0640);
}

TEST(PosixFileSystem, RefusesALinkToAFileInEveryCallThatWouldFollowIt) {
  const TempDir dir;
  std::ofstream(dir / "target") << "text";
  std::filesystem::create_symlink(dir / "target", dir / "link");
  for (OpenMode mode :
       {OpenMode::kRead, OpenMode::kReadWrite, OpenMode::kOpenOrCreate}) {
    EXPECT_THAT(Files().Open(dir / "link", mode),
                StatusIs(kFailedPrecondition,
                         AllOf(HasSubstr(dir / "link"), HasSubstr("link"))));
  }
  EXPECT_THAT(Files().Open(dir / "link", OpenMode::kCreate),
              StatusIs(kAlreadyExists));
  EXPECT_THAT(Files().Info(dir / "link"), StatusIs(kFailedPrecondition));
  EXPECT_THAT(Files().Lock(dir / "link", ""), StatusIs(kFailedPrecondition));
}

TEST(PosixFileSystem, RefusesALinkToADirectoryEvenWithASlashBehindIt) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "target");
  std::filesystem::create_directory_symlink(dir / "target", dir / "link");
  for (const std::string& link : {dir / "link", dir / "link/"}) {
    EXPECT_THAT(Files().List(link), StatusIs(kFailedPrecondition));
    EXPECT_THAT(Files().Info(link), StatusIs(kFailedPrecondition));
    EXPECT_THAT(Files().SyncDirectory(link), StatusIs(kFailedPrecondition));
    EXPECT_THAT(Files().CreateDirectories(link), StatusIs(kFailedPrecondition));
    EXPECT_THAT(Files().Watch({{link}}), StatusIs(kFailedPrecondition));
  }
  // In the middle of a path it is the user's own arrangement.
  EXPECT_THAT(Files().CreateDirectories(dir / "link/inner"), IsOk());
  EXPECT_THAT(Files().List(dir / "link/inner"), IsOk());
}

TEST(PosixFileSystem, RenameAndRemoveActOnALinkItself) {
  const TempDir dir;
  std::ofstream(dir / "target") << "text";
  std::filesystem::create_symlink(dir / "target", dir / "link");
  EXPECT_THAT(Files().Rename(dir / "link", dir / "moved"), IsOk());
  EXPECT_TRUE(std::filesystem::is_symlink(dir / "moved"));
  EXPECT_THAT(Files().RemoveFile(dir / "moved"), IsOk());
  EXPECT_TRUE(std::filesystem::exists(dir / "target"));
}

TEST(PosixFileSystem, APipeInTheFilesPlaceIsRefusedWithoutWaiting) {
  const TempDir dir;
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(Files().Open(dir / "pipe", OpenMode::kRead),
              StatusIs(kFailedPrecondition));
  EXPECT_THAT(Files().Open(dir / "pipe", OpenMode::kReadWrite),
              StatusIs(kFailedPrecondition));
}

TEST(PosixFileSystem, ASocketInTheFilesPlaceIsRefusedAsAPipeIs) {
  const TempDir dir;
  ASSERT_EQ(mknod((dir / "socket").c_str(), S_IFSOCK | 0600, 0), 0);
  for (const OpenMode mode :
       {OpenMode::kRead, OpenMode::kReadWrite, OpenMode::kOpenOrCreate}) {
    EXPECT_THAT(Files().Open(dir / "socket", mode),
                StatusIs(kFailedPrecondition));
  }
}

TEST(PosixFileSystem, AFullDiskIsTheReasonOfAFailedWrite) {
  const auto full = Files().Open("/dev/full", OpenMode::kReadWrite);
  ASSERT_THAT(full, IsOk());
  const absl::Status status = (*full)->Write(0, "text");
  EXPECT_THAT(status, HasReason(Reason::kDiskFull));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               AllOf(HasSubstr("/dev/full"),
                                     HasSubstr("No space left"))));
}

TEST(PosixFileSystem, TellsHowMuchIsFreeAsTheSystemDoes) {
  const TempDir dir;
  struct statvfs before;
  ASSERT_EQ(statvfs(dir.path().c_str(), &before), 0);
  const auto free = Files().FreeBytes(dir.path());
  ASSERT_THAT(free, IsOk());
  EXPECT_EQ(*free % static_cast<int64_t>(before.f_frsize), 0);
  EXPECT_LE(*free, static_cast<int64_t>(before.f_blocks * before.f_frsize));
  // One without blocks has none that are free.
  EXPECT_THAT(Files().FreeBytes("/proc"), IsOkAndHolds(0));
}

TEST(PosixFileSystem, AReadThatFailsIsTheDisksFault) {
  // The first page of a process is never mapped, and reading it is an EIO.
  const auto memory = Files().Open("/proc/self/mem", OpenMode::kRead);
  ASSERT_THAT(memory, IsOk());
  char into[16];
  EXPECT_THAT((*memory)->Read(0, into), HasReason(Reason::kDiskFailed));
}

TEST(PosixFileSystem, WhatTheSystemForbidsIsPermissionDenied) {
  EXPECT_THAT(Files().RemoveFile("/proc/version"),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       HasSubstr("/proc/version")));
}

TEST(PosixFileSystem, CreatingADirectoryWhereNoneCanBeEnds) {
  EXPECT_THAT(Files().CreateDirectories("/proc/no/such/thing"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(PosixFileSystem, NoDescriptorLeftIsToldFromAFullDisk) {
  const TempDir dir;
  std::ofstream(dir / "file") << "text";
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto file = Files().Open(dir / "file", OpenMode::kRead);
  const auto watch = Files().Watch({{dir.path()}});
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);

  EXPECT_THAT(file, AllOf(HasReason(Reason::kNone),
                          StatusIs(absl::StatusCode::kResourceExhausted,
                                   HasSubstr("ulimit -n"))));
  EXPECT_THAT(watch, StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(PosixFileSystem, NoDescriptorOutlivesAnExec) {
  const TempDir dir;
  const auto file = Files().Open(dir / "file", OpenMode::kCreate);
  const auto lock = Files().Lock(dir / ".lock", "owner");
  const auto watch = Files().Watch({{dir.path()}});
  ASSERT_THAT(watch, IsOk());

  int ours = 0;
  for (const auto& link :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target =
        std::filesystem::read_symlink(link.path(), error).string();
    if (!target.starts_with(dir.path()) && target != "anon_inode:inotify") {
      continue;
    }
    ++ours;
    const int fd = std::stoi(link.path().filename().string());
    EXPECT_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) << target;
  }
  EXPECT_EQ(ours, 3);
}

TEST(PosixFileSystem, AChildThatDiesLetsGoOfItsLock) {
  const TempDir dir;
  const Pipe locked;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto lock = Files().Lock(dir / ".lock", "the child, pid 12345");
    if (!lock.ok()) _exit(1);
    locked.Tell();
    while (true) pause();
  }
  locked.Hear();
  EXPECT_THAT(
      Files().Lock(dir / ".lock", "the parent"),
      AllOf(HasReason(Reason::kLocked),
            StatusIs(kFailedPrecondition, HasSubstr("the child, pid 12345"))));

  KillAndReap(child);
  EXPECT_THAT(Files().Lock(dir / ".lock", "the parent"), IsOk());
}

TEST(PosixFileSystem, AProgramThatTheHolderStartedDoesNotInheritTheLock) {
  const TempDir dir;
  const Pipe to_program;
  const Pipe from_program;
  const pid_t holder = fork();
  ASSERT_GE(holder, 0);
  if (holder == 0) {
    const auto lock = Files().Lock(dir / ".lock", "the holder");
    if (!lock.ok()) _exit(1);
    if (fork() == 0) {
      dup2(to_program.ends[0], STDIN_FILENO);
      dup2(from_program.ends[1], STDOUT_FILENO);
      close(to_program.ends[1]);  // so that our end is the last one
      execl("/bin/cat", "cat", static_cast<char*>(nullptr));
      _exit(1);
    }
    while (true) pause();
  }
  // What comes back went through the program: the exec is done.
  to_program.Tell();
  from_program.Hear();
  EXPECT_THAT(Files().Lock(dir / ".lock", ""), HasReason(Reason::kLocked));

  KillAndReap(holder);
  EXPECT_THAT(Files().Lock(dir / ".lock", "next"), IsOk());
}

TEST(PosixFileSystem, ALockThatIsLetGoIsFreeThoughAForkedChildLives) {
  const TempDir dir;
  auto lock = Files().Lock(dir / ".lock", "the parent");
  ASSERT_THAT(lock, IsOk());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    while (true) pause();
  }
  lock->reset();
  EXPECT_THAT(Files().Lock(dir / ".lock", "again"), IsOk());
  KillAndReap(child);
}

TEST(PosixFileSystem, AHolderThatLocksTheOlderWayIsNamedByItsProcess) {
  // As a Kafka broker does: a record lock, and no word in the file.
  const TempDir dir;
  std::ofstream(dir / ".lock") << "left behind by a crash";
  const Pipe locked;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int fd = open((dir / ".lock").c_str(), O_RDWR);
    struct flock range = {};
    range.l_type = F_WRLCK;
    if (fcntl(fd, F_SETLK, &range) != 0) _exit(1);
    locked.Tell();
    while (true) pause();
  }
  locked.Hear();
  EXPECT_THAT(Files().Lock(dir / ".lock", "ours"),
              AllOf(HasReason(Reason::kLocked),
                    StatusIs(kFailedPrecondition,
                             HasSubstr("pid " + std::to_string(child)))));
  KillAndReap(child);
}

TEST(PosixFileSystem, AFullDiskDoesNotKeepADirectoryShut) {
  // A device like /dev/full takes the lock and refuses the owner's name. One
  // of our own, since nobody else may have locked it.
  const TempDir dir;
  if (mknod((dir / ".lock").c_str(), S_IFCHR | 0600, makedev(1, 7)) != 0) {
    GTEST_SKIP() << "only root makes devices";
  }
  const auto device = open((dir / ".lock").c_str(), O_RDWR | O_CLOEXEC);
  if (device < 0) GTEST_SKIP() << "devices do not open here";
  EXPECT_EQ(write(device, "x", 1), -1);
  EXPECT_EQ(close(device), 0);

  EXPECT_THAT(Files().Lock(dir / ".lock", "owner"), IsOk());
}

TEST(PosixFileSystem, AWholeSyncIsOfTheFileSystemOfItsFileAlone) {
  const TempDir dir;
  std::ofstream(dir / "file") << "text";
  const auto whole = Files().OpenWholeSync(dir / "file");
  ASSERT_THAT(whole, IsOk());
  // There is none on a file system that does not tell of what it lost.
  if (*whole == nullptr) return;
  EXPECT_GT((*whole)->files_min(), 1u);
  EXPECT_TRUE((*whole)->Covers(dir.path()));
  EXPECT_FALSE((*whole)->Covers("/proc"));
  EXPECT_FALSE((*whole)->Covers(dir / "file"));
  EXPECT_FALSE((*whole)->Covers(dir / "missing"));
  EXPECT_THAT((*whole)->Sync(), IsOk());
  EXPECT_THAT((*whole)->Sync(), IsOk());
}

TEST(PosixFileSystem, AWholeSyncIsOfferedOnlyWhereLostWritesAreToldOf) {
  const auto of_proc = Files().OpenWholeSync("/proc/version");
  ASSERT_THAT(of_proc, IsOk());
  EXPECT_EQ(*of_proc, nullptr);
  const TempDir dir;
  EXPECT_THAT(Files().OpenWholeSync(dir / "missing"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(PosixFileSystem, ASignalEndsAWait) {
  struct sigaction before;
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  const TempDir dir;
  const auto watch = Files().Watch({{dir.path()}});
  ASSERT_THAT(watch, IsOk());

  std::atomic<bool> returned = false;
  std::thread waiter([&] {
    EXPECT_THAT((*watch)->Wait(absl::InfiniteDuration()), IsOkAndHolds(false));
    returned = true;
  });
  // One signal might come before the wait begins; one of many does not.
  while (!returned) {
    pthread_kill(waiter.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  waiter.join();
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
}

TEST(PosixFileSystem, PollFindsAWatchReadableWhileThereIsAChangeToTake) {
  const TempDir dir;
  const auto watch = Files().Watch({{dir.path()}});
  ASSERT_THAT(watch, IsOk());
  const auto readable = [&] {
    pollfd fd = {(*watch)->descriptor(), POLLIN, 0};
    return poll(&fd, 1, 0) > 0;
  };
  EXPECT_FALSE(readable());
  std::ofstream(dir / "file") << "text";
  EXPECT_TRUE(readable());
  EXPECT_THAT((*watch)->Wait(absl::ZeroDuration()), IsOkAndHolds(true));
  EXPECT_FALSE(readable());
}

TEST(PosixFileSystem, AnotherProcessesWriteWakesAWatch) {
  const TempDir dir;
  std::ofstream(dir / "file") << "text";
  const auto watch = Files().Watch({{dir.path()}});
  ASSERT_THAT(watch, IsOk());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto file = Files().Open(dir / "file", OpenMode::kReadWrite);
    _exit(file.ok() && (*file)->Write(4, "more").ok() ? 0 : 1);
  }
  EXPECT_THAT((*watch)->Wait(absl::InfiniteDuration()), IsOkAndHolds(true));
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cauce
