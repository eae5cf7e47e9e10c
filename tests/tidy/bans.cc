#include "tests/tidy/bans.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace cauce::tidy {
namespace {

using Names = std::vector<std::string_view>;

// Separated by spaces in the lists below.
Names Words(std::string_view text) {
  Names words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Names Joined(Names some, const Names& others) {
  some.insert(some.end(), others.begin(), others.end());
  return some;
}

constexpr std::string_view kFileHeaders =
    "<aio.h> <dirent.h> <fcntl.h> <filesystem> <fstream> <fts.h> "
    "<ftw.h> <glob.h> <linux/> <poll.h> <sys/epoll.h> <sys/eventfd.h> "
    "<sys/fcntl.h> <sys/file.h> <sys/inotify.h> <sys/ioctl.h> "
    "<sys/mount.h> <sys/poll.h> <sys/resource.h> "
    "<sys/select.h> <sys/sendfile.h> <sys/stat.h> <sys/statfs.h> "
    "<sys/statvfs.h> <sys/syscall.h> <sys/uio.h> <sys/unistd.h> "
    "<sys/vfs.h> <sys/xattr.h> <unistd.h> <utime.h>";

// What reaches a file by its name.
constexpr std::string_view kNamedFiles =
    "access( chdir( chmod( chown( chroot( creat( faccessat( fchmodat( "
    "fchownat( fopen( freopen( fstatat( ftw( glob( link( linkat( lstat( "
    "mkdir( mkdirat( mkdtemp( mkfifo( mknod( mkostemp( mkstemp( nftw( "
    "open( openat( openat2( opendir( readlink( readlinkat( realpath( "
    "remove( rename( renameat( renameat2( rmdir( scandir( stat( statfs( "
    "statvfs( statx( symlink( symlinkat( tmpfile( tmpnam( truncate( "
    "unlink( unlinkat( utime( utimensat( utimes( std::basic_filebuf "
    "std::basic_fstream std::basic_ifstream std::basic_ofstream "
    "std::filebuf std::filesystem std::filesystem:: std::fstream "
    "std::ifstream std::ofstream std::wfilebuf std::wfstream "
    "std::wifstream std::wofstream";

// What else is done to one, or to its descriptor.
constexpr std::string_view kFileCalls =
    "close( closedir( copy_file_range( dup( dup2( dup3( fallocate( "
    "fchmod( fchown( fcntl( fdatasync( fdopen( fdopendir( flock( fread( "
    "fseek( fstat( fstatfs( fstatvfs( fsync( ftruncate( futimens( "
    "inotify_init( inotify_init1( ioctl( lockf( lseek( mmap( "
    "mremap( msync( munmap( pipe( pipe2( posix_fadvise( "
    "posix_fallocate( pread( preadv( preadv2( pwrite( pwritev( "
    "pwritev2( read( readdir( readv( sendfile( splice( sync( "
    "sync_file_range( syncfs( syscall( umask( write( writev(";

constexpr std::string_view kLocks =
    "<absl/synchronization/> <barrier> <condition_variable> <latch> "
    "<mutex> <semaphore.h> <semaphore> <shared_mutex> std::barrier "
    "std::binary_semaphore std::call_once( std::condition_variable "
    "std::condition_variable_any std::counting_semaphore std::latch "
    "std::lock( std::lock_guard std::mutex std::once_flag "
    "std::recursive_mutex std::recursive_timed_mutex std::scoped_lock "
    "std::shared_lock std::shared_mutex std::shared_timed_mutex "
    "std::timed_mutex std::try_lock( std::unique_lock absl::Barrier "
    "absl::BlockingCounter absl::CondVar absl::Mutex absl::MutexLock "
    "absl::Notification absl::ReaderMutexLock absl::WriterMutexLock "
    "mtx_lock( pthread_cond_wait( pthread_mutex_lock( "
    "pthread_rwlock_rdlock( pthread_rwlock_wrlock( sem_wait(";

}  // namespace

std::span<const Ban> Bans() {
  static const Names kLibrary = {"engine", "net", "replication"};
  static const Names kProduct = {"engine", "net", "replication", "tools"};
  static const Names kTools = {"tools"};
  static const Names kProofs = {"tests", "bench"};
  static const Names kEverything = {"engine", "net",   "replication",
                                    "tools",  "tests", "bench"};
  static const Ban kBans[] = {
      {"files",
       kLibrary,
       {"engine/io/posix_file_system.cc", "engine/base/event_descriptor.cc"},
       Joined(Words(kNamedFiles), Words(kFileCalls)),
       "files are reached through FileSystem"},
      {"file-headers",
       kLibrary,
       {"engine/io/posix_file_system.cc", "engine/base/event_descriptor.cc"},
       Words(kFileHeaders),
       "only the system's FileSystem has a use for it"},
      {"pages",
       kLibrary,
       {"engine/base/table_memory.cc"},
       {"<sys/mman.h>", "madvise("},
       "files are not mapped, and a table's memory is TableMemory's"},
      {"named-files",
       kTools,
       {"tools/cli/main.cc"},
       Words(kNamedFiles),
       "a directory's files are reached through the library"},
      {"clock",
       kProduct,
       {"engine/base/clock.cc"},
       {"absl::Now(", "absl::GetCurrentTimeNanos(", "*::now(", "clock_gettime(",
        "gettimeofday(", "timespec_get(", "time(nullptr", "time(NULL", "time(0",
        "time(&"},
       "time comes from a Clock, or as an argument"},
      {"threads",
       kProduct,
       {"engine/base/executor.cc"},
       {"std::async(", "std::jthread", "std::packaged_task",
        "std::shared_future", "std::thread", "pthread_create(", "thrd_create("},
       "work in the background goes to an Executor"},
      {"futures",
       kProduct,
       {"engine/include/cauce/producer.h", "engine/client/local_producer.cc",
        "engine/client/local_producer.h"},
       {"<future>", "std::future", "std::promise"},
       "a Status or a callback says how it ended; futures are for producers"},
      {"chance",
       kProduct,
       {"engine/base/random.cc"},
       {"<sys/random.h>", "std::random_device", "getrandom(", "getentropy(",
        "arc4random(", "rand(", "rand_r(", "srand(", "absl::BitGen",
        "absl::InsecureBitGen"},
       "chance comes from a Random"},
      {"seed",
       kProofs,
       {"tests/testing/seed.h", "tests/testing/seed.cc"},
       {"std::random_device", "getrandom(", "getentropy(", "rand(", "srand(",
        "absl::BitGen", "absl::InsecureBitGen", "time(nullptr"},
       "chance comes from test::Seed, so that a failure can be replayed"},
      {"quiet",
       kLibrary,
       {"engine/base/check.cc"},
       {"<csignal>",        "<cstdio>",       "<stdio.h>",   "<iostream>",
        "<signal.h>",       "<syslog.h>",     "std::cerr",   "std::clog",
        "std::cout",        "dprintf(",       "fmt::print(", "fmt::println(",
        "fprintf(",         "fputc(",         "fputs(",      "fwrite(",
        "perror(",          "printf(",        "putchar(",    "puts(",
        "syslog(",          "vfprintf(",      "vprintf(",    "getenv(",
        "putenv(",          "secure_getenv(", "setenv(",     "unsetenv(",
        "pthread_sigmask(", "sigaction(",     "signal(",     "sigprocmask(",
        "_exit(",           "abort(",         "exit(",       "quick_exit("},
       "the library is a quiet guest: say it with a Status or an event"},
      {"processes",
       kLibrary,
       {},
       {"<spawn.h>", "<sys/wait.h>", "alarm(", "clone(", "execl(", "execlp(",
        "execv(", "execve(", "execvp(", "fork(", "popen(", "posix_spawn(",
        "posix_spawnp(", "setitimer(", "system(", "timer_create(", "vfork("},
       "the library is a quiet guest: it starts no process and no timer"},
      {"locks",
       kProduct,
       {"engine/base/mutex.h"},
       Words(kLocks),
       "use engine/base/mutex.h, which the analyses understand"},
      {"rocksdb",
       kProduct,
       {"engine/store/rocksdb_files.cc", "engine/store/rocksdb_files.h",
        "engine/store/rocksdb_loader.cc", "engine/store/rocksdb_loader.h",
        "engine/store/rocksdb_memory.cc", "engine/store/rocksdb_memory.h",
        "engine/store/rocksdb_store.cc", "engine/store/rocksdb_table.cc",
        "engine/store/rocksdb_table.h", "engine/store/rocksdb_threads.cc",
        "engine/store/rocksdb_threads.h"},
       {"<rocksdb/>", "*rocksdb::"},
       "state stores are reached through StateStore"},
      {"throw", kProduct, {}, {"*throw"}, "errors are values: return a Status"},
      {"using-namespace",
       kEverything,
       {},
       {"*using namespace"},
       "name what you use"},
      {"sleep",
       kEverything,
       {},
       {"*::sleep_for(", "*::sleep_until(", "absl::SleepFor(",
        "clock_nanosleep(", "nanosleep(", "sleep(", "thrd_sleep(", "usleep("},
       "wait for the event itself"},
      {"std-types",
       kProduct,
       {},
       {"absl::Span", "absl::any", "absl::optional", "absl::string_view",
        "absl::variant"},
       "signatures use the std type",
       true},
  };
  return kBans;
}

}  // namespace cauce::tidy
