#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cauce/errors.h"
#include "cauce/file_system.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/io/file_error.h"
#include "engine/io/lost_writes.h"
#include "engine/io/whole_transfer.h"
#include "fmt/format.h"

namespace cauce {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kPermissionBits = 0777;

// Counted in the child, where nothing else is running yet. It belongs to the
// process and to no file system.
std::atomic<int> forks_until_here = 0;

// One descriptor, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  // An error of close() says nothing that a sync would not have said, and
  // Linux frees the descriptor in any case.
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Repeats a system call that a signal interrupted.
template <class Call>
auto Retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// Most names differ within their first bytes, which are compared as numbers: to
// compare and move ten thousand strings takes longer than to read them.
std::vector<DirectoryEntry> SortedByName(std::vector<DirectoryEntry> entries) {
  struct Key {
    std::array<uint64_t, 2> front;  // big endian, zeros behind a short name
    size_t place;
  };
  std::vector<Key> keys(entries.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string& name = entries[i].name;
    std::array<char, sizeof(Key::front)> front = {};
    name.copy(front.data(), front.size());
    keys[i] = {{LoadBig<uint64_t>(front.data()),
                LoadBig<uint64_t>(front.data() + sizeof(uint64_t))},
               i};
  }
  std::ranges::sort(keys, [&entries](const Key& a, const Key& b) {
    if (a.front != b.front) return a.front < b.front;
    return entries[a.place].name < entries[b.place].name;
  });
  std::vector<DirectoryEntry> sorted;
  sorted.reserve(entries.size());
  for (const Key& key : keys) sorted.push_back(std::move(entries[key.place]));
  return sorted;
}

// Returns the path as the system calls want it, without slashes at its end: a
// link with a slash behind it would be followed.
absl::StatusOr<std::string> SystemPath(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("a path with a zero byte in it");
  }
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

// The directory that holds the name `path`, which ends in no slash.
std::string ParentOf(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  while (slash > 0 && path[slash - 1] == '/') --slash;
  return std::string(path.substr(0, std::max<size_t>(slash, 1)));
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor fd, std::string path, bool writable)
      : fd_(std::move(fd)), path_(std::move(path)), writable_(writable) {}

  using File::Write;

  absl::StatusOr<size_t> Read(int64_t position,
                              std::span<char> into) const override {
    CAUCE_RETURN_IF_ERROR(CheckRange(path_, position, into.size()));
    const Transfer read = ReadWhole(
        [this](std::span<char> rest, int64_t at) {
          return pread(fd_.get(), rest.data(), rest.size(), at);
        },
        position, into);
    if (read.error != 0) return DataError(path_, "read", read.error);
    return read.bytes;
  }

  absl::Status Write(int64_t position,
                     std::span<const std::string_view> parts) override {
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    size_t total = 0;
    for (std::string_view part : parts) total += part.size();
    CAUCE_RETURN_IF_ERROR(CheckRange(path_, position, total));
    // So few bytes are copied together first: that costs less than the system
    // call's own way over several places.
    std::array<char, 4096> gathered;
    std::string_view whole;
    if (parts.size() > 1 && total <= gathered.size()) {
      char* to = gathered.data();
      for (std::string_view part : parts) to += part.copy(to, part.size());
      whole = {gathered.data(), total};
      parts = {&whole, 1};
    }
    const Transfer written = WriteWhole(
        [this](std::span<const std::string_view> rest, int64_t at) {
          if (rest.size() == 1) {
            return pwrite(fd_.get(), rest[0].data(), rest[0].size(), at);
          }
          return WriteSeveral(rest, at);
        },
        position, parts);
    if (written.error != 0) return DataError(path_, "write", written.error);
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (Retry([&] { return fdatasync(fd_.get()); }) < 0) {
      return DataError(path_, "sync", errno);
    }
    return absl::OkStatus();
  }

  absl::Status Truncate(int64_t size) override {
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    CAUCE_RETURN_IF_ERROR(CheckRange(path_, size, 0));
    if (Retry([&] { return ftruncate(fd_.get(), size); }) < 0) {
      return DataError(path_, "truncate", errno);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() const override {
    struct stat info;
    if (fstat(fd_.get(), &info) < 0) return DataError(path_, "stat", errno);
    return info.st_size;
  }

  int64_t NextData(int64_t position) const override {
    // Moves what nobody else goes by: reads and writes say where.
    const off_t found = lseek(fd_.get(), position, SEEK_DATA);
    if (found >= 0) return found;
    return errno == ENXIO ? std::numeric_limits<int64_t>::max() : position;
  }

  absl::Status SetModified(absl::Time modified) override {
    CAUCE_RETURN_IF_ERROR(CheckWritable());
    const std::array<timespec, 2> times = {
        timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
        absl::ToTimespec(modified)};
    if (futimens(fd_.get(), times.data()) < 0) {
      return DataError(path_, "set time of modification", errno);
    }
    return absl::OkStatus();
  }

 private:
  ssize_t WriteSeveral(std::span<const std::string_view> parts, int64_t at) {
    std::array<iovec, kPartsMax> pieces;
    static_assert(kPartsMax <= IOV_MAX);
    for (size_t i = 0; i < parts.size(); ++i) {
      // A write does not change what it is given; iovec cannot say so.
      pieces[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    }
    return pwritev(fd_.get(), pieces.data(), static_cast<int>(parts.size()),
                   at);
  }

  absl::Status CheckWritable() const {
    return writable_ ? absl::OkStatus() : ReadOnlyError(path_);
  }

  const Descriptor fd_;
  const std::string path_;  // as it was opened: for messages
  const bool writable_;
};

struct OpenedFile {
  Descriptor fd;
  bool created = false;
};

absl::Status NotRegular(const std::string& path) {
  return absl::FailedPreconditionError(
      fmt::format("{}: open: is not a regular file", path));
}

// Nobody opens one; a device without a driver fails alike, and is a failure.
bool IsSocket(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

// Tells a file that was made from one that was there, also for kOpenOrCreate:
// only one that was made gets its mode set.
absl::StatusOr<OpenedFile> OpenDescriptor(const std::string& path,
                                          OpenMode mode) {
  // O_NONBLOCK keeps a pipe in the file's place from blocking; regular files
  // do not heed it.
  const int flags = (mode == OpenMode::kRead ? O_RDONLY : O_RDWR) | O_CLOEXEC |
                    O_NOFOLLOW | O_NONBLOCK;
  // Between the two ways to open, another process may make or remove the
  // file; that it does so every time is a fault of its own.
  constexpr int kTries = 8;
  int error = 0;
  for (int i = 0; i < kTries; ++i) {
    if (mode != OpenMode::kCreate) {
      const int fd = Retry([&] { return open(path.c_str(), flags); });
      if (fd >= 0) return OpenedFile{Descriptor(fd), false};
      error = errno;
      if (mode != OpenMode::kOpenOrCreate || error != ENOENT) break;
    }
    const int fd = Retry([&] {
      return open(path.c_str(), flags | O_CREAT | O_EXCL, kFileMode);
    });
    if (fd >= 0) return OpenedFile{Descriptor(fd), true};
    error = errno;
    if (mode != OpenMode::kOpenOrCreate || error != EEXIST) break;
  }
  if (error == ENXIO && IsSocket(path)) return NotRegular(path);
  return NameError(path, "open", error);
}

absl::Time TimeOf(const struct statx_timestamp& time) {
  return absl::FromUnixSeconds(time.tv_sec) + absl::Nanoseconds(time.tv_nsec);
}

// The number of what has a name comes again soon after it is gone: with the
// time at which it was made, where the file system knows that, it does not.
uint64_t IdOf(const struct statx& info) {
  if ((info.stx_mask & STATX_BTIME) == 0) return info.stx_ino;
  const auto born =
      static_cast<uint64_t>(absl::ToUnixNanos(TimeOf(info.stx_btime)));
  // Odd, so that no two numbers meet at one time of birth.
  constexpr uint64_t kMix = 0x9e3779b97f4a7c15;
  return info.stx_ino ^ (born * kMix);
}

absl::StatusOr<Descriptor> OpenFile(const std::string& path, OpenMode mode) {
  CAUCE_ASSIGN_OR_RETURN(OpenedFile opened, OpenDescriptor(path, mode));
  struct stat info;
  if (fstat(opened.fd.get(), &info) < 0) return NameError(path, "stat", errno);
  if (S_ISDIR(info.st_mode)) return NameError(path, "open", EISDIR);
  // Devices pass, so that /dev/full can stand for a full disk.
  if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode)) {
    return NotRegular(path);
  }
  if (opened.created && (info.st_mode & kPermissionBits) != kFileMode &&
      fchmod(opened.fd.get(), kFileMode) < 0) {
    return NameError(path, "chmod", errno);
  }
  return std::move(opened.fd);
}

absl::StatusOr<Descriptor> OpenDirectory(const std::string& path,
                                         std::string_view operation) {
  Descriptor fd(Retry([&] {
    return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }));
  if (fd.get() >= 0) return fd;
  int error = errno;
  // A link is reported as "not a directory": say what it is.
  struct stat info;
  if (error == ENOTDIR && lstat(path.c_str(), &info) == 0 &&
      S_ISLNK(info.st_mode)) {
    error = ELOOP;
  }
  return NameError(path, operation, error);
}

absl::Status SyncDirectoryAt(const std::string& path) {
  CAUCE_ASSIGN_OR_RETURN(const Descriptor fd,
                         OpenDirectory(path, "sync directory"));
  if (Retry([&] { return fsync(fd.get()); }) < 0) {
    return DataError(path, "sync directory", errno);
  }
  return absl::OkStatus();
}

// Returns whether the directory was made; false when it was there already.
absl::StatusOr<bool> MakeDirectory(const std::string& path) {
  struct stat info;
  if (mkdir(path.c_str(), kDirectoryMode) == 0) {
    if (lstat(path.c_str(), &info) == 0 &&
        (info.st_mode & kPermissionBits) != kDirectoryMode &&
        fchmodat(AT_FDCWD, path.c_str(), kDirectoryMode, AT_SYMLINK_NOFOLLOW) <
            0) {
      return NameError(path, "chmod", errno);
    }
    return true;
  }
  const int error = errno;
  if (error == EEXIST && lstat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return false;
    if (S_ISLNK(info.st_mode)) {
      return NameError(path, "create directory", ELOOP);
    }
  }
  return NameError(path, "create directory", error);
}

struct flock WholeFile(short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return range;
}

// Who has the lock that was refused; empty when nobody can tell.
std::string HolderOf(const File& file, int fd) {
  // A holder that locks the older way (a Kafka broker) is known to the system
  // by its process id, and what is in the file is not of its hand.
  struct flock holder = WholeFile(F_WRLCK);
  if (fcntl(fd, F_OFD_GETLK, &holder) == 0 && holder.l_type != F_UNLCK &&
      holder.l_pid > 0) {
    return fmt::format("pid {}", holder.l_pid);
  }
  // A file that cannot be read names nobody; the lock is refused all the same.
  std::string owner(kOwnerBytesMax, ' ');
  owner.resize(file.Read(0, owner).value_or(0));
  return owner;
}

// An open file description's lock: unlike the older kind it excludes other
// opens in this process, and closing some other descriptor of the same file
// does not drop it.
class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor fd) : fd_(std::move(fd)) {}

  ~PosixLock() override {
    // The lock is its parent's, and would go for both.
    if (forks_until_here != forks_) return;
    // The name goes before the lock: a holder that writes none must not be
    // taken for us. That it stays is no harm the next holder would not mend.
    [[maybe_unused]] const int emptied = ftruncate(fd_.get(), 0);
    // Unlocked by hand, since a forked child may still have the descriptor.
    struct flock range = WholeFile(F_UNLCK);
    fcntl(fd_.get(), F_OFD_SETLK, &range);
  }

  int fd() const { return fd_.get(); }

 private:
  const Descriptor fd_;
  const int forks_ = forks_until_here;
};

absl::Status LockError(const std::string& path, int error) {
  const absl::Status status = NameError(path, "lock", error);
  if (error != EINVAL && error != ENOLCK && error != EOPNOTSUPP &&
      error != ENOSYS) {
    return status;
  }
  return absl::FailedPreconditionError(fmt::format(
      "{}; this file system has no locks, keep the directory on one that has",
      MessageOf(status)));
}

class PosixWholeSync final : public WholeSync {
 public:
  // `fd` is of a file: what fails from now on is noted for it.
  PosixWholeSync(Descriptor fd, std::string path, dev_t device)
      : fd_(std::move(fd)), path_(std::move(path)), device_(device) {}

  // One call waits for all that others write there as well: a few files are
  // synced sooner by themselves.
  size_t files_min() const override { return 64; }

  bool Covers(std::string_view directory) const override {
    const auto name = SystemPath(directory);
    struct stat info;
    return name.ok() && lstat(name->c_str(), &info) == 0 &&
           S_ISDIR(info.st_mode) && info.st_dev == device_;
  }

  absl::Status Sync() override {
    MutexLock lock(mutex_);
    if (failure_.ok()) failure_ = SyncAll();
    return failure_;
  }

 private:
  absl::Status SyncAll() const {
    // Where nothing is left for a journal the first may leave what it wrote in
    // the device's cache; the sync of a file never does.
    if (Retry([&] { return syncfs(fd_.get()); }) < 0 ||
        Retry([&] { return fsync(fd_.get()); }) < 0) {
      return DataError(path_, "sync file system", errno);
    }
    // One that has failed may only be read from then on, and then has nothing
    // to sync.
    struct statvfs info;
    if (Retry([&] { return fstatvfs(fd_.get(), &info); }) < 0) {
      return DataError(path_, "sync file system", errno);
    }
    if ((info.f_flag & ST_RDONLY) != 0) {
      return DataError(path_, "sync file system", EROFS);
    }
    return absl::OkStatus();
  }

  const Descriptor fd_;
  const std::string path_;  // as it was opened: for messages
  const dev_t device_;
  Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

class PosixWatch final : public FileWatch {
 public:
  explicit PosixWatch(Descriptor fd) : fd_(std::move(fd)) {}

  absl::Status Add(const std::string& path) {
    constexpr uint32_t kChanges = IN_MODIFY | IN_CREATE | IN_MOVED_TO |
                                  IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE;
    if (inotify_add_watch(fd_.get(), path.c_str(),
                          kChanges | IN_ONLYDIR | IN_DONT_FOLLOW) >= 0) {
      return absl::OkStatus();
    }
    const int error = errno;
    if (error == ENOSPC) {  // of watches, not of disk
      return absl::ResourceExhaustedError(
          fmt::format("{}: watch: no watch is left; raise "
                      "fs.inotify.max_user_watches",
                      path));
    }
    return NameError(path, "watch", error);
  }

  absl::StatusOr<bool> Wait(absl::Duration timeout) override {
    pollfd ready = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const timespec until =
        absl::ToTimespec(std::max(timeout, absl::ZeroDuration()));
    const bool for_ever = timeout == absl::InfiniteDuration();
    const int count = ppoll(&ready, 1, for_ever ? nullptr : &until, nullptr);
    if (count < 0 && errno != EINTR) {
      return NameError("inotify", "wait", errno);
    }
    if (count <= 0) return false;
    return Drain();
  }

  int descriptor() const override { return fd_.get(); }

 private:
  // Takes every event there is; which they were does not matter. Those that
  // are written meanwhile may keep it busy, so it stops after a while: what is
  // left wakes the next Wait.
  absl::StatusOr<bool> Drain() {
    constexpr int kReadsMax = 64;
    alignas(inotify_event) char events[4096];
    bool changed = false;
    for (int i = 0; i < kReadsMax; ++i) {
      const ssize_t got =
          Retry([&] { return read(fd_.get(), events, sizeof events); });
      if (got < 0 && errno == EAGAIN) break;
      if (got < 0) return NameError("inotify", "read", errno);
      changed = true;
    }
    return changed;
  }

  const Descriptor fd_;
};

struct CloseDir {
  void operator()(DIR* directory) const { closedir(directory); }
};

class PosixFiles final : public FileSystem {
 public:
  int OpenFilesMax() const override {
    rlimit limit;
    constexpr rlim_t kMost = std::numeric_limits<int>::max();
    // It cannot fail for a limit that exists; without an answer there is none.
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return static_cast<int>(kMost);
    return static_cast<int>(std::min(limit.rlim_cur, kMost));
  }

  absl::StatusOr<int64_t> FreeBytes(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string name, SystemPath(path));
    struct statvfs info;
    if (Retry([&] { return statvfs(name.c_str(), &info); }) < 0) {
      return NameError(name, "statvfs", errno);
    }
    // Some file systems claim more than a number can say.
    constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
    const uint64_t unit = std::max<uint64_t>(info.f_frsize, 1);
    return static_cast<int64_t>(
        std::min<uint64_t>(info.f_bavail, kMost / unit) * unit);
  }

  int forks() const override { return forks_until_here; }

  absl::StatusOr<std::string> Resolve(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(std::string name, SystemPath(path));
    struct stat info;
    const bool is_link =
        lstat(name.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
    if (!is_link) return name;
    const std::unique_ptr<char, decltype(&std::free)> end(
        realpath(name.c_str(), nullptr), &std::free);
    if (end == nullptr) return NameError(name, "resolve", errno);
    return std::string(end.get());
  }

  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path,
                                             OpenMode mode) override {
    // A file's name has no slash at its end, so none is taken away.
    if (path.size() > 1 && path.ends_with('/')) {
      return NameError(path, "open", EISDIR);
    }
    CAUCE_ASSIGN_OR_RETURN(std::string name, SystemPath(path));
    CAUCE_ASSIGN_OR_RETURN(Descriptor fd, OpenFile(name, mode));
    return std::make_unique<PosixFile>(std::move(fd), std::move(name),
                                       mode != OpenMode::kRead);
  }

  absl::Status CreateDirectories(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(std::string at, SystemPath(path));
    // Up to the first that is there or can be made, then down again.
    std::vector<std::string> missing;
    std::vector<std::string> made;
    bool going_up = true;
    while (true) {
      const absl::StatusOr<bool> is_new = MakeDirectory(at);
      if (is_new.ok()) {
        if (*is_new) made.push_back(at);
        if (missing.empty()) break;
        going_up = false;
        at = std::move(missing.back());
        missing.pop_back();
        continue;
      }
      // What is missing on the way down cannot be made, or was removed by
      // somebody else; and nothing is above the root.
      std::string parent = ParentOf(at);
      if (!absl::IsNotFound(is_new.status()) || !going_up || at.empty() ||
          parent == at) {
        return is_new.status();
      }
      missing.push_back(std::exchange(at, std::move(parent)));
    }
    // A new name is durable only when the directory that holds it is synced.
    // It may be reached through a link, which the dot has followed.
    for (const std::string& name : made) {
      CAUCE_RETURN_IF_ERROR(SyncDirectoryAt(ParentOf(name) + "/."));
    }
    return absl::OkStatus();
  }

  absl::Status CreateDirectory(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string name, SystemPath(path));
    return MakeDirectory(name).status();
  }

  absl::StatusOr<std::vector<DirectoryEntry>> List(
      std::string_view directory) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string path, SystemPath(directory));
    CAUCE_ASSIGN_OR_RETURN(Descriptor fd, OpenDirectory(path, "list"));
    const std::unique_ptr<DIR, CloseDir> stream(fdopendir(fd.get()));
    if (stream == nullptr) return NameError(path, "list", errno);
    const int directory_fd = fd.release();  // the stream closes it now

    std::vector<DirectoryEntry> entries;
    while (true) {
      errno = 0;
      const dirent* entry = readdir(stream.get());
      if (entry == nullptr && errno != 0) return NameError(path, "list", errno);
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      bool is_directory = entry->d_type == DT_DIR;
      if (entry->d_type == DT_UNKNOWN) {  // some file systems do not tell
        struct stat info;
        if (fstatat(directory_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) <
            0) {
          if (errno == ENOENT) continue;  // removed meanwhile
          return NameError(path, "list", errno);
        }
        is_directory = S_ISDIR(info.st_mode);
      }
      entries.push_back({std::string(name), is_directory});
    }
    return SortedByName(std::move(entries));
  }

  absl::StatusOr<FileInfo> Info(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string name, SystemPath(path));
    struct statx info;
    if (statx(AT_FDCWD, name.c_str(), AT_SYMLINK_NOFOLLOW,
              STATX_BASIC_STATS | STATX_BTIME, &info) < 0) {
      return NameError(name, "stat", errno);
    }
    if (S_ISLNK(info.stx_mode)) return NameError(name, "stat", ELOOP);
    const bool is_directory = S_ISDIR(info.stx_mode);
    return FileInfo{
        .bytes = is_directory ? 0 : static_cast<int64_t>(info.stx_size),
        .modified = TimeOf(info.stx_mtime),
        .is_directory = is_directory,
        .id = IdOf(info)};
  }

  absl::Status Rename(std::string_view from, std::string_view to) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string source, SystemPath(from));
    CAUCE_ASSIGN_OR_RETURN(const std::string target, SystemPath(to));
    if (rename(source.c_str(), target.c_str()) == 0) return absl::OkStatus();
    // Some file systems say that a directory in the way "exists", some that it
    // is not empty.
    const int error = errno == EEXIST ? ENOTEMPTY : errno;
    return NameError(source, fmt::format("rename to {}", target), error);
  }

  absl::Status RemoveFile(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string name, SystemPath(path));
    if (unlink(name.c_str()) == 0) return absl::OkStatus();
    return NameError(name, "remove", errno);
  }

  absl::Status RemoveDirectory(std::string_view path) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string name, SystemPath(path));
    if (rmdir(name.c_str()) == 0) return absl::OkStatus();
    const int error = errno == EEXIST ? ENOTEMPTY : errno;
    return NameError(name, "remove directory", error);
  }

  absl::Status SyncDirectory(std::string_view directory) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string path, SystemPath(directory));
    return SyncDirectoryAt(path);
  }

  absl::StatusOr<std::unique_ptr<WholeSync>> OpenWholeSync(
      std::string_view file) override {
    CAUCE_ASSIGN_OR_RETURN(std::string name, SystemPath(file));
    CAUCE_ASSIGN_OR_RETURN(Descriptor fd, OpenFile(name, OpenMode::kRead));
    struct stat info;
    struct statfs holder;
    struct utsname system;
    if (fstat(fd.get(), &info) < 0 ||
        Retry([&] { return fstatfs(fd.get(), &holder); }) < 0 ||
        uname(&system) < 0) {
      return NameError(name, "stat", errno);
    }
    const auto type = static_cast<int64_t>(holder.f_type);
    if (!TellsOfLostWrites(system.release, type)) return nullptr;
    return std::make_unique<PosixWholeSync>(std::move(fd), std::move(name),
                                            info.st_dev);
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(
      std::string_view path, std::string_view owner) override {
    CAUCE_ASSIGN_OR_RETURN(const std::string name, SystemPath(path));
    CAUCE_ASSIGN_OR_RETURN(Descriptor opened,
                           OpenFile(name, OpenMode::kOpenOrCreate));
    // A second descriptor of the same description, to read and write with.
    Descriptor copy(fcntl(opened.get(), F_DUPFD_CLOEXEC, 0));
    if (copy.get() < 0) return NameError(name, "lock", errno);
    const int fd = copy.get();
    PosixFile file(std::move(copy), name, true);

    struct flock range = WholeFile(F_WRLCK);
    if (Retry([&] { return fcntl(opened.get(), F_OFD_SETLK, &range); }) < 0) {
      if (errno != EAGAIN && errno != EACCES) return LockError(name, errno);
      return LockedError(name, HolderOf(file, fd));
    }
    auto lock = std::make_unique<PosixLock>(std::move(opened));
    // Empty, unless the last holder died.
    CAUCE_ASSIGN_OR_RETURN(const int64_t left_behind, file.Size());
    if (left_behind > 0) CAUCE_RETURN_IF_ERROR(file.Truncate(0));
    const absl::Status named = file.Write(0, owner);
    // On a full disk the holder stays nameless: what can make room must still
    // be able to open.
    if (!named.ok() && ReasonOf(named) != Reason::kDiskFull) return named;
    return lock;
  }

  absl::StatusOr<std::unique_ptr<FileWatch>> Watch(
      std::span<const std::string> directories) override {
    Descriptor fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (fd.get() < 0 && errno == EMFILE) {
      return absl::ResourceExhaustedError(
          "watch: no inotify instance is left; raise "
          "fs.inotify.max_user_instances or ulimit -n");
    }
    if (fd.get() < 0) return NameError("inotify", "watch", errno);
    auto watch = std::make_unique<PosixWatch>(std::move(fd));
    for (const std::string& directory : directories) {
      CAUCE_ASSIGN_OR_RETURN(const std::string path, SystemPath(directory));
      CAUCE_RETURN_IF_ERROR(watch->Add(path));
    }
    return watch;
  }
};

}  // namespace

FileSystem* PosixFileSystem() {
  // Never destroyed: a file may outlive every static object.
  static FileSystem* const files = [] {
    // It fails for want of memory alone, in which case nothing else goes on.
    CAUCE_CHECK(pthread_atfork(nullptr, nullptr, [] { ++forks_until_here; }) ==
                0);
    return new PosixFiles;
  }();
  return files;
}

}  // namespace cauce
